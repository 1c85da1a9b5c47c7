"""Put an offer's members in the order of a figure, so that a page of them can be cut in PostgreSQL.

The figures are the ones that `selectors.member_rows` shows: daily totals and the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime, timedelta

from django.db.models import BigIntegerField, Func, QuerySet, TextField, Value
from django.db.models.expressions import Combinable, RawSQL
from django.db.models.functions import Cast, Coalesce

from core.tenancy import current_brand_id
from offers.models import Enrollment
from payouts.due import due_of_each, paid_of_each
from tracking.metrics import Period

BY_TOTAL = {
    "clicks": "clicks",
    "conversions": "conversions",
    "sales": "sales_minor",
    "refunds": "refunds_minor",
    "commission": "commission_minor",
}
BY_NAME = ("member__last_name", "member__first_name", "pk")
SHORT = timedelta(days=62)  # what hardly holds a whole month is summed by its days
ORDERS = ("name", *BY_TOTAL, "paid", "due")

_SUMS = """
SELECT jsonb_object_agg(enrollment_id, figure) FROM (
  SELECT enrollment_id, sum(figure) AS figure FROM ({parts}) parts GROUP BY 1
) sums
"""


def ranked(
    enrollments: QuerySet[Enrollment], *, order: str, period: Period, now: datetime
) -> QuerySet[Enrollment]:
    """The enrollments in the order of "sales" or "-sales", ties by name; by name if unknown."""
    figure = _figure(order.removeprefix("-"), period=period, now=now)
    if figure is None:
        names = BY_NAME if order != "-name" else tuple(f"-{name}" for name in BY_NAME)
        return enrollments.order_by(*names)
    ranked_by = "-rank" if order.startswith("-") else "rank"
    return enrollments.annotate(rank=figure).order_by(ranked_by, *BY_NAME)


def with_at_least(
    enrollments: QuerySet[Enrollment], *, figure: str, least: int, period: Period, now: datetime
) -> QuerySet[Enrollment]:
    """Those who have at least so much of a figure: pieces, or minor units."""
    reached = _figure(figure, period=period, now=now)
    if reached is None:
        return enrollments
    return enrollments.annotate(reached=reached).filter(reached__gte=least)


def _figure(key: str, *, period: Period, now: datetime) -> Combinable | None:
    if key in BY_TOTAL:
        return _total_of_each(BY_TOTAL[key], period)
    if key == "due":
        return due_of_each(now=now)
    return paid_of_each() if key == "paid" else None


def _total_of_each(column: str, period: Period) -> Combinable:
    """What each enrollment's days of the period add up to, from one look at everybody's.

    Whole months, more or less the days at either end: those up to the nearest month. PostgreSQL
    adds them all up once, as a JSON object by enrollment, and then looks each of them up in it.
    """
    pieces = [piece for piece in _pieces(column, period) if piece.start < piece.end]
    if not pieces:
        return Value(0, output_field=BigIntegerField())
    parts = " UNION ALL ".join(piece.sql for piece in pieces)
    brand = current_brand_id()
    values = [value for piece in pieces for value in (brand, piece.start, piece.end)]
    own = Func(
        RawSQL(_SUMS.format(parts=parts), values),  # noqa: S611 - names of ours, values apart
        Cast("pk", TextField()),
        template="(%(expressions)s)",
        arg_joiner=" ->> ",
        output_field=TextField(),
    )
    return Coalesce(Cast(own, BigIntegerField()), 0)


def _pieces(column: str, period: Period) -> list[_Piece]:
    """What the period consists of; a piece that ends before it starts is none."""
    first, last = period.first, period.last
    after = last + timedelta(days=1) if last and last.year < MAXYEAR else date.max
    if first and last and last - first < SHORT:
        return [_days(column, first, after)]
    start = _nearest_month(first) if first else date.min
    end = _nearest_month(after) if after < date.max else date.max
    return [
        _Piece("tracking_monthtotal", "month", column, start, end),
        _days(column, first or start, start),
        _days(f"-{column}", start, first or start),
        _days(column, end, after),
        _days(f"-{column}", after, end),
    ]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rows from a day up to, not including, another; `figure` is a column, or minus one."""

    table: str
    moment: str
    figure: str
    start: date
    end: date

    @property
    def sql(self) -> str:
        return (
            f"SELECT enrollment_id, {self.figure} AS figure FROM {self.table}"  # noqa: S608
            f" WHERE brand_id = %s AND {self.moment} >= %s AND {self.moment} < %s"
        )


def _days(figure: str, start: date, end: date) -> _Piece:
    return _Piece("tracking_dailytotal", "day", figure, start, end)


def _nearest_month(day: date) -> date:
    """The first day of this month or of the next, whichever is nearer."""
    month = day.replace(day=1)
    following = (month + timedelta(days=31)).replace(day=1)
    return month if day - month <= following - day else following
