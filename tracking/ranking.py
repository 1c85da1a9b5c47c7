"""Put an offer's members in the order of a figure, so that a page of them can be cut in PostgreSQL.

The figures are the ones that `selectors.member_rows` shows: daily totals and the ledger.
"""

from __future__ import annotations

from datetime import MAXYEAR, date, datetime, timedelta

from django.db.models import BigIntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from offers.models import Enrollment
from payouts.due import due_of_each, paid_of_each
from tracking.metrics import Period
from tracking.models import DailyTotal, MonthTotal

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
    """Whole months, more or less the days at either end: those up to the nearest month.

    An end that has no days at all is left out, as is what lies after today.
    """
    first, last = period.first, period.last
    if first and last and last - first < SHORT:
        return _sum_of_each(DailyTotal, column, period.where())
    months, more, less = Q(), [], []
    if first:
        start = _nearest_month(first)
        months &= Q(month__gte=start)
        more.append(Q(day__gte=first, day__lt=start))
        less.append(Q(day__gte=start, day__lt=first))
    if last and last.year < MAXYEAR:
        after = last + timedelta(days=1)
        end = _nearest_month(after)
        months &= Q(month__lt=end)
        more.append(Q(day__gte=end, day__lt=after))
        less.append(Q(day__gte=after, day__lt=end))
    total: Combinable = _sum_of_each(MonthTotal, column, months)
    for days in filter(_has_any, more):
        total += _sum_of_each(DailyTotal, column, days)
    for days in filter(_has_any, less):
        total -= _sum_of_each(DailyTotal, column, days)
    return total


def _has_any(days: Q) -> bool:
    return DailyTotal.objects.filter(days).exists()


def _nearest_month(day: date) -> date:
    """The first day of this month or of the next, whichever is nearer."""
    month = day.replace(day=1)
    following = (month + timedelta(days=31)).replace(day=1)
    return month if day - month <= following - day else following


def _sum_of_each(model: type[DailyTotal | MonthTotal], column: str, where: Q) -> Coalesce:
    sums = (
        model.objects.filter(where, enrollment=OuterRef("pk"))
        .order_by()
        .values("enrollment_id")
        .annotate(figure=Sum(column))
        .values("figure")
    )
    return Coalesce(Subquery(sums), 0, output_field=BigIntegerField())
