"""The only definition of each figure, for admin, dashboard, portal, export and API.

- clicks: without robots, while offer and link are active; on the day of the click.
- conversions: accepted ones; pending ones are another figure. On the day of the order.
- sales: the amount of accepted orders before refunds; refunds: the amount given back of it;
  net sales: the rest. Screens show both.
- commission: the amount that accepted conversions earn now, net of refunds, and what clicks earned
  on their day.
- sales per member: sales by members with conversions. Average commission: all commission, that of
  clicks too, by members with conversions. Members who earned by clicks alone are not among them: no
  kept sum tells how many they are.
- due, held, on the way, paid: from the ledger, see payouts.ledger.Balance.

Days are in the brand's time zone. Refunds, approvals and rejections count on the order's day.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from operator import itemgetter
from typing import Any, TypeVar

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from core.kept_queries import kept_query
from core.money import Money, round_half_up
from offers.models import Enrollment
from tracking.models import DailyTotal, MonthTotal, OfferDay, SoldSpan
from tracking.models.totals import FIGURES, NOTHING, Totals, add_up

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DateRange:
    """Days from `first` to `last`, both included; None means no limit."""

    first: date | None = None
    last: date | None = None

    @classmethod
    def of_days(cls, days: int, *, today: date) -> DateRange:
        return cls(today - timedelta(days=days - 1), today)

    @classmethod
    def of_month(cls, day: date) -> DateRange:
        """Return the calendar month of the day."""
        return cls(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))

    def where(self) -> Q:
        found = Q()
        if self.first:
            found &= Q(day__gte=self.first)
        if self.last:
            found &= Q(day__lte=self.last)
        return found

    def moments(self) -> tuple[datetime, datetime]:
        """Return when the first day begins and the last is over, in the active time zone."""
        zone = timezone.get_current_timezone()
        since = datetime.combine(self.first, time.min, tzinfo=zone) if self.first else LONG_AGO
        if self.last is None or self.last >= FAR_AHEAD.date():
            return since, FAR_AHEAD
        return since, datetime.combine(self.last + timedelta(days=1), time.min, tzinfo=zone)

    def holds(self, day: date) -> bool:
        return (self.first or date.min) <= day <= (self.last or date.max)

    def before(self) -> DateRange | None:
        """Return the period of the same length directly before this one.

        None when this one has no limit, or when the calendar has no such days.
        """
        if self.first is None or self.last is None:
            return None
        days = (self.last - self.first).days + 1
        if days > (self.first - date.min).days:
            return None
        return DateRange(self.first - timedelta(days=days), self.first - timedelta(days=1))

    def year_before(self) -> DateRange | None:
        """Return the days of the same length that begin on the same date a year before.

        February 29 becomes February 28. None when this period has no limit.
        """
        if self.first is None or self.last is None or self.first.year == date.min.year:
            return None
        is_leap_day = (self.first.month, self.first.day) == (2, 29)
        start = self.first.replace(
            year=self.first.year - 1, day=28 if is_leap_day else self.first.day
        )
        return DateRange(start, start + (self.last - self.first))


ALL_TIME = DateRange()


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a group of enrollments in one currency and one period."""

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
    def net_sales(self) -> Money:
        return self.sales - self.refunds

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
    """Return today's date in the active time zone, the brand's."""
    return timezone.localdate()


def totals_by_enrollment(
    enrollments: Iterable[int] | QuerySet[Enrollment], *, period: DateRange = ALL_TIME
) -> dict[int, Totals]:
    """Return the totals by enrollment id, without empty ones. ALL_TIME reads monthly totals."""
    if isinstance(enrollments, QuerySet):
        rows = list(sums_by_enrollment(enrollments, first=period.first, last=period.last))
    else:
        rows = _kept_sums_by_enrollment(
            enrollments=list(enrollments), first=period.first, last=period.last
        )
    return totals_of_sums(rows)


def totals_of_sums(rows: Iterable[Any]) -> dict[int, Totals]:
    """Return what `sums_by_enrollment` selected, by enrollment id, without empty ones."""
    return _without_empty((row["enrollment_id"], _totals(row)) for row in rows)


def sums_by_enrollment(
    enrollments: list[int] | QuerySet[Enrollment],
    *,
    first: date | None = None,
    last: date | None = None,
) -> QuerySet[Any, Any]:
    """Select each enrollment's sums in these days, for a query that is kept with its selection."""
    found: QuerySet[Any] = MonthTotal.objects.all()
    if first or last:
        found = DailyTotal.objects.filter(DateRange(first, last).where())
    rows = found.filter(enrollment__in=enrollments).values("enrollment_id")
    summed: QuerySet[Any, Any] = rows.annotate(**_sums())
    return summed


_kept_sums_by_enrollment = kept_query(sums_by_enrollment)


def totals_by_offer(offer_ids: Iterable[int], *, period: DateRange = ALL_TIME) -> dict[int, Totals]:
    """Return the totals by offer id, without empty ones."""
    rows = _sums_by_offer(offer_ids=sorted(set(offer_ids)), first=period.first, last=period.last)
    return _without_empty((row["offer_id"], _totals(row)) for row in rows)


@kept_query
def _sums_by_offer(
    *, offer_ids: list[int], first: date | None, last: date | None
) -> QuerySet[Any, Any]:
    days = OfferDay.objects.filter(DateRange(first, last).where(), offer__in=offer_ids)
    return days.values("offer_id").annotate(**_sums())


def sellers_by_offer(offer_ids: Iterable[int], *, period: DateRange = ALL_TIME) -> dict[int, int]:
    """Return the number of members with conversions by offer id, without zeros.

    A member's first and last day of sales decide in most cases. Daily totals are read only when
    the first is before the period and the last after it.
    """
    first, last = period.first, period.last
    is_over = first is not None and last is not None and last < today()
    rows = _sellers_by_offer(
        offer_ids=sorted(set(offer_ids)),
        first=first,
        last=last,
        months_end=(last + timedelta(days=1)).replace(day=1) if is_over and last else None,
    )
    return dict(rows)


@kept_query
def _sellers_by_offer(
    *, offer_ids: list[int], first: date | None, last: date | None, months_end: date | None
) -> QuerySet[SoldSpan, Any]:
    found = SoldSpan.objects.filter(last_day__isnull=False, enrollment__offer__in=offer_ids)
    if first:
        found = found.filter(last_day__gte=first)
    if last:
        found = found.filter(first_day__lte=last)
    if first and last:
        is_inside = Q(first_day__gte=first) | Q(last_day__lte=last)
        found = found.filter(is_inside | _sold_between(first, last, months_end))
    return found.values_list("enrollment__offer_id").annotate(sellers=Count("pk"))


def _sold_between(first: date, last: date, months_end: date | None) -> Q:
    """Match enrollments with sales on these days: by whole months first, then by single days.

    `months_end` is the first day after the whole months; None for a period that is not over.
    """
    days = DailyTotal.objects.filter(
        enrollment=OuterRef("enrollment"), day__range=(first, last), conversions__gt=0
    )
    if months_end is None:
        return Q(Exists(days))
    months = MonthTotal.objects.filter(month__gte=first, month__lt=months_end)
    sums = months.values("enrollment_id").annotate(sum=Sum("conversions"))
    return Q(enrollment__in=sums.filter(sum__gt=0).values("enrollment_id")) | Q(Exists(days))


def days_of_enrollment(enrollment_id: int, *, period: DateRange) -> dict[date, Totals]:
    """Return one member's totals in one offer by day, without empty days."""
    rows = _days(enrollment_id=enrollment_id, first=period.first, last=period.last)
    return _without_empty((day, Totals(*parts)) for day, *parts in rows)


@kept_query
def _days(
    *, enrollment_id: int, first: date | None, last: date | None
) -> QuerySet[DailyTotal, Any]:
    days = DailyTotal.objects.filter(DateRange(first, last).where(), enrollment=enrollment_id)
    return days.order_by("day").values_list("day", *FIGURES)


def totals_by_day(enrollments: Collection[int], *, period: DateRange) -> dict[date, Totals]:
    """Return the sum of these enrollments' totals of each day, without empty days."""
    days = DailyTotal.objects.filter(period.where(), enrollment__in=enrollments)
    rows = days.values("day").annotate(**_sums()).order_by("day")
    return _without_empty((row["day"], _totals(row)) for row in rows)


def offers_totals_by_day(offer_ids: Iterable[int], *, period: DateRange) -> dict[date, Totals]:
    """Return the sum of these offers' totals of each day, without empty days, for a chart."""
    rows = _offers_by_day(offer_ids=sorted(set(offer_ids)), first=period.first, last=period.last)
    return _without_empty((row["day"], _totals(row)) for row in rows)


@kept_query
def _offers_by_day(
    *, offer_ids: list[int], first: date | None, last: date | None
) -> QuerySet[Any, Any]:
    days = OfferDay.objects.filter(DateRange(first, last).where(), offer__in=offer_ids)
    return days.values("day").annotate(**_sums()).order_by("day")


def figures(*, currency: str, members: int, totals: Iterable[Totals], sellers: int) -> Figures:
    """Return the figures of a group from the totals of its parts."""
    return Figures(
        currency=currency, totals=add_up(totals), members=members, members_with_conversions=sellers
    )


def figures_of_days(days: Mapping[date, Totals], *, currency: str, period: DateRange) -> Figures:
    """Return one member's figures in one offer, of those of their days that are in the period."""
    totals = add_up(of_day for day, of_day in days.items() if period.holds(day))
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
    """Return the figures by offer id.

    `offers` gives the currency and `members` the number of members by offer id. `with_sellers`
    False saves a query for pages that don't show members with conversions; the figure is then 0.
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


def add_up_by_currency(parts: Iterable[Figures]) -> dict[str, Figures]:
    """Return the figures added up per currency. A member of two offers counts twice."""
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


def _sums() -> dict[str, Sum]:
    return {f"sum_{name}": Sum(name) for name in FIGURES}


Key = TypeVar("Key")


def _without_empty(totals: Iterable[tuple[Key, Totals]]) -> dict[Key, Totals]:
    """Leave out what came and was taken back, such as a rejected order: its row stays, of zeros."""
    return {key: one for key, one in totals if one != NOTHING}


_parts_of = itemgetter(*(f"sum_{name}" for name in FIGURES))


def _totals(row: Mapping[str, Any]) -> Totals:
    return Totals(*_parts_of(row))
