"""What an operator may do to somebody's login: a few named acts, each with a reason and a record.

Each act writes an OperatorAction and a log line, and an entry in the audit log of every brand that
the person works for. Addresses, passwords and second factors are never set by an operator: they can
only be ended, or asked for anew by a mail to the person.
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

LONGEST_REASON = 500


class OperatorError(ValueError):
    """An operator can't do this to this person."""


class Act(StrEnum):
    """What can be done; the value is what the records call it."""

    END_SESSIONS = "login.sessions_ended"
    REMOVE_SECOND_FACTOR = "login.second_factor_removed"
    SEND_RESET = "login.reset_sent"
    DEACTIVATE = "login.deactivated"
    ACTIVATE = "login.activated"
    MAKE_OPERATOR = "operator.made"


def end_all_sessions(*, user: User, reason: str, by: Actor, now: datetime) -> int:
    """Log a person out everywhere; how many sessions that were."""
    with transaction.atomic():
        ended = delete_sessions(user=user)
        _record(Act.END_SESSIONS, user, reason=reason, by=by, now=now)
    return ended


def remove_second_factor(*, user: User, reason: str, by: Actor, now: datetime) -> None:
    """Take a person's second factors and passkeys away, and log them out everywhere.

    Raises OperatorError for oneself: one's own are changed with the login they belong to.
    """
    _refuse_oneself(user, by)
    with transaction.atomic():
        Authenticator.objects.filter(user=user).delete()
        delete_sessions(user=user)
        _record(Act.REMOVE_SECOND_FACTOR, user, reason=reason, by=by, now=now)


def note_reset_sent(*, user: User, reason: str, by: Actor, now: datetime) -> None:
    """Record that a person is mailed a link to set a new password. Raises OperatorError."""
    if user.email_proven_at is None or not user.is_active:
        raise OperatorError("Only a proven address of somebody who may log in gets a link.")
    with transaction.atomic():
        _record(Act.SEND_RESET, user, reason=reason, by=by, now=now)


def deactivate(*, user: User, reason: str, by: Actor, now: datetime) -> None:
    """Let a person log in no more and end their sessions. Raises OperatorError for oneself."""
    _refuse_oneself(user, by)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=False)
        delete_sessions(user=user)
        _record(Act.DEACTIVATE, user, reason=reason, by=by, now=now)


def activate(*, user: User, reason: str, by: Actor, now: datetime) -> None:
    """Let a person log in again."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=True)
        _record(Act.ACTIVATE, user, reason=reason, by=by, now=now)


def make_operator(*, email: str, by: Actor, now: datetime) -> User:
    """Give operator rights to the person who proves this address.

    Where there is no login, one is made without a password. It opens nothing until
    the person has entered a mailed code and set up a second factor.
    """
    with transaction.atomic():
        address = email.strip().lower()
        user = User.objects.select_for_update().filter(email=address).first()
        user = user or User.objects.create_user(address, joined_at=now)
        if user.email_proven_at is None:  # whoever made this login is not known
            user.set_unusable_password()
            Authenticator.objects.filter(user=user).delete()
        user.is_staff = True
        user.save(update_fields=["is_staff", "password"])
        delete_sessions(user=user)
        _record(Act.MAKE_OPERATOR, user, reason="", by=by, now=now)
    return user


def _refuse_oneself(user: User, by: Actor) -> None:
    if by.user_id == user.pk:
        raise OperatorError("Nobody does this to their own login.")


def _record(act: Act, user: User, *, reason: str, by: Actor, now: datetime) -> None:
    OperatorAction.objects.create(
        at=now,
        operator=by.label[:200],
        action=act.value,
        target=Reference.to(user),
        address=user.email,
        reason=reason.strip()[:LONGEST_REASON],
    )
    for place in brands_of(user):
        with acting_for(place.brand):
            audit.record(
                action=act.value,
                target=Staff.objects.get(user=user),
                by=Actor.system("operator"),
                now=now,
                email=user.email,
            )
    logger.warning("operator action=%s target=%s by=%s", act.value, Reference.to(user), by.user_id)
