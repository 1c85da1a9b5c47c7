"""Commission is a target, not an event.

Whatever changes a conversion does it inside `changing`: the rows are locked, changed by the caller,
and then settled: what each should have earned by now, minus what the ledger holds for it, is posted
as one entry, and the daily totals move by the difference. Settling twice posts nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from accounts.models import Brand
from core.tenancy import current_brand_id
from offers.commission import NOT_EARNED, Commission, commission_of
from payouts import ledger
from payouts.models import EntryKind, LedgerEntry
from tracking.models import Conversion, ConversionStatus, DailyTotal
from tracking.totals import FIGURES, NOTHING, Totals

DayKey = tuple[int, date]  # enrollment id, day in the brand's time zone


def totals_of(conversion: Conversion) -> Totals:
    """Accepted conversions count with their amounts, pending ones by number, rejected ones not."""
    if conversion.status == ConversionStatus.PENDING:
        return Totals(pending=1)
    if conversion.status == ConversionStatus.REJECTED:
        return NOTHING
    return Totals(
        conversions=1,
        sales_minor=conversion.sale_minor,
        refunds_minor=conversion.refunded_minor,
        commission_minor=conversion.commission_minor,
    )


def target_of(conversion: Conversion) -> Commission:
    """What the conversion should have earned by now, and how that comes about."""
    if conversion.status != ConversionStatus.ACCEPTED:
        return NOT_EARNED[conversion.status]
    return commission_of(
        terms=conversion.terms,
        sale_minor=conversion.sale_minor,
        refunded_minor=conversion.refunded_minor,
    )


@contextmanager
def changing(
    conversion_ids: Iterable[int],
    *,
    now: datetime,
    happened_at: Mapping[int, datetime] | None = None,
) -> Iterator[list[Conversion]]:
    """Lock conversions, let the caller change status, reason or refunded amount, and settle them.

    `happened_at` gives, by conversion id, when the cause happened if that was not now; a correction
    can be paid from then on, or from the end of the hold if that is later.
    """
    with transaction.atomic():
        rows = list(
            Conversion.objects.select_for_update(of=("self",))
            .select_related("terms")
            .filter(pk__in=list(conversion_ids))
            .order_by("pk")
        )
        before = [totals_of(row) for row in rows]
        yield rows
        booked = ledger.booked_by_conversion(row.pk for row in rows)
        entries = _settle(rows, booked, now=now, happened_at=happened_at or {})
        Conversion.objects.bulk_update(
            rows, ["status", "reason", "refunded_minor", "commission_minor", "explanation"]
        )
        LedgerEntry.objects.bulk_create(entries)
        _move_totals(rows, before)


def settle_new(conversions: Sequence[Conversion], *, now: datetime) -> None:
    """Save conversions that do not exist yet, with their first entries and totals."""
    for row in conversions:
        earned = target_of(row)
        row.commission_minor, row.explanation = earned.minor, list(earned.steps)
    rows = Conversion.objects.bulk_create(conversions)
    LedgerEntry.objects.bulk_create(
        _entry(row, row.commission_minor, now=now, available_at=row.payable_at)
        for row in rows
        if row.commission_minor
    )
    _move_totals(rows, [NOTHING] * len(rows))


def count_click(*, enrollment_id: int, clicked_at: datetime) -> None:
    """Add one click to its day."""
    _add_to_totals({(enrollment_id, _day(clicked_at, _zone())): Totals(clicks=1)})


def _settle(
    rows: Sequence[Conversion],
    booked: Mapping[int, int],
    *,
    now: datetime,
    happened_at: Mapping[int, datetime],
) -> list[LedgerEntry]:
    entries = []
    for row in rows:
        earned = target_of(row)
        row.commission_minor, row.explanation = earned.minor, list(earned.steps)
        difference = earned.minor - booked.get(row.pk, 0)
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


def _move_totals(rows: Sequence[Conversion], before: Sequence[Totals]) -> None:
    zone = _zone()
    moves: dict[DayKey, Totals] = defaultdict(Totals)
    for row, was in zip(rows, before, strict=True):
        key = (row.enrollment_id, _day(row.occurred_at, zone))
        moves[key] = moves[key].plus(totals_of(row)).plus(was, times=-1)
    _add_to_totals({key: move for key, move in moves.items() if any(move.parts())})


def _add_to_totals(moves: Mapping[DayKey, Totals]) -> None:
    """One upsert for all, in one order of keys, so that two batches can't deadlock."""
    if not moves:
        return
    keys = sorted(moves)
    columns = [list(column) for column in zip(*(moves[key].parts() for key in keys), strict=True)]
    table = DailyTotal._meta.db_table
    names = ", ".join(FIGURES)
    arrays = ", ".join(["%s::bigint[]"] * len(FIGURES))
    added = ", ".join(f"{name} = total.{name} + excluded.{name}" for name in FIGURES)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} AS total (brand_id, enrollment_id, day, {names})"  # noqa: S608
            f" SELECT %s, * FROM unnest(%s::bigint[], %s::date[], {arrays})"
            f" ON CONFLICT (brand_id, enrollment_id, day) DO UPDATE SET {added}",
            [current_brand_id(), [key[0] for key in keys], [key[1] for key in keys], *columns],
        )


def _zone() -> ZoneInfo:
    return Brand.objects.get(pk=current_brand_id()).zone


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()
