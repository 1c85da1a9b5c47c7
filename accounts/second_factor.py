"""Second factors: which users have one, whether a session used it, and brands that require it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.http import HttpRequest

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.models import Brand, User

# Session key: the page that somebody opened before they had to set up a second factor.
WANTED_PAGE = "page_after_second_factor"
# Recovery codes replace one of these when it is lost; alone they are not a second factor.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class SecondFactorError(ValueError):
    """The brand can't require a second factor, and why."""


def users_with_second_factor(user_ids: Iterable[int]) -> set[int]:
    """The users among these who have set up a second factor."""
    found = Authenticator.objects.filter(user_id__in=list(user_ids), type__in=FACTORS)
    return set(found.values_list("user_id", flat=True))


def has_second_factor(user: User) -> bool:
    return bool(users_with_second_factor([user.pk]))


def has_used_second_factor(request: HttpRequest, user: User) -> bool:
    """Whether this session used a second factor, and the user still has one."""
    return used_second_factor(request, user) and has_second_factor(user)


def remember_wanted_page(request: HttpRequest) -> None:
    """Remember the page that was opened, to return to it once a second factor is set up."""
    if request.method == "GET":
        request.session[WANTED_PAGE] = request.get_full_path()


def forget_wanted_page(request: HttpRequest) -> None:
    """Forget the remembered page when it is opened."""
    if request.session.get(WANTED_PAGE) == request.get_full_path():
        del request.session[WANTED_PAGE]


@dataclass(frozen=True, slots=True)
class Factors:
    """The second factors of a user."""

    has_app: bool
    keys: int  # passkeys and security keys
    recovery_codes_left: int

    def __bool__(self) -> bool:
        return self.has_app or self.keys > 0


def factors_of(user: User) -> Factors:
    """The second factors that the user has set up."""
    rows = list(Authenticator.objects.filter(user=user))
    types = [row.type for row in rows]
    codes = [row for row in rows if row.type == Authenticator.Type.RECOVERY_CODES]
    return Factors(
        has_app=Authenticator.Type.TOTP in types,
        keys=types.count(Authenticator.Type.WEBAUTHN),
        recovery_codes_left=sum(len(row.wrap().get_unused_codes()) for row in codes),
    )


def used_second_factor(request: HttpRequest, user: User) -> bool:
    """Whether this session logged in with a second factor, or confirmed it later.

    A mailed code, a one-time link or a password alone is not enough. A passkey that replaces the
    password is enough: it needs the device and its owner.
    """
    records = get_authentication_records(request, user)
    return any(record.get("method") == "mfa" for record in records)


@transaction.atomic
def set_second_factor_required(
    *, brand: Brand, is_required: bool, user: User, used_one: bool, by: Actor, now: datetime
) -> Brand:
    """Require a second factor for all the brand's staff, or stop requiring it, from now on.

    `user` must have a second factor and have used it in this session, so that nobody locks
    themselves out. Raises SecondFactorError.
    """
    row = Brand.objects.select_for_update().get(pk=brand.pk)
    if row.requires_second_factor == is_required:
        return row
    if is_required and not has_second_factor(user):
        raise SecondFactorError("Set up a second factor of your own first.")
    if is_required and not used_one:
        raise SecondFactorError("Confirm it's you with your own second factor first.")
    row.requires_second_factor = is_required
    row.save(update_fields=["requires_second_factor"])
    action = "required" if is_required else "no_longer_required"
    audit.record(action=f"brand.second_factor_{action}", target=row, by=by, now=now)
    return row
