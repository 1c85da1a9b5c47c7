"""Sort an offer's members by a figure in PostgreSQL, so that the list can be paginated.

The figures are those of `member_table.member_rows`: daily totals and the ledger. Each is added up
once for all members, and joined to them as at most two small tables.
"""

from __future__ import annotations

from datetime import MAXYEAR, date, datetime, timedelta
from functools import reduce
from operator import add
from typing import Any

from django.db.models import BigIntegerField, Case, F, Q, QuerySet, Sum, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.db.models.sql.constants import LOUTER
from django_cte import CTE, with_cte

from offers.models import Enrollment
from offers.selectors import enrollments_of
from payouts.due import due_of_each, paid_of_each
from tracking.figures.metrics import DateRange, today
from tracking.models import DailyTotal, MonthTotal

TOTAL_COLUMNS = {
    "clicks": "clicks",
    "conversions": "conversions",
    "sales": "sales_minor",
    "refunds": "refunds_minor",
    "commission": "commission_minor",
}
BY_NAME = ("member__last_name", "member__first_name", "pk")
MAX_LENGTH_BY_DAY = timedelta(days=62)  # a longer period is summed by months
AMOUNT = BigIntegerField()
ORDERS = ("name", *TOTAL_COLUMNS, "paid", "due")


def is_by_figure(order: str) -> bool:
    """Whether `ranked` sorts by a figure in this order, not by name."""
    figure = order.removeprefix("-")
    return figure in ORDERS and figure != "name"


def in_order_of_names(
    enrollments: QuerySet[Enrollment], *, is_reversed: bool
) -> QuerySet[Enrollment]:
    """Sort the enrollments by the names of their members."""
    return enrollments.order_by(*(f"-{name}" if is_reversed else name for name in BY_NAME))


def offer_members(offer_id: int, *, status: str, search: str = "") -> QuerySet[Enrollment]:
    """Return an offer's enrollments with member and offer; removed ones only by their status."""
    found = enrollments_of(offer_id, search=search, status=status)
    return found.select_related("member", "offer")


def offer_members_by_name(*, offer_id: int, status: str, is_reversed: bool) -> QuerySet[Enrollment]:
    """Return the same in the order of names."""
    return in_order_of_names(offer_members(offer_id, status=status), is_reversed=is_reversed)


def ranked(
    enrollments: QuerySet[Enrollment], *, order: str, period: DateRange, now: datetime
) -> QuerySet[Enrollment]:
    """Sort the enrollments by "sales", "-sales" etc., ties by name; by name if unknown."""
    figure = order.removeprefix("-")
    if not is_by_figure(order):
        return in_order_of_names(enrollments, is_reversed=order == "-name")
    found, rank = _joined(enrollments, figure, name="rank", period=period, now=now)
    by_rank = "-rank" if order.startswith("-") else "rank"
    return found.annotate(rank=rank).order_by(by_rank, *BY_NAME)


def with_at_least(
    enrollments: QuerySet[Enrollment], *, figure: str, least: int, period: DateRange, now: datetime
) -> QuerySet[Enrollment]:
    """Return the enrollments whose figure (of ORDERS) is at least `least`.

    `least` is a number of pieces, or an amount in minor units.
    """
    found, reached = _joined(enrollments, figure, name="reached", period=period, now=now)
    return found.annotate(reached=reached).filter(reached__gte=least)


def _joined(
    enrollments: QuerySet[Enrollment], figure: str, *, name: str, period: DateRange, now: datetime
) -> tuple[QuerySet[Enrollment], Combinable]:
    """Join the enrollments with tables of this name; return the figure's expression too."""
    sums = _sums_of_each(figure, period=period, now=now)
    tables = [CTE(rows, name=f"{name}_{number}") for number, rows in enumerate(sums)]
    found = enrollments
    for table in tables:
        found = table.join(found, pk=table.col.enrollment_id, _join_type=LOUTER)
    parts = [Coalesce(table.col.figure, 0, output_field=AMOUNT) for table in tables]
    return with_cte(*tables, select=found), reduce(add, parts)


def _sums_of_each(figure: str, *, period: DateRange, now: datetime) -> list[QuerySet[Any, Any]]:
    """Return tables of `enrollment_id` and `figure` whose sum is the figure; empty ones missing."""
    if figure == "due":
        return [due_of_each(now=now)]
    if figure == "paid":
        return [paid_of_each()]
    return _totals_of_each(TOTAL_COLUMNS[figure], period)


def _totals_of_each(column: str, period: DateRange) -> list[QuerySet[Any, Any]]:
    """For a longer period: its months, corrected by the days at both ends."""
    first, last = period.first, period.last
    after = last + timedelta(days=1) if last and last.year < MAXYEAR else date.max
    if first and last and last - first < MAX_LENGTH_BY_DAY:
        return [_sums(DailyTotal, Q(day__gte=first, day__lt=after), F(column))]
    start = _nearest_month(first) if first else date.min
    end = _nearest_month(after) if after < date.max else date.max
    months = _sums(MonthTotal, Q(month__gte=start, month__lt=end), F(column))
    more, less = Q(), Q()
    for begin, stop in ((first or start, start), (end, after)):
        if begin < stop:
            more |= Q(day__gte=begin, day__lt=stop)
        elif begin > stop:
            less |= Q(day__gte=stop, day__lt=begin)
    if not more | less:
        return [months]
    days: Any = F(column)
    if less:
        days = Case(When(less, then=-days), default=days, output_field=AMOUNT)
    return [months, _sums(DailyTotal, more | less, days)]


def _sums(model: type[DailyTotal | MonthTotal], where: Q, figure: Any) -> QuerySet[Any, Any]:
    total = Sum(figure, output_field=AMOUNT)
    return model.objects.filter(where).values("enrollment_id").annotate(figure=total)


def _nearest_month(day: date) -> date:
    """Return the first day of this month or the next, whichever is nearer.

    Future days have no totals, so they are not counted.
    """
    month = day.replace(day=1)
    following = (month + timedelta(days=31)).replace(day=1)
    is_this = day == month or (day <= today() and day - month <= following - day)
    return month if is_this else following
