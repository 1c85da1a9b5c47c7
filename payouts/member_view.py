"""What a member sees of the ledger: postings, adjustments and payments of an enrollment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from payouts.models import EntryKind, LedgerEntry, Payout, PayoutItem


@dataclass(frozen=True, slots=True)
class Posting:
    """One ledger entry in minor units; `payout` is the live payment that pays it, or None."""

    amount_minor: int
    available_at: datetime
    payout: Payout | None


def postings_of(conversion_ids: Iterable[int]) -> dict[int, list[Posting]]:
    """Return the postings by conversion id, oldest first. Two queries."""
    entries = list(
        LedgerEntry.objects.filter(
            kind=EntryKind.COMMISSION, conversion_id__in=list(conversion_ids)
        ).order_by("pk")
    )
    live = PayoutItem.objects.filter(
        entry__in=[entry.pk for entry in entries], released_at=None
    ).select_related("payout")
    paid_by = {item.entry_id: item.payout for item in live}
    found: dict[int, list[Posting]] = defaultdict(list)
    for entry in entries:
        if entry.conversion_id is not None:
            found[entry.conversion_id].append(
                Posting(entry.amount_minor, entry.available_at, paid_by.get(entry.pk))
            )
    return dict(found)


def adjustments_of(enrollment_id: int) -> QuerySet[LedgerEntry]:
    """Return the bonuses and corrections of one enrollment, newest first."""
    return LedgerEntry.objects.filter(enrollment=enrollment_id, kind=EntryKind.ADJUSTMENT).order_by(
        "-posted_at", "-pk"
    )


def payments_of(enrollment_id: int) -> QuerySet[LedgerEntry]:
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
