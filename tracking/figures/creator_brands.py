"""The brands of one creator, with their member row in each. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from accounts.models import Brand
from affiliates.models import Creator, Member
from core.kept_queries import kept_query
from core.tenancy import across_brands
from notifications.erased import forms_of
from notifications.models import Suppression


@dataclass(frozen=True, slots=True)
class Membership:
    """A creator's member row in one brand. `reason` says why the brand can't mail them."""

    member: Member
    brand: Brand
    reason: str


def memberships_of(creator: Creator) -> list[Membership]:
    """Return the creator's memberships by brand name, in two queries."""
    with across_brands(reason="a creator sees and settles their own affairs in every brand"):
        members = _members(creator_id=creator.pk)
        silent = {
            (row.brand_id, row.address): row.reason
            for row in _silent(
                brand_ids=[member.brand_id for member in members],
                addresses=[form for member in members for form in forms_of(member.email)],
            )
        }
    return [Membership(row, row.brand, _reason(row, silent)) for row in members]


@kept_query
def _members(*, creator_id: int) -> QuerySet[Member]:
    found = Member.objects.filter(creator=creator_id).select_related("brand")
    return found.order_by("brand__name", "pk")


@kept_query
def _silent(*, brand_ids: list[int], addresses: list[str]) -> QuerySet[Suppression]:
    return Suppression.objects.filter(brand__in=brand_ids, address__in=addresses)


def _reason(member: Member, silent: Mapping[tuple[int, str], str]) -> str:
    """Return why the brand can't mail the member; "" when it can."""
    found = (silent.get((member.brand_id, form), "") for form in forms_of(member.email))
    return next(filter(None, found), "")


def zone_of(creator: Creator) -> ZoneInfo:
    """Return the time zone of a creator's pages: that of their first brand, else UTC."""
    first = next(iter(memberships_of(creator)), None)
    return first.brand.zone if first else ZoneInfo("UTC")
