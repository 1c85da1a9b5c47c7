"""Record that a session is in use, on every page that needs a login.

Pages that show recovery codes are recorded here too, because allauth sends no signal for them.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from accounts.audit_log.security_log import record_event
from accounts.models import User
from accounts.sessions import record_use
from core.clients import agent_of, network_of

RECOVERY_CODES = {"mfa_view_recovery_codes", "mfa_download_recovery_codes"}
GetResponse = Callable[[HttpRequest], HttpResponseBase]


def note_session_use(get_response: GetResponse) -> GetResponse:
    """Middleware: renew a session that the page has read. It comes after Django's own two.

    A page without a login reads no session, so it costs nothing there.
    """

    def respond(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        session = request.session
        if session.accessed and SESSION_KEY in session:
            record_use(
                session,
                agent=agent_of(request),
                network=network_of(request),
                now=timezone.now(),
            )
            if response.status_code == HTTPStatus.OK:
                _record_shown_codes(request)
        return response

    return respond


def _record_shown_codes(request: HttpRequest) -> None:
    page = request.resolver_match.url_name if request.resolver_match else ""
    if page in RECOVERY_CODES and isinstance(request.user, User):
        record_event(
            action="recovery_codes.viewed",
            user=request.user,
            now=timezone.now(),
            network=network_of(request),
        )
