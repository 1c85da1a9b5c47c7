"""The brands that one person belongs to, as each brand knows them. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from accounts.models import Brand
from affiliates.models import Creator, Member
from core.tenancy import across_brands
from notifications.erased import forms_of
from notifications.models import Suppression


@dataclass(frozen=True, slots=True)
class Membership:
    """A brand that a creator belongs to, as the brand knows them. `reason` says why it sends them
    no mail; empty when it does.
    """

    member: Member
    brand: Brand
    reason: str


def memberships_of(creator: Creator) -> list[Membership]:
    """The brands of a creator by name, with whether each may write to them, in two queries."""
    with across_brands(reason="a creator sees and settles their own affairs in every brand"):
        members = list(
            Member.objects.filter(creator=creator)
            .select_related("brand")
            .order_by("brand__name", "pk")
        )
        silent = {
            (row.brand_id, row.address): row.reason
            for row in Suppression.objects.filter(
                brand__in=[member.brand_id for member in members],
                address__in=[form for member in members for form in forms_of(member.email)],
            )
        }
    return [Membership(row, row.brand, _reason(row, silent)) for row in members]


def _reason(member: Member, silent: Mapping[tuple[int, str], str]) -> str:
    """Why the brand sends nothing to the address that it has for the member, if it does not."""
    found = (silent.get((member.brand_id, form), "") for form in forms_of(member.email))
    return next(filter(None, found), "")


def zone_of(creator: Creator) -> ZoneInfo:
    """The time zone to show a creator's own times in: their first brand's, else UTC."""
    first = next(iter(memberships_of(creator)), None)
    return first.brand.zone if first else ZoneInfo("UTC")
