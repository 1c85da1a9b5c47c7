"""Read balances from the ledger. Amounts are minor units, positive in the member's favour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Sum, Value, When

from core.kept_queries import kept_query
from offers.models import Enrollment
from payouts.models import (
    EARNED_KINDS,
    PAYABLE_KINDS,
    EntryKind,
    LedgerEntry,
    LedgerSum,
    PayoutItem,
)

PARTS = ("owed", "held", "moved", "paid", "written_off")


@dataclass(frozen=True, slots=True)
class Balance:
    """The balance of one enrollment in minor units. `due` may be paid now, `held` after its hold.

    Always: earned = commissions + adjustments, and
    earned + written_off = due + held + on_the_way + paid.
    """

    earned_minor: int = 0
    due_minor: int = 0
    held_minor: int = 0
    on_the_way_minor: int = 0
    paid_minor: int = 0
    written_off_minor: int = 0

    @property
    def owed_minor(self) -> int:
        """What is to be paid now or after its hold. A negative amount is carried over."""
        return self.due_minor + self.held_minor

    @property
    def debt_minor(self) -> int:
        """What the member was paid too much, and later commission has not made up for; or 0."""
        return max(0, -self.owed_minor)

    def __add__(self, other: Balance) -> Balance:
        return Balance(
            self.earned_minor + other.earned_minor,
            self.due_minor + other.due_minor,
            self.held_minor + other.held_minor,
            self.on_the_way_minor + other.on_the_way_minor,
            self.paid_minor + other.paid_minor,
            self.written_off_minor + other.written_off_minor,
        )


def balances(
    enrollment_ids: Collection[int] | QuerySet[Enrollment], *, now: datetime
) -> dict[int, Balance]:
    """Return the balance by enrollment id, of enrollments that have ledger entries.

    One query, so all amounts are of one moment, and its cost does not grow with the history. The
    sum of all entries is what is due and held; a trigger keeps it (`LedgerSum`). Held entries and
    payments are few, and indexes find them. A payment never takes an entry in its hold, so all that
    was paid or is on the way was due.
    """
    parts = _parts if isinstance(enrollment_ids, QuerySet) else _kept_parts
    wanted = enrollment_ids if isinstance(enrollment_ids, QuerySet) else list(enrollment_ids)
    found: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(PARTS, 0))
    for enrollment_id, part, minor in parts(enrollment_ids=wanted, now=now):
        found[enrollment_id][part] = minor
    return {
        enrollment_id: Balance(
            earned_minor=of["owed"] - of["moved"] - of["written_off"],
            due_minor=of["owed"] - of["held"],
            held_minor=of["held"],
            on_the_way_minor=of["paid"] - of["moved"],
            paid_minor=-of["paid"],
            written_off_minor=of["written_off"],
        )
        for enrollment_id, of in found.items()
    }


def _parts(
    *, enrollment_ids: Collection[int] | QuerySet[Enrollment], now: datetime
) -> QuerySet[Any, Any]:
    """Enrollment, part of its balance, and how much that is."""
    entries = LedgerEntry.objects.filter(enrollment__in=enrollment_ids)
    not_commissions = entries.filter(~Q(kind=EntryKind.COMMISSION))
    moved = not_commissions.filter(~Q(kind=EntryKind.ADJUSTMENT) & ~Q(kind=EntryKind.WRITE_OFF))
    parts = {
        "owed": LedgerSum.objects.filter(enrollment__in=enrollment_ids),
        "held": entries.filter(kind__in=EARNED_KINDS, available_at__gt=now),
        "moved": moved,
        "paid": moved.filter(kind=EntryKind.PAYOUT, payout__state="paid"),
        "written_off": not_commissions.filter(kind=EntryKind.WRITE_OFF),
    }
    first, *others = (_summed(rows, part) for part, rows in parts.items())
    return first.union(*others, all=True)


_kept_parts = kept_query(_parts)


def booked_by_conversion(conversion_ids: Iterable[int]) -> dict[int, int]:
    """Return the sum of the ledger entries of each conversion, in minor units, by id."""
    rows = (
        LedgerEntry.objects.filter(conversion_id__in=list(conversion_ids))
        .values_list("conversion_id")
        .annotate(booked=Sum("amount_minor"))
    )
    return {conversion_id: booked for conversion_id, booked in rows if conversion_id}


def due_entries(*, member_id: int, currency: str, now: datetime) -> QuerySet[LedgerEntry]:
    """Return exactly the entries that a payment to this member would pay now.

    Corrections that lower it come first, then the oldest: so the first ones never add up to more
    than is due.
    """
    return (
        _payable(now)
        .filter(enrollment__member=member_id, currency=currency)
        .select_related("enrollment__offer")
        .order_by(Case(When(amount_minor__lt=0, then=0), default=1), "available_at", "pk")
    )


def _payable(now: datetime) -> QuerySet[LedgerEntry]:
    """Entries that were earned or written off, after their hold, that no live payment pays."""
    live = PayoutItem.objects.live().filter(entry=OuterRef("pk"))
    return LedgerEntry.objects.filter(~Exists(live), kind__in=PAYABLE_KINDS, available_at__lte=now)


def _summed(rows: QuerySet[Any], part: str) -> QuerySet[Any, Any]:
    """Rows of enrollment id, name of the part, and sum of its amounts."""
    sums = rows.values("enrollment_id").annotate(part=Value(part), sum=Sum("amount_minor"))
    found: QuerySet[Any, Any] = sums.values_list("enrollment_id", "part", "sum")
    return found
