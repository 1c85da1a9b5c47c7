"""Every figure's one definition, for admin, dashboard, portal, export and API.

- clicks: counted ones (no robots, while offer and link count), on the day of the click.
- conversions: accepted ones; pending ones are told apart. Both on the day of the order.
- sales: what accepted orders sold, before refunds; refunds: what of it went back.
- commission: what accepted conversions earn now, net of refunds.
- sales per member and average commission: divided by the members with conversions.
- due, held, on the way, paid: from the ledger, see payouts.ledger.Balance.

Days are days of the brand's time zone. Refunds, approvals and rejections count on the order's day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from core.money import Money, round_half_up
from offers.models import Enrollment
from tracking.models import DailyTotal, MonthTotal, OfferDay, SoldSpan
from tracking.models.totals import FIGURES, NOTHING, Totals


@dataclass(frozen=True, slots=True)
class DateRange:
    """Days from `first` to `last`, both included; None is open."""

    first: date | None = None
    last: date | None = None

    @classmethod
    def of_days(cls, days: int, *, today: date) -> DateRange:
        return cls(today - timedelta(days=days - 1), today)

    def where(self) -> Q:
        found = Q()
        if self.first:
            found &= Q(day__gte=self.first)
        if self.last:
            found &= Q(day__lte=self.last)
        return found

    def before(self) -> DateRange | None:
        """The period of the same length that ends where this one begins.

        None when this one is open, or when the calendar has no such days.
        """
        if self.first is None or self.last is None:
            return None
        days = (self.last - self.first).days + 1
        if days > (self.first - date.min).days:
            return None
        return DateRange(self.first - timedelta(days=days), self.first - timedelta(days=1))


ALL_TIME = DateRange()


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of some enrollments of one currency in one period."""

    currency: str
    totals: Totals
    members: int
    members_with_conversions: int

    @property
    def sales(self) -> Money:
        return Money(self.totals.sales_minor, self.currency)

    @property
    def refunds(self) -> Money:
        return Money(self.totals.refunds_minor, self.currency)

    @property
    def commission(self) -> Money:
        return Money(self.totals.commission_minor, self.currency)

    @property
    def sales_per_member(self) -> Money:
        return self._per_member(self.totals.sales_minor)

    @property
    def average_commission(self) -> Money:
        return self._per_member(self.totals.commission_minor)

    def _per_member(self, minor: int) -> Money:
        by = self.members_with_conversions
        return Money(round_half_up(minor, by) if by else 0, self.currency)


def today() -> date:
    """The day it is in the active time zone, the brand's."""
    return timezone.localdate()


def totals_by_enrollment(
    enrollments: Iterable[int] | QuerySet[Enrollment], *, period: DateRange = ALL_TIME
) -> dict[int, Totals]:
    """The totals of each enrollment that has any; of all time they are read from its months."""
    found: QuerySet[Any] = MonthTotal.objects.all()
    if period != ALL_TIME:
        found = DailyTotal.objects.filter(period.where())
    rows = found.filter(enrollment__in=enrollments).values("enrollment_id").annotate(**_sums())
    return {row["enrollment_id"]: _totals(row) for row in rows}


def totals_by_offer(offer_ids: Iterable[int], *, period: DateRange = ALL_TIME) -> dict[int, Totals]:
    """The totals of each offer that has any."""
    rows = (
        OfferDay.objects.filter(period.where(), offer__in=set(offer_ids))
        .values("offer_id")
        .annotate(**_sums())
    )
    return {row["offer_id"]: _totals(row) for row in rows}


def sellers_by_offer(offer_ids: Iterable[int], *, period: DateRange = ALL_TIME) -> dict[int, int]:
    """How many members have conversions, for each offer where any has.

    More is looked at only of one whose first is before the period and whose last is after it.
    """
    found = SoldSpan.objects.filter(last_day__isnull=False, enrollment__offer__in=set(offer_ids))
    if period.first:
        found = found.filter(last_day__gte=period.first)
    if period.last:
        found = found.filter(first_day__lte=period.last)
    if period.first and period.last:
        is_inside = Q(first_day__gte=period.first) | Q(last_day__lte=period.last)
        found = found.filter(is_inside | _sold_between(period.first, period.last))
    return dict(found.values_list("enrollment__offer_id").annotate(sellers=Count("pk")))


def _sold_between(first: date, last: date) -> Q:
    """Who sold on one of these days: of a period that is over, its whole months tell of most."""
    days = DailyTotal.objects.filter(
        enrollment=OuterRef("enrollment"), day__range=(first, last), conversions__gt=0
    )
    if last >= today():
        return Q(Exists(days))
    months = MonthTotal.objects.filter(
        month__gte=first, month__lt=(last + timedelta(days=1)).replace(day=1)
    )
    sums = months.values("enrollment_id").annotate(sum=Sum("conversions"))
    return Q(enrollment__in=sums.filter(sum__gt=0).values("enrollment_id")) | Q(Exists(days))


def totals_by_day(
    enrollments: Iterable[int] | QuerySet[Enrollment], *, period: DateRange
) -> dict[date, Totals]:
    """The totals of each day that has any, for a chart."""
    return _by_day(DailyTotal.objects.filter(period.where(), enrollment__in=enrollments))


def offers_totals_by_day(offer_ids: Iterable[int], *, period: DateRange) -> dict[date, Totals]:
    """The totals of some offers together on each day that has any, for a chart."""
    return _by_day(OfferDay.objects.filter(period.where(), offer__in=set(offer_ids)))


def figures(*, currency: str, members: int, totals: Iterable[Totals], sellers: int) -> Figures:
    """The figures of a group from the totals of its parts."""
    whole = NOTHING
    for part in totals:
        whole = whole.plus(part)
    return Figures(
        currency=currency, totals=whole, members=members, members_with_conversions=sellers
    )


def figures_of_enrollment(
    enrollment: Enrollment, *, currency: str, period: DateRange = ALL_TIME
) -> Figures:
    """One member's figures in one offer."""
    totals = totals_by_enrollment([enrollment.pk], period=period).get(enrollment.pk, NOTHING)
    return figures(
        currency=currency, members=1, totals=[totals], sellers=int(totals.conversions > 0)
    )


def figures_of_offers(
    offers: Mapping[int, str],
    *,
    members: Mapping[int, int],
    period: DateRange = ALL_TIME,
    with_sellers: bool = True,
) -> dict[int, Figures]:
    """The figures of each offer; `offers` gives the currency by offer id, `members` the counts.

    Without sellers nobody counts as having conversions: for a page that shows no such figure.
    """
    totals = totals_by_offer(offers, period=period)
    sellers = sellers_by_offer(offers, period=period) if with_sellers else {}
    return {
        offer_id: figures(
            currency=currency,
            members=members.get(offer_id, 0),
            totals=[totals.get(offer_id, NOTHING)],
            sellers=sellers.get(offer_id, 0),
        )
        for offer_id, currency in offers.items()
    }


def together(parts: Iterable[Figures]) -> dict[str, Figures]:
    """Figures added up per currency. Someone in two offers counts twice."""
    sums: dict[str, Figures] = {}
    for part in parts:
        so_far = sums.get(part.currency, Figures(part.currency, NOTHING, 0, 0))
        sums[part.currency] = Figures(
            part.currency,
            so_far.totals.plus(part.totals),
            so_far.members + part.members,
            so_far.members_with_conversions + part.members_with_conversions,
        )
    return sums


def _by_day(rows: QuerySet[Any]) -> dict[date, Totals]:
    found = rows.values("day").annotate(**_sums()).order_by("day")
    return {row["day"]: _totals(row) for row in found}


def _sums() -> dict[str, Sum]:
    return {f"sum_{name}": Sum(name) for name in FIGURES}


def _totals(row: Mapping[str, Any]) -> Totals:
    return Totals(**{name: row[f"sum_{name}"] for name in FIGURES})
