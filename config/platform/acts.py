"""The acts of an operator, as the pages name them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone

from accounts import operators
from accounts.actors import Actor
from accounts.models import User
from accounts.password_reset import send_reset_link
from core.transactional_mail import TransactionalMailError


def _end_sessions(*, user: User, reason: str, by: Actor, request: HttpRequest) -> None:
    operators.end_all_sessions(user=user, reason=reason, by=by, now=timezone.now())


def _remove_second_factor(*, user: User, reason: str, by: Actor, request: HttpRequest) -> None:
    operators.remove_second_factor(user=user, reason=reason, by=by, now=timezone.now())


def _send_reset(*, user: User, reason: str, by: Actor, request: HttpRequest) -> None:
    """Recorded first: a mail that can't go out is an act too. Raises OperatorError for one."""
    operators.record_reset_sent(user=user, reason=reason, by=by, now=timezone.now())
    try:
        send_reset_link(user=user)
    except TransactionalMailError as error:
        raise operators.OperatorError("The mail could not be sent. Try again later.") from error


def _deactivate(*, user: User, reason: str, by: Actor, request: HttpRequest) -> None:
    operators.deactivate_login(user=user, reason=reason, by=by, now=timezone.now())


def _activate(*, user: User, reason: str, by: Actor, request: HttpRequest) -> None:
    operators.activate_login(user=user, reason=reason, by=by, now=timezone.now())


@dataclass(frozen=True, slots=True)
class OperatorAct:
    """`done` begins what is said afterwards: "Sent a link to ines@…"."""

    slug: str
    label: str
    warning: str
    done: str
    do: Callable[..., None]


ACTS = {
    act.slug: act
    for act in (
        OperatorAct(
            "end-sessions",
            "End all sessions",
            "They are logged out everywhere and have to log in again.",
            "Ended every session of",
            _end_sessions,
        ),
        OperatorAct(
            "remove-second-factor",
            "Remove second factor",
            "Their authenticator app, security keys, passkeys and recovery codes are removed, and"
            " they are logged out everywhere. Make sure that the request comes from them.",
            "Removed the second factor of",
            _remove_second_factor,
        ),
        OperatorAct(
            "send-reset",
            "Send a link to set a password",
            "The link goes to their own proven address. You don't see it.",
            "Sent a link to",
            _send_reset,
        ),
        OperatorAct(
            "deactivate",
            "Deactivate",
            "They are logged out everywhere and can't log in again until somebody activates them.",
            "Deactivated",
            _deactivate,
        ),
        OperatorAct("activate", "Activate", "They can log in again.", "Activated", _activate),
    )
}
