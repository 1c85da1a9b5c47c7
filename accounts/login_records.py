"""Record logins, second factors and passwords as allauth reports them, and end sessions.

allauth's adapter reports logins and failed logins. It reports changes of second factors and
passwords only by signals, so this module receives allauth's signals, and no others. Wrong mailed
codes are recorded in affiliates.code_login.
"""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account_signals
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from accounts.audit_log.security_log import log_event, record_event
from accounts.code_limits import Counted, count_try, counted_password, uncount_try
from accounts.known_browsers import known_as, remember
from accounts.login_failures import record_failure
from accounts.models import FailureReason, Session, User
from accounts.sessions import SessionStore, delete_sessions, is_ended, lock_logins
from accounts.totp_codes import use_up_codes_until
from core.clients import network_of

FACTOR_NAMES = {
    Authenticator.Type.TOTP: "an authenticator app",
    Authenticator.Type.WEBAUTHN: "a passkey or security key",
    Authenticator.Type.RECOVERY_CODES: "recovery codes",
}
METHOD_NAMES = {
    "code": "a mailed code",
    "one_time_link": "a one-time link",
    "invitation": "an invitation",
    "password": "a password",  # pragma: allowlist secret
    "password_reset": "a new password",  # pragma: allowlist secret
}


class RecordedLogins(DefaultAccountAdapter):
    """The part of the account adapter that keeps records."""

    @transaction.atomic
    def login(self, request: HttpRequest, user: User) -> None:
        """Begin a session, always with a new key.

        If the session was ended while it waited for the second factor, no session begins.
        """
        lock_logins(user.pk)
        if is_ended(request.session):
            request.session.flush()
            raise ImmediateHttpResponse(redirect("account_login"))
        was_logged_in = SESSION_KEY in request.session
        super().login(request, user)
        if was_logged_in:
            request.session.cycle_key()
        if isinstance(request.session, SessionStore):
            request.session.begin(
                user_id=user.pk,
                agent=request.headers.get("User-Agent", ""),
                network=network_of(request),
                now=timezone.now(),
            )

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponseBase:
        record_event(
            action="login.done",
            user=user,
            now=timezone.now(),
            network=network_of(request),
            ways=login_methods(request, user),
        )
        response: HttpResponseBase = super().post_login(request, user, **kwargs)
        remember(request, response, address=user.email)
        return response

    def logout(self, request: HttpRequest) -> None:
        if isinstance(request.user, User):
            log_event("login.ended", user=request.user, network=network_of(request))
        super().logout(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse to check a password after too many wrong ones. Raises ValidationError.

        The try is counted before the check, so that simultaneous tries are limited too. allauth's
        own limit is off: it counts in the cache, so without the cache it limits nobody.
        """
        address = credentials.get("email", "")
        self._counted, self._counted_at = _counted_password(request, address), timezone.now()
        if count_try(self._counted, now=self._counted_at):
            _failed(request, address, FailureReason.TOO_MANY)
            raise self.validation_error("too_many_login_attempts")
        super().pre_authenticate(request, **credentials)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is not None:  # only wrong passwords count
            uncount_try(self._counted, now=self._counted_at)
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        _failed(request, credentials.get("email", ""), FailureReason.PASSWORD)


def login_methods(request: HttpRequest, user: User) -> str:
    """How somebody authenticated in this session: "a password, an authenticator app"."""
    names = []
    for record in get_authentication_records(request, user):
        if record.get("method") == "mfa":
            names.append(FACTOR_NAMES.get(record.get("type"), "a second factor"))
        else:
            names.append(METHOD_NAMES.get(record.get("method", ""), str(record.get("method", ""))))
    return ", ".join(dict.fromkeys(names))


def listen() -> None:
    """Connect the signals. Called once, when Django has loaded the app."""
    mfa_signals.authenticator_added.connect(_factor_added, dispatch_uid=__name__)
    mfa_signals.authenticator_removed.connect(_factor_removed, dispatch_uid=__name__)
    mfa_signals.authenticator_reset.connect(_codes_made, dispatch_uid=__name__)
    mfa_signals.authentication_failed.connect(_factor_failed, dispatch_uid=__name__)
    account_signals.password_changed.connect(_password_changed, dispatch_uid=__name__)
    account_signals.password_set.connect(_password_changed, dispatch_uid=__name__)
    account_signals.password_reset.connect(_password_reset, dispatch_uid=__name__)


def _factor_added(
    *, request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any
) -> None:
    """Adding a second factor counts as using it: its first code or signature was checked."""
    request.session.cycle_key()
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        kind = {"type": authenticator.type, "id": authenticator.pk}
        record_authentication(request, user, method="mfa", **kind)
    if authenticator.type == Authenticator.Type.TOTP:
        use_up_codes_until(authenticator=authenticator, now=timezone.now())
    _record("second_factor.added", request, user, factor=FACTOR_NAMES[authenticator.type])


def _factor_removed(
    *, request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any
) -> None:
    _record("second_factor.removed", request, user, factor=FACTOR_NAMES[authenticator.type])


def _codes_made(*, request: HttpRequest, user: User, **_more: Any) -> None:
    _record("recovery_codes.made", request, user)


def _factor_failed(*, request: HttpRequest, user: User, **_more: Any) -> None:
    _failed(request, user.email, FailureReason.SECOND_FACTOR)


def _password_changed(*, request: HttpRequest, user: User, **_more: Any) -> None:
    """End all other sessions: they may belong to somebody who knew the old password."""
    ended = delete_sessions(user=user, except_key=request.session.session_key)
    _record("password.changed", request, user, ended=ended)


def _password_reset(*, request: HttpRequest, user: User, **_more: Any) -> None:
    """End every session, and every login that waits for its second factor, this one too."""
    own = Session.objects.filter(user=user, session_key=request.session.session_key)
    ended = delete_sessions(user=user, except_key=request.session.session_key) + own.count()
    if own.exists():
        request.session.flush()
    _record("password.reset", request, user, ended=ended)


def _record(action: str, request: HttpRequest, user: User, **facts: Any) -> None:
    record_event(action=action, user=user, now=timezone.now(), network=network_of(request), **facts)


def _counted_password(request: HttpRequest, address: str) -> Counted:
    """The limits that count this try; a logged-in person who confirms their login has their own."""
    address = address.strip().lower()
    user = request.user
    is_own = isinstance(user, User) and user.email == address
    known = f"user {user.pk}" if is_own else known_as(request, address)
    return counted_password(known_as=known, network=network_of(request), address=address)


def _failed(request: HttpRequest, address: str, reason: FailureReason) -> None:
    record_failure(address=address, reason=reason, network=network_of(request), now=timezone.now())
