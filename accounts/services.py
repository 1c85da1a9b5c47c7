"""Change brands and staff. A brand is made in accounts.brands."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.models import CLICK_MONTHS, Brand, Role, Staff, User
from accounts.proven_addresses import has_proven_address
from core.colour import parse as parse_colour
from core.text import lines_of
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
    postal_address: str | None = None,
    sends_items_automatically: bool | None = None,
    minimum_payout_minor: int | None = None,
    clicks_kept_months: int | None = None,
    seen_version: int | None = None,
) -> Brand:
    """Change the brand's appearance and, if given, its postal address, automatic sending, minimum
    payment and how many months clicks are kept.

    `tracking.orders.brand_basics` changes its currency and time zone. Raises BrandError, and
    core.versions.ChangedMeanwhileError when it is not at `seen_version`.
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
    wanted: dict[str, str | bool | int | None] = {
        "name": name.strip(),
        "accent": accent.lower(),
        "sender_name": sender_name.strip(),
        "reply_to": reply_to.strip(),
        "postal_address": None if postal_address is None else "\n".join(lines_of(postal_address)),
        "sends_items_automatically": sends_items_automatically,
        "minimum_payout_minor": minimum_payout_minor,
        "clicks_kept_months": clicks_kept_months,
    }
    fewest, most = CLICK_MONTHS
    if clicks_kept_months is not None and not fewest <= clicks_kept_months <= most:
        raise BrandError("clicks_kept_months", f"clicks are kept for {fewest} to {most} months")
    changed = {
        field: value
        for field, value in wanted.items()
        if value is not None and getattr(row, field) != value
    }
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
