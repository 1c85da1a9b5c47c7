"""What a member sees of the ledger: postings, adjustments and payments of an enrollment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import (
    DateTimeField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import TruncDate

from core.kept_queries import kept_query
from payouts.models import (
    EARNED_KINDS,
    GIVEN_KINDS,
    EntryKind,
    LedgerEntry,
    LedgerSum,
    Payout,
    PayoutItem,
)


@dataclass(frozen=True, slots=True)
class Posting:
    """One ledger entry in minor units; `payout` is the live payment that pays it, or None."""

    amount_minor: int
    available_at: datetime
    payout: Payout | None


def postings_of(conversion_ids: Iterable[int]) -> dict[int, list[Posting]]:
    """Return the postings by conversion id, oldest first. Two queries."""
    wanted = list(conversion_ids)
    paid_by = {item.entry_id: item.payout for item in _live_items(conversion_ids=wanted)}
    found: dict[int, list[Posting]] = defaultdict(list)
    for entry_id, conversion_id, amount_minor, available_at in _commissions(conversion_ids=wanted):
        posting = Posting(amount_minor, available_at, paid_by.get(entry_id))
        found[conversion_id].append(posting)
    return dict(found)


@kept_query
def _commissions(*, conversion_ids: list[int]) -> QuerySet[LedgerEntry, Any]:
    entries = LedgerEntry.objects.filter(
        kind=EntryKind.COMMISSION, conversion_id__in=conversion_ids
    )
    return entries.order_by("pk").values_list("pk", "conversion_id", "amount_minor", "available_at")


@kept_query
def _live_items(*, conversion_ids: list[int]) -> QuerySet[PayoutItem]:
    """What pays these conversions' commissions, with its payment."""
    items = PayoutItem.objects.live().filter(
        entry__kind=EntryKind.COMMISSION, entry__conversion_id__in=conversion_ids
    )
    return items.select_related("payout")


@kept_query
def adjustments_of(*, enrollment_id: int) -> QuerySet[LedgerEntry]:
    """Return the bonuses, corrections and write-offs of one enrollment, newest first."""
    given = LedgerEntry.objects.filter(enrollment=enrollment_id, kind__in=GIVEN_KINDS)
    return given.order_by("-posted_at", "-pk")


def next_payable(*, enrollment_id: int, now: datetime) -> tuple[date, int] | None:
    """Return the next day on which a hold ends, in the current time zone, and how much it frees.

    In minor units. None when nothing waits. One query; two if that day takes back what it frees.
    """
    found = list(_held_first(enrollment_id=enrollment_id, now=now))
    if found and found[0][1] <= 0:
        found = list(_payable_by_day(enrollment_id=enrollment_id, now=now))
    return found[0] if found else None


@kept_query
def _held_first(*, enrollment_id: int, now: datetime) -> QuerySet[LedgerEntry, Any]:
    """The first day on which a hold ends, and what becomes payable on it.

    Reads the entries of about two days, of which the first is whole, and not all that are held.
    """
    held = _held(enrollment_id, now)
    first = Subquery(held.order_by("available_at").values("available_at")[:1])
    end = ExpressionWrapper(first + timedelta(days=2), output_field=DateTimeField())
    return _by_day(held.filter(available_at__lt=end))[:1]


@kept_query
def _payable_by_day(*, enrollment_id: int, now: datetime) -> QuerySet[LedgerEntry, Any]:
    return _by_day(_held(enrollment_id, now), Q(minor__gt=0))[:1]


def _held(enrollment_id: int, now: datetime) -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.filter(
        enrollment=enrollment_id, kind__in=EARNED_KINDS, available_at__gt=now
    )


def _by_day(held: QuerySet[LedgerEntry], *having: Q) -> QuerySet[LedgerEntry, Any]:
    days = held.annotate(day=TruncDate("available_at")).order_by().values("day")
    sums = days.annotate(minor=Sum("amount_minor")).filter(*having)
    return sums.order_by("day").values_list("day", "minor")


def due_in_all_offers(*, member_id: int, currency: str, now: datetime) -> int:
    """Return what one payment to the member would be now, in minor units. One query.

    A payment takes what is due in every offer of the brand together. Less than zero is carried
    over.
    """
    return sum(_due_in_each_offer(member_id=member_id, currency=currency, now=now))


@kept_query
def _due_in_each_offer(*, member_id: int, currency: str, now: datetime) -> QuerySet[LedgerSum, Any]:
    due = LedgerSum.objects.filter(
        enrollment__member=member_id, currency=currency, available_at__lte=now
    )
    return due.values_list("amount_minor", flat=True)


def counts_as_due(*, payout_id: int, enrollment_id: int) -> bool:
    """Whether a payment that came back released entries of the enrollment that no other one pays.

    One query.
    """
    return bool(list(_released_entries(payout_id=payout_id, enrollment_id=enrollment_id)))


@kept_query
def _released_entries(*, payout_id: int, enrollment_id: int) -> QuerySet[PayoutItem, Any]:
    live = PayoutItem.objects.live().filter(entry=OuterRef("entry"))
    items = PayoutItem.objects.filter(payout=payout_id, entry__enrollment=enrollment_id)
    return items.filter(~Exists(live)).values_list("pk", flat=True)[:1]


@kept_query
def payments_of(*, enrollment_id: int) -> QuerySet[LedgerEntry]:
    """Return the entry that each payment posted for this enrollment, newest first.

    The entry is negative: the enrollment's share of the payment. A share of zero has no entry.
    """
    return (
        LedgerEntry.objects.filter(enrollment=enrollment_id, kind=EntryKind.PAYOUT)
        .select_related("payout")
        .order_by("-payout__created_at", "-payout_id")
    )


def entries_of_payout(*, payout_id: int, enrollment_id: int) -> QuerySet[LedgerEntry]:
    """Return the entries of this enrollment that a payment pays, or paid before it failed."""
    paid = PayoutItem.objects.filter(payout=payout_id, entry__enrollment=enrollment_id)
    return LedgerEntry.objects.filter(pk__in=paid.values("entry")).order_by("available_at", "pk")
