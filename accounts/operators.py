"""What an operator may do to somebody's login: a few named actions, each with a reason.

Each action writes an OperatorAction, a log line, and an entry in the audit log of every brand that
the person works for. Operators never set addresses, passwords or second factors: they can only
remove them, or mail the person a link to set a new password.
"""

from __future__ import annotations

import logging
from datetime import datetime
from enum import StrEnum

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.models import OperatorAction, Staff, User
from accounts.selectors import brands_of
from accounts.sessions import delete_sessions
from core.references import Reference
from core.tenancy import acting_for

logger = logging.getLogger(__name__)

MAX_REASON_LENGTH = 500


class OperatorError(ValueError):
    """An operator can't do this to this person."""


class OperatorActionName(StrEnum):
    """The actions; the value is the name in the records."""

    END_SESSIONS = "login.sessions_ended"
    REMOVE_SECOND_FACTOR = "login.second_factor_removed"
    SEND_RESET = "login.reset_sent"
    DEACTIVATE = "login.deactivated"
    ACTIVATE = "login.activated"
    MAKE_OPERATOR = "operator.made"


def end_all_sessions(*, user: User, reason: str, by: Actor, now: datetime) -> int:
    """Log a person out everywhere; returns the number of sessions."""
    with transaction.atomic():
        ended = delete_sessions(user=user)
        _record(OperatorActionName.END_SESSIONS, user, reason=reason, by=by, now=now)
    return ended


def remove_second_factor(*, user: User, reason: str, by: Actor, now: datetime) -> None:
    """Remove a person's second factors and passkeys, and log them out everywhere.

    Raises OperatorError for the operator's own login.
    """
    _refuse_own_login(user, by)
    with transaction.atomic():
        Authenticator.objects.filter(user=user).delete()
        delete_sessions(user=user)
        _record(OperatorActionName.REMOVE_SECOND_FACTOR, user, reason=reason, by=by, now=now)


def record_reset_sent(*, user: User, reason: str, by: Actor, now: datetime) -> None:
    """Record that a person was mailed a link to set a new password. Raises OperatorError."""
    if user.email_proven_at is None or not user.is_active:
        raise OperatorError("A link can be sent only to a proven address of an active login.")
    with transaction.atomic():
        _record(OperatorActionName.SEND_RESET, user, reason=reason, by=by, now=now)


def deactivate_login(*, user: User, reason: str, by: Actor, now: datetime) -> None:
    """Deactivate a login and end its sessions. Raises OperatorError for the operator's own."""
    _refuse_own_login(user, by)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=False)
        delete_sessions(user=user)
        _record(OperatorActionName.DEACTIVATE, user, reason=reason, by=by, now=now)


def activate_login(*, user: User, reason: str, by: Actor, now: datetime) -> None:
    """Activate a login again."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=True)
        _record(OperatorActionName.ACTIVATE, user, reason=reason, by=by, now=now)


def make_operator(*, email: str, by: Actor, now: datetime) -> User:
    """Give operator rights to the person who proves this address.

    If there is no login, one is made without a password. It gives no access until the person has
    entered a mailed code and set up a second factor.
    """
    with transaction.atomic():
        address = email.strip().lower()
        user = User.objects.select_for_update().filter(email=address).first()
        user = user or User.objects.create_user(address, joined_at=now)
        if user.email_proven_at is None:  # anybody may have made this login
            user.set_unusable_password()
            Authenticator.objects.filter(user=user).delete()
        user.is_staff = True
        user.save(update_fields=["is_staff", "password"])
        delete_sessions(user=user)
        _record(OperatorActionName.MAKE_OPERATOR, user, reason="", by=by, now=now)
    return user


def _refuse_own_login(user: User, by: Actor) -> None:
    if by.user_id == user.pk:
        raise OperatorError("You can't do this to your own login.")


def _record(
    action: OperatorActionName, user: User, *, reason: str, by: Actor, now: datetime
) -> None:
    OperatorAction.objects.create(
        at=now,
        operator=by.label[:200],
        action=action.value,
        target=Reference.to(user),
        address=user.email,
        reason=reason.strip()[:MAX_REASON_LENGTH],
    )
    for role in brands_of(user):
        with acting_for(role.brand):
            audit.record(
                action=action.value,
                target=Staff.objects.get(user=user),
                by=Actor.system("operator"),
                now=now,
                email=user.email,
            )
    logger.warning(
        "operator action=%s target=%s by=%s", action.value, Reference.to(user), by.user_id
    )
