"""The card of figures: sums of a range, changes to the range before, and the chart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from django.utils.translation import gettext as _

from core.charts import BarChart, Point, Series, bar_chart
from core.money import Money
from core.templatetags.display import (
    after_refunds,
    change_in_percent,
    count,
    day,
    money,
    short_money,
    signed,
)
from offers.models import Enrollment
from tracking.figures.metrics import (
    DateRange,
    Figures,
    days_of_enrollment,
    figures_of_days,
    today,
)
from tracking.figures.time_series import Grain, Interval, time_series
from tracking.models.totals import Totals

DASH = "\N{EN DASH}"
LONG_RANGE_DAYS = 366  # a longer chart begins with the first day that has figures


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure as shown on the page, and its change against the range before."""

    label: str
    value: str
    change: str
    tone: str


@dataclass(frozen=True, slots=True)
class Numbers:
    """The contents of the card. `chart` is None for less than two bars."""

    figures: tuple[Figure, ...]
    compared_with: str
    chart: BarChart | None
    chart_note: str
    pending: int


def numbers_of(enrollment: Enrollment, period: DateRange) -> Numbers:
    """Return the figures of one member in one offer. One query."""
    offer = enrollment.offer
    earlier = period.before()
    read = DateRange(earlier.first, period.last) if earlier else period
    days = days_of_enrollment(enrollment.pk, period=read)
    figures = figures_of_days(days, currency=offer.currency, period=period)
    before = figures_of_days(days, currency=offer.currency, period=earlier) if earlier else None
    chart, grain = _chart(
        {day: totals for day, totals in days.items() if period.holds(day)}, period, offer.currency
    )
    shown = _figures(figures, before, with_clicks=offer.gives_links)
    has_changes = any(figure.change for figure in shown)
    return Numbers(
        figures=shown,
        compared_with=_days(earlier) if earlier and has_changes else "",
        chart=chart,
        chart_note=_per(grain),
        pending=figures.totals.pending,
    )


def _figures(now: Figures, before: Figures | None, *, with_clicks: bool) -> tuple[Figure, ...]:
    figures = [
        _amount(_("Earnings"), now.commission, before.commission if before else None),
        _with_refunds(_amount(_("Sales"), now.sales, before.sales if before else None), now),
        _count(
            _("Conversions"), now.totals.conversions, before.totals.conversions if before else None
        ),
    ]
    if with_clicks:
        clicks_before = before.totals.clicks if before else None
        figures.append(_count(_("Clicks"), now.totals.clicks, clicks_before))
    return tuple(figures)


def _with_refunds(sales: Figure, now: Figures) -> Figure:
    kept = after_refunds(now.sales, now.refunds)
    return replace(sales, change=" · ".join(filter(None, (sales.change, kept))))


def _amount(label: str, now: Money, before: Money | None) -> Figure:
    if before is None or now == before:
        return Figure(label, money(now), "", "")
    difference = now - before
    if before.minor <= 0:
        return Figure(label, money(now), signed(difference.minor, money(_size(difference))), "good")
    change = change_in_percent(now.minor, before.minor)
    change = change or signed(difference.minor, money(_size(difference)))
    return Figure(label, money(now), change, _tone(difference.minor))


def _count(label: str, now: int, before: int | None) -> Figure:
    if before is None or now == before:
        return Figure(label, count(now), "", "")
    change = signed(now - before, count(abs(now - before)))
    return Figure(label, count(now), change, _tone(now - before))


def _size(amount: Money) -> Money:
    return replace(amount, minor=abs(amount.minor))


def _tone(difference: int) -> str:
    return "good" if difference > 0 else ""


def _chart(
    days: Mapping[date, Totals], period: DateRange, currency: str
) -> tuple[BarChart | None, Grain]:
    """Earnings over the past days of the period. A long empty start is left out."""
    now = today()
    earliest = min([now, *days])
    first = period.first or earliest
    if (now - first).days > LONG_RANGE_DAYS:
        first = max(first, earliest)
    last = min(period.last or now, now)
    if first >= last:
        return None, Grain.DAY
    series = time_series(days, period=DateRange(first, last), today=now)
    points = tuple(_point(interval, series.grain, currency) for interval in series.intervals)
    bars = Series(
        _per(series.grain), points, show=lambda minor: short_money(Money(minor, currency))
    )
    chart = bar_chart(bars)
    return (None if chart.is_empty else chart), series.grain


def _point(interval: Interval, grain: Grain, currency: str) -> Point:
    earned = interval.totals.commission_minor
    return Point(_label(interval, grain), earned, money(Money(earned, currency)))


def _label(interval: Interval, grain: Grain) -> str:
    if grain is Grain.DAY:
        return day(interval.first, "short")
    if grain is Grain.WEEK:
        return f"{day(interval.first, 'short')} {DASH} {day(interval.last, 'short')}"
    return day(interval.first, "month")


def _per(grain: Grain) -> str:
    """The meaning of one bar of the chart."""
    if grain is Grain.DAY:
        return _("Earnings per day")
    return _("Earnings per week") if grain is Grain.WEEK else _("Earnings per month")


def _days(period: DateRange) -> str:
    first, last = period.first, period.last
    if first == last:
        return day(first)
    return f"{_day_of(first, last)} {DASH} {day(last)}"


def _day_of(first: date | None, last: date | None) -> str:
    same_year = first is not None and last is not None and first.year == last.year
    return day(first, "short") if same_year else day(first)
