"""Note that a session is in use, for every page that somebody has logged in to see."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from accounts.sessions import note_use
from portal.creator.client import agent_of, network_of

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def note_session_use(get_response: GetResponse) -> GetResponse:
    """Middleware: renew the session that a page has read. It stands inside Django's own two.

    A page that asks nobody who they are reads no session, so it costs nothing there.
    """

    def respond(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        session = request.session
        if session.accessed and SESSION_KEY in session:
            note_use(
                session,
                agent=agent_of(request),
                network=network_of(request),
                now=timezone.now(),
            )
        return response

    return respond
