"""Change brands, staff and API keys. A brand is made in accounts.brands."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.models import ApiKey, Brand, Role, Staff, User
from accounts.proven_addresses import has_proven_address
from core.colour import parse as parse_colour
from core.kept_queries import kept_query
from core.tenancy import across_brands, acting_for
from core.versions import check_version


class BrandError(ValueError):
    """A brand can't have these values; `field` says what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class StaffError(ValueError):
    """A role can't be given or taken; `field` says what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class KeyRefusedError(Exception):
    """The API key is malformed, unknown or revoked; all three get the same response.

    Where it is known which key was meant, `key` is that, and the message says what is wrong: this
    is for the staff of its brand.
    """

    def __init__(self, message: str = "", *, key: ApiKey | None = None) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, slots=True)
class NewApiKey:
    key: ApiKey
    secret: str  # shown once, never stored


@transaction.atomic
def give_role(*, user: User, role: Role, by: Actor, now: datetime) -> Staff:
    """Give a person whose address is proven a role in the brand acted for.

    If the person has a role already, it is changed (`change_staff_role`). Raises StaffError for an
    unproven address: invite that person instead (accounts.invitations).
    """
    if not has_proven_address(user):
        raise StaffError("email", f"{user.email} is not proven: invite that address")
    staff, created = Staff.objects.get_or_create(user=user, defaults={"role": role, "since": now})
    if not created:
        return change_staff_role(staff=staff, role=role, by=by, now=now)
    audit.record(action="staff.role_given", target=staff, by=by, now=now, role=role.value)
    return staff


@transaction.atomic
def change_staff_role(*, staff: Staff, role: Role, by: Actor, now: datetime) -> Staff:
    """Give a member of staff another role.

    Raises StaffError when no owner would be left, and if their address is unproven.
    """
    row = _locked_staff(staff)
    if row.role == role:
        return row
    if not has_proven_address(row.user):
        raise StaffError("role", f"{row.user.email} is not proven: they have to log in once first")
    if role != Role.OWNER:
        _check_owner_left(row)
    before, row.role = row.role, role
    row.save(update_fields=["role"])
    audit.record(
        action="staff.role_given", target=row, by=by, now=now, role=role.value, before=before
    )
    return row


@transaction.atomic
def remove_staff(*, staff: Staff, by: Actor, now: datetime) -> None:
    """Take a person's role in the brand away. Raises StaffError when no owner would be left."""
    row = _locked_staff(staff)
    _check_owner_left(row)
    audit.record(
        action="staff.removed", target=row, by=by, now=now, email=row.user.email, role=row.role
    )
    row.delete()


@transaction.atomic
def change_brand(
    *,
    brand: Brand,
    name: str,
    accent: str,
    sender_name: str,
    reply_to: str,
    by: Actor,
    now: datetime,
    sends_items_automatically: bool | None = None,
    minimum_payout_minor: int | None = None,
    seen_version: int | None = None,
) -> Brand:
    """Change the brand's appearance and, if given, its automatic sending and minimum payment.

    Its currency and time zone are fixed. Raises BrandError, and core.versions.ChangedMeanwhileError
    when it is not at `seen_version`.
    """
    if not name.strip():
        raise BrandError("name", "a brand needs a name")
    if accent:
        try:
            parse_colour(accent)
        except ValueError as error:
            raise BrandError("accent", "a colour is # and six digits, such as #007a85") from error
    row = Brand.objects.select_for_update().get(pk=brand.pk)
    check_version(row, seen_version)
    wanted: dict[str, str | bool | int] = {
        "name": name.strip(),
        "accent": accent.lower(),
        "sender_name": sender_name.strip(),
        "reply_to": reply_to.strip(),
    }
    if sends_items_automatically is not None:
        wanted["sends_items_automatically"] = sends_items_automatically
    if minimum_payout_minor is not None:
        wanted["minimum_payout_minor"] = minimum_payout_minor
    changed = {field: value for field, value in wanted.items() if getattr(row, field) != value}
    for field, value in changed.items():
        setattr(row, field, value)
    if changed:
        row.version += 1
        row.save(update_fields=[*changed, "version"])
        audit.record(action="brand.changed", target=row, by=by, now=now, **changed)
    return row


def _locked_staff(staff: Staff) -> Staff:
    """The current row, with the brand locked, so that two owners can't remove each other."""
    Brand.objects.select_for_update().get(pk=staff.brand_id)
    return Staff.objects.select_related("user").get(pk=staff.pk)


def _check_owner_left(leaving: Staff) -> None:
    if leaving.role != Role.OWNER:
        return
    if not Staff.objects.filter(role=Role.OWNER).exclude(pk=leaving.pk).exists():
        raise StaffError("role", "a brand needs an owner: make someone else one first")


@transaction.atomic
def create_api_key(*, label: str, by: Actor, now: datetime) -> NewApiKey:
    """Make a key for a shop of the brand acted for: trb_<prefix>_<secret>."""
    prefix = secrets.token_hex(6)
    secret = f"trb_{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(label=label, prefix=prefix, digest=_digest(secret), created_at=now)
    audit.record(action="api_key.created", target=key, by=by, now=now, label=label)
    return NewApiKey(key=key, secret=secret)


@transaction.atomic
def revoke_api_key(*, key: ApiKey, by: Actor, now: datetime) -> None:
    """Revoke a key, from now on."""
    changed = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)
    if changed:
        audit.record(action="api_key.revoked", target=key, by=by, now=now)


def authenticate_api_key(*, secret: str, now: datetime) -> ApiKey:
    """The live key behind `secret`. Raises KeyRefusedError."""
    parts = secret.split("_", 2)
    if len(parts) != 3 or parts[0] != "trb" or not parts[1].isalnum():
        raise KeyRefusedError
    with across_brands(reason="an API key names its brand"):
        key: ApiKey | None = next(iter(_api_key(prefix=parts[1])), None)
    if key is None:
        raise KeyRefusedError
    if not secrets.compare_digest(key.digest, _digest(secret)):
        said = f"The key begins like that of {key.label}, and goes on differently: copy it whole."
        raise KeyRefusedError(said, key=key)
    if key.is_revoked:
        raise KeyRefusedError(f"The key of {key.label} was revoked. Make a new one.", key=key)
    if key.last_used_at is None or (now - key.last_used_at).total_seconds() > 60:
        with acting_for(key.brand):
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


@kept_query
def _api_key(*, prefix: str) -> QuerySet[ApiKey]:
    return ApiKey.objects.select_related("brand").filter(prefix=prefix)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
