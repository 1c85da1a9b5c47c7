"""Post to the ledger and read balances from it. Amounts are minor units, positive to the member."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BigIntegerField, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from offers.models import Enrollment
from payouts.models import EARNED_KINDS, EntryKind, LedgerEntry, PayoutItem


@dataclass(frozen=True, slots=True)
class Balance:
    """One enrollment's money. `due` may be paid now, `held` waits out its hold.

    commission + adjustment = due + held + on_the_way + paid, always.
    """

    earned_minor: int = 0
    due_minor: int = 0
    held_minor: int = 0
    on_the_way_minor: int = 0
    paid_minor: int = 0

    def __add__(self, other: Balance) -> Balance:
        return Balance(
            self.earned_minor + other.earned_minor,
            self.due_minor + other.due_minor,
            self.held_minor + other.held_minor,
            self.on_the_way_minor + other.on_the_way_minor,
            self.paid_minor + other.paid_minor,
        )


def _sum(condition: Q) -> Coalesce:
    return Coalesce(Sum("amount_minor", filter=condition), 0, output_field=BigIntegerField())


def balances(
    enrollment_ids: Iterable[int] | QuerySet[Enrollment], *, now: datetime
) -> dict[int, Balance]:
    """The balance of each enrollment that has any entry."""
    live = PayoutItem.objects.filter(entry=OuterRef("pk"), released_at=None)
    earned = Q(kind__in=EARNED_KINDS)
    rows = (
        LedgerEntry.objects.filter(enrollment__in=enrollment_ids)
        .annotate(is_taken=Exists(live))
        .values("enrollment_id")
        .annotate(
            earned=_sum(earned),
            due=_sum(earned & Q(is_taken=False, available_at__lte=now)),
            held=_sum(earned & Q(is_taken=False, available_at__gt=now)),
            moved=_sum(~earned),
            paid=_sum(Q(kind=EntryKind.PAYOUT, payout__state="paid")),
        )
    )
    return {
        row["enrollment_id"]: Balance(
            earned_minor=row["earned"],
            due_minor=row["due"],
            held_minor=row["held"],
            on_the_way_minor=row["paid"] - row["moved"],
            paid_minor=-row["paid"],
        )
        for row in rows
    }


def booked_by_conversion(conversion_ids: Iterable[int]) -> dict[int, int]:
    """What the ledger holds for each conversion, in minor units."""
    rows = (
        LedgerEntry.objects.filter(conversion_id__in=list(conversion_ids))
        .values_list("conversion_id")
        .annotate(booked=Sum("amount_minor"))
    )
    return {conversion_id: booked for conversion_id, booked in rows if conversion_id}


def due_entries(*, member_id: int, currency: str, now: datetime) -> QuerySet[LedgerEntry]:
    """Exactly the entries that a payment to this member would pay now, oldest first."""
    return (
        _payable(now)
        .filter(enrollment__member=member_id, currency=currency)
        .select_related("enrollment__offer")
        .order_by("available_at", "pk")
    )


def _payable(now: datetime) -> QuerySet[LedgerEntry]:
    """Earned entries past their hold that no live payment pays."""
    live = PayoutItem.objects.filter(entry=OuterRef("pk"), released_at=None)
    return LedgerEntry.objects.filter(~Exists(live), kind__in=EARNED_KINDS, available_at__lte=now)
