"""Post what changed to the ledger and to the daily totals: always a difference to the target."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta

from accounts.selectors import current_zone
from core.db import update_rows
from payouts import ledger
from payouts.models import EntryKind, LedgerEntry
from payouts.taking_back import lock_debts
from tracking.commissions.caps import Followers
from tracking.links.conversion_sources import record_sources
from tracking.models import ClickEarning, Conversion
from tracking.models.totals import NOTHING, Totals
from tracking.totals.daily import DayKey, add_to_totals, move_totals

SETTLED_FIELDS = [
    "decision", "decision_reason", "is_held", "status", "reason", "sale_minor", "refunded_minor",
    "customer", "commission_minor", "earnable_minor", "left_under_cap_minor",
    "explanation", "rate", "rate_on",
]  # fmt: skip


def post_new(rows: Sequence[Conversion], *, now: datetime) -> None:
    """Post the first entries and totals of conversions that were just saved."""
    LedgerEntry.objects.append_many(
        _entry(row, row.commission_minor, now=now, available_at=row.payable_at)
        for row in rows
        if row.commission_minor
    )
    sources = record_sources(rows, now=now)
    move_totals(rows, [NOTHING] * len(rows), sources=sources)


def post_changed(
    rows: Sequence[Conversion],
    before: Sequence[Totals],
    *,
    now: datetime,
    happened_at: Mapping[int, datetime],
) -> set[int]:
    """Save conversions, and post what each should have earned minus what the ledger has for it.

    `before` is what each added to its day. `happened_at` is the time of the cause by conversion id,
    `now` by default: a correction may be paid from then on, or after the hold if that is later.
    Returns the enrollments of which a conversion earns more now.
    """
    booked = ledger.booked_by_conversion(row.pk for row in rows)
    differences = [(row, row.commission_minor - booked.get(row.pk, 0)) for row in rows]
    lock_debts(row.enrollment_id for row, difference in differences if difference)
    update_rows(rows, SETTLED_FIELDS)
    LedgerEntry.objects.append_many(
        _entry(
            row,
            difference,
            now=now,
            available_at=max(row.payable_at, happened_at.get(row.pk, now)),
        )
        for row, difference in differences
        if difference
    )
    move_totals(rows, before)
    return {row.enrollment_id for row, difference in differences if difference > 0}


def post_followers(followers: Followers, *, now: datetime) -> set[int]:
    """Save and post what others earn now because the share of the cap before them changed.

    Returns the enrollments of which a conversion earns more now.
    """
    raised = set[int]()
    if followers.conversions:
        rows, before = zip(*followers.conversions, strict=True)
        raised = post_changed(rows, before, now=now, happened_at={})
    update_rows([row for row, _ in followers.clicks], ["amount_minor"])
    post_clicks(followers.clicks, now=now)
    return raised


def post_clicks(changed: Iterable[tuple[ClickEarning, int]], *, now: datetime) -> int:
    """Post the difference of each saved earning to its amount before; return how many differ."""
    differing = [(row, row.amount_minor - was) for row, was in changed if row.amount_minor != was]
    LedgerEntry.objects.append_many(
        _entry_of_clicks(row, difference, now=now) for row, difference in differing
    )
    moves: dict[DayKey, Totals] = defaultdict(Totals)
    for row, difference in differing:
        day = (row.enrollment_id, row.day)
        moves[day] = moves[day].plus(Totals(commission_minor=difference))
    add_to_totals(moves)
    return len(differing)


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


def _entry_of_clicks(row: ClickEarning, amount: int, *, now: datetime) -> LedgerEntry:
    """An entry that may be paid when the hold after its day is over."""
    day_over = datetime.combine(row.day + timedelta(days=1), time.min, tzinfo=current_zone())
    return LedgerEntry(
        enrollment_id=row.enrollment_id,
        kind=EntryKind.COMMISSION,
        amount_minor=amount,
        currency=row.terms.offer.currency,
        click_earning_id=row.pk,
        posted_at=now,
        available_at=max(now, day_over + timedelta(days=row.terms.hold_days)),
    )
