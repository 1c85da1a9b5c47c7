"""The daily totals: what a conversion adds to its day, and the only functions that change one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection

from accounts.selectors import current_zone
from core.tenancy import current_brand_id
from tracking.models import Conversion, ConversionSource, ConversionStatus, DailyTotal
from tracking.models.totals import FIGURES, NOTHING, Totals
from tracking.totals.conversion_sources import locked_sources, move_source_totals

DayKey = tuple[int, date]  # enrollment id, day in the brand's time zone


def totals_of(conversion: Conversion) -> Totals:
    """Return what a conversion adds to its day: accepted, pending (own fields) or nothing."""
    if conversion.status == ConversionStatus.PENDING:
        return Totals(
            pending=1,
            pending_minor=conversion.earnable_minor,
            pending_sales_minor=conversion.sale_minor - conversion.refunded_minor,
        )
    if conversion.status == ConversionStatus.REJECTED:
        return NOTHING
    return Totals(
        conversions=1,
        sales_minor=conversion.sale_minor,
        refunds_minor=conversion.refunded_minor,
        commission_minor=conversion.commission_minor,
    )


def move_totals(
    rows: Sequence[Conversion],
    before: Sequence[Totals],
    *,
    sources: Mapping[int, ConversionSource] | None = None,
) -> None:
    """Change the days and the sources of `rows` by the difference between `before` and now.

    `sources` are those of new rows, by conversion id; those of other rows are looked up.
    """
    zone = current_zone()
    moves = [totals_of(row).plus(was, times=-1) for row, was in zip(rows, before, strict=True)]
    if sources is None:
        sources = locked_sources(rows)
    move_source_totals(rows, moves, sources, zone=zone)
    days: dict[DayKey, Totals] = defaultdict(Totals)
    for row, move in zip(rows, moves, strict=True):
        key = (row.enrollment_id, day_of(row.occurred_at, zone))
        days[key] = days[key].plus(move)
    add_to_totals({key: move for key, move in days.items() if any(move.parts())})


def add_to_totals(moves: Mapping[DayKey, Totals]) -> None:
    """Add to the daily totals in one upsert, sorted by key so that two batches can't deadlock.

    It also adds one to each day's `changes`: `excluded.changes` is the column's default, 1.
    """
    if not moves:
        return
    keys = sorted(moves)
    columns = [list(column) for column in zip(*(moves[key].parts() for key in keys), strict=True)]
    table = DailyTotal._meta.db_table
    names = ", ".join(FIGURES)
    arrays = ", ".join(["%s::bigint[]"] * len(FIGURES))
    added = ", ".join(f"{name} = total.{name} + excluded.{name}" for name in (*FIGURES, "changes"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} AS total (brand_id, enrollment_id, day, {names})"  # noqa: S608
            f" SELECT %s, * FROM unnest(%s::bigint[], %s::date[], {arrays})"
            f" ON CONFLICT (brand_id, enrollment_id, day) DO UPDATE SET {added}",
            [current_brand_id(), [key[0] for key in keys], [key[1] for key in keys], *columns],
        )


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()
