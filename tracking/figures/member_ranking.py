"""Sort all members of a brand by a figure in PostgreSQL, so that the list can be paginated.

The figures are those of `member_summaries`, over all offers of a member. Amounts of several
currencies can't be compared, so the order is by those in one currency, the brand's. Each figure is
added up once for all members and joined to them as one small table, as in `ranking`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import BigIntegerField, Count, F, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.db.models.sql.constants import LOUTER
from django_cte import CTE, with_cte

from affiliates.models import Member
from core.kept_queries import kept_query
from core.money import Money
from offers.models import Enrollment
from payouts.due import due_of_each_member
from tracking.figures.metrics import DateRange
from tracking.models import DailyTotal, MonthTotal

BY_NAME = ("last_name", "first_name", "pk")
FIGURES = ("offers", "conversions", "sales", "commission", "due")
_AMOUNT = BigIntegerField()


def ranked_members(
    members: QuerySet[Member], *, order: str, currency: str, now: datetime
) -> QuerySet[Member]:
    """Sort members by one of FIGURES ("sales", "-sales"), ties by name; amounts in `currency`."""
    figure = order.removeprefix("-")
    table = CTE(_sums(figure, currency=currency, now=now), name="ranked")
    found = table.join(members, pk=table.col.member, _join_type=LOUTER)
    rank = Coalesce(table.col.figure, 0, output_field=_AMOUNT)
    by_rank = "-rank" if order.startswith("-") else "rank"
    ranked: QuerySet[Member] = with_cte(table, select=found).annotate(rank=rank)
    return ranked.order_by(by_rank, *BY_NAME)


def _sums(figure: str, *, currency: str, now: datetime) -> QuerySet[Any, Any]:
    """Return rows of `member` and `figure`; those of zero may be missing."""
    if figure == "offers":
        current = Enrollment.objects.not_removed().values("member")
        return current.annotate(figure=Count("pk"))
    if figure == "due":
        return due_of_each_member(currency=currency, now=now)
    months: QuerySet[Any, Any] = MonthTotal.objects.all()
    if figure != "conversions":
        months = months.filter(enrollment__offer__currency=currency)
    column = figure if figure == "conversions" else f"{figure}_minor"
    of_member = months.values(member=F("enrollment__member_id"))
    summed: QuerySet[Any, Any] = of_member.annotate(figure=Sum(column, output_field=_AMOUNT))
    return summed


@dataclass(frozen=True, slots=True)
class TopMember:
    """A member with their sales in one currency and a period, before refunds."""

    member: Member
    sales: Money
    conversions: int


def top_members(*, period: DateRange, currency: str, limit: int) -> list[TopMember]:
    """Return the members with the highest sales of these days, the first one first."""
    rows = _top_rows.part(
        slice(0, limit), {"first": period.first, "last": period.last, "currency": currency}
    )
    people = Member.objects.in_bulk([row["member"] for row in rows])
    return [
        TopMember(people[row["member"]], Money(row["sales"], currency), row["sold"]) for row in rows
    ]


@kept_query
def _top_rows(*, first: date | None, last: date | None, currency: str) -> QuerySet[Any, Any]:
    days = DailyTotal.objects.filter(
        DateRange(first, last).where(), conversions__gt=0, enrollment__offer__currency=currency
    )
    summed: QuerySet[Any, Any] = days.values(member=F("enrollment__member_id")).annotate(
        sales=Sum("sales_minor", output_field=_AMOUNT), sold=Sum("conversions")
    )
    return summed.filter(sales__gt=0).order_by("-sales", "member")
