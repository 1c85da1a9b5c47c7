"""Figures over time as a bar chart, for Home and Sales Tracking; compared with an earlier time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from core.charts import BarChart, Point, Series, bar_chart
from core.money import Money
from core.templatetags.display import count, day, money, short_money
from tracking.figures.metrics import DateRange
from tracking.figures.time_series import Grain, Interval, time_series
from tracking.models.totals import Totals, add_up


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure that a chart can show."""

    label: str
    read: Callable[[Totals], int]
    is_money: bool = False


MEASURES = {
    "sales": Measure("Sales", lambda totals: totals.sales_minor, is_money=True),
    "commission": Measure("Commission", lambda totals: totals.commission_minor, is_money=True),
    "conversions": Measure("Conversions", lambda totals: totals.conversions),
    "clicks": Measure("Clicks", lambda totals: totals.clicks),
}


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a chart is compared with: the totals by day, and how many days earlier they are."""

    days: Mapping[date, Totals]
    distance: timedelta
    label: str

    def between(self, first: date, last: date) -> Totals:
        """Return the totals of the days that are compared with these."""
        start, end = first - self.distance, last - self.distance
        return add_up(found for day, found in self.days.items() if start <= day <= end)


@dataclass(frozen=True, slots=True)
class DrawnMeasure:
    """A chart, the key of its figure, and the keys and labels of the other figures."""

    chart: BarChart
    currency: str
    grain: Grain
    key: str
    choices: tuple[tuple[str, str], ...]
    earlier: str = ""  # what the line of earlier values is


def draw(
    days: Mapping[date, Totals],
    *,
    key: str,
    period: DateRange,
    today: date,
    currency: str,
    with_clicks: bool = True,
    began: date | None = None,
    earlier: Earlier | None = None,
) -> DrawnMeasure:
    """Draw the figure `key` (if unknown, sales), with one bar per day, week or month.

    No bar is before `began`, the brand's first day, while the period reaches it.
    """
    offered = {name: item for name, item in MEASURES.items() if with_clicks or name != "clicks"}
    chosen = key if key in offered else "sales"
    measure = offered[chosen]
    bars = time_series(days, period=_since(period, began), today=today)
    shown = _written_by(money, measure, currency)
    points = tuple(
        _point(interval, bars.grain, measure, shown, earlier) for interval in bars.intervals
    )
    series = Series(
        name=f"{measure.label} per {bars.grain.value}",
        points=points,
        show=_written_by(short_money, measure, currency),
    )
    choices = tuple((name, item.label) for name, item in offered.items())
    label = earlier.label if earlier else ""
    return DrawnMeasure(bar_chart(series), currency, bars.grain, chosen, choices, label)


def _since(period: DateRange, began: date | None) -> DateRange:
    """Return the period without the days before the brand began."""
    last = period.last or date.max
    if began is None or began > last or (period.first and period.first >= began):
        return period
    return DateRange(began, period.last)


def _point(
    interval: Interval,
    grain: Grain,
    measure: Measure,
    shown: Callable[[int], str],
    earlier: Earlier | None,
) -> Point:
    value, label = measure.read(interval.totals), _label(interval, grain)
    if earlier is None:
        return Point(label, value, shown(value))
    before = measure.read(earlier.between(interval.first, interval.last))
    return Point(label, value, shown(value), before, shown(before))


def _label(interval: Interval, grain: Grain) -> str:
    """Return the label of a bar; a week is named by its first day."""
    return f"{interval.first:%b %Y}" if grain is Grain.MONTH else day(interval.first, "short")


def _written_by(
    write: Callable[[Money], str], measure: Measure, currency: str
) -> Callable[[int], str]:
    """Return how a value of the figure is written; `write` is for amounts."""
    return (lambda minor: write(Money(minor, currency))) if measure.is_money else count
