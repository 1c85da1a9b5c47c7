"""Settle conversions with the ledger: commission is a target, not an event.

All code that changes a conversion does it inside `changing`, which locks the rows, lets the caller
change them, and settles them. Settling posts one entry per conversion: what it should have earned
by now minus what the ledger has for it. It also updates the daily totals. Settling twice posts
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from core.db import update_rows
from offers.commission import REJECTED, Commission, commission_of, waiting
from payouts import ledger
from payouts.models import EntryKind, LedgerEntry
from tracking.commissions.order_lines import Lines, lines_that_terms_look_at, sale_of
from tracking.commissions.status import set_status
from tracking.commissions.tier_progress import lock_capped, progress_of
from tracking.models import Conversion, ConversionStatus
from tracking.models.totals import NOTHING, Totals
from tracking.totals.daily import move_totals, totals_of

SETTLED_FIELDS = [
    "decision", "decision_reason", "status", "reason", "sale_minor", "refunded_minor",
    "commission_minor", "earnable_minor", "left_under_cap_minor", "explanation",
]  # fmt: skip


def settle_target(conversion: Conversion, lines: Lines) -> Commission:
    """Set the commission that the conversion should have earned by now, and its explanation."""
    earnable = REJECTED
    if conversion.status != ConversionStatus.REJECTED:
        earnable = commission_of(terms=conversion.terms, sale=sale_of(conversion, lines))
    is_pending = conversion.status == ConversionStatus.PENDING
    earned = waiting(earnable) if is_pending else earnable
    conversion.earnable_minor = earnable.minor
    conversion.commission_minor, conversion.explanation = earned.minor, list(earned.steps)
    return earned


@contextmanager
def changing(
    conversion_ids: Iterable[int],
    *,
    now: datetime,
    happened_at: Mapping[int, datetime] | None = None,
) -> Iterator[list[Conversion]]:
    """Lock conversions, let the caller change decision, sale or refunds, and settle them.

    Their status follows from the decision and the order.

    `happened_at` is the time of the cause by conversion id, `now` by default. A correction may be
    paid from that time on, or from the end of the hold if that is later.
    """
    with transaction.atomic():
        ids = list(conversion_ids)
        lock_capped(ids)
        rows = list(
            Conversion.objects.select_for_update(of=("self",))
            .select_related("terms", "order")
            .filter(pk__in=ids)
            .order_by("pk")
        )
        before = [totals_of(row) for row in rows]
        yield rows
        for row in rows:
            set_status(row)
        lines = lines_that_terms_look_at(rows)
        _apply_cap_again(rows, before, lines)
        booked = ledger.booked_by_conversion(row.pk for row in rows)
        entries = _settle(rows, lines, booked, now=now, happened_at=happened_at or {})
        update_rows(rows, SETTLED_FIELDS)
        LedgerEntry.objects.bulk_create(entries)
        move_totals(rows, before)


def settle_new(conversions: Sequence[Conversion], *, now: datetime) -> None:
    """Save new conversions with their first ledger entries and totals.

    In the order of `conversions`, each gets its member's tier and what the cap leaves.
    """
    for row in conversions:
        set_status(row)
    progress = progress_of(conversions)
    lines = lines_that_terms_look_at(conversions)
    for row in conversions:
        if progress and row.terms.looks_back:
            row.tier, row.left_under_cap_minor = (
                progress.tier_for(row),
                progress.left_under_cap_for(row),
            )
        settle_target(row, lines)
        if progress and row.terms.looks_back:
            progress.add(row)
    rows = Conversion.objects.bulk_create(conversions)
    LedgerEntry.objects.bulk_create(
        _entry(row, row.commission_minor, now=now, available_at=row.payable_at)
        for row in rows
        if row.commission_minor
    )
    move_totals(rows, [NOTHING] * len(rows))


def _apply_cap_again(rows: Sequence[Conversion], before: Sequence[Totals], lines: Lines) -> None:
    """Conversions that would earn more than `before` get what the cap leaves now, in order.

    What one earned less meanwhile, others may have earned.
    """
    capped = [
        (row, was)
        for row, was in zip(rows, before, strict=True)
        if row.terms.cap_minor is not None and row.status != ConversionStatus.REJECTED
    ]
    for row, _ in capped:
        settle_target(row, lines)
    raised = [(row, was) for row, was in capped if row.earnable_minor > was.cap_used_minor]
    progress = progress_of(row for row, _ in raised)
    if progress is None:
        return
    for row, was in raised:
        row.left_under_cap_minor = progress.left_under_cap_for(row, without=was)
        settle_target(row, lines)
        progress.add(row, instead_of=was)


def _settle(
    rows: Sequence[Conversion],
    lines: Lines,
    booked: Mapping[int, int],
    *,
    now: datetime,
    happened_at: Mapping[int, datetime],
) -> list[LedgerEntry]:
    entries = []
    for row in rows:
        difference = settle_target(row, lines).minor - booked.get(row.pk, 0)
        if difference:
            available_at = max(row.payable_at, happened_at.get(row.pk, now))
            entries.append(_entry(row, difference, now=now, available_at=available_at))
    return entries


def _entry(row: Conversion, amount: int, *, now: datetime, available_at: datetime) -> LedgerEntry:
    return LedgerEntry(
        enrollment_id=row.enrollment_id,
        kind=EntryKind.COMMISSION,
        amount_minor=amount,
        currency=row.currency,
        conversion_id=row.pk,
        posted_at=now,
        available_at=available_at,
    )
