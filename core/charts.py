"""Compute the geometry of a bar chart on the server: numbers in, percentages out.

All positions are percentages of the drawing, so it fits every width without stretching its text.
The markup is in the component `bar_chart`. Nothing here knows what the numbers mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

GAP = 0.2  # of a bar's share of the width
MIN_BAR_HEIGHT_PERCENT = 0.8  # so that a value other than zero is always visible


@dataclass(frozen=True, slots=True)
class Point:
    """One value, the label under its bar, and the amount as text."""

    label: str
    value: int
    shown: str


@dataclass(frozen=True, slots=True)
class Series:
    """Named values in order, at least one. `show` formats a value for the scale ("£1,000")."""

    name: str
    points: tuple[Point, ...]
    show: Callable[[int], str] = str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, in percent from the drawing's top left corner. Its slot reacts to the pointer."""

    x: str
    y: str
    width: str
    height: str
    slot_x: str
    slot_width: str
    label: str
    shown: str
    is_negative: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """One line of the scale; all lines have the same distance."""

    y: str
    shown: str
    is_zero: bool


@dataclass(frozen=True, slots=True)
class AxisLabel:
    """One label under the bars."""

    x: str
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """A drawn series. `points` holds its numbers, for the table of the same values."""

    name: str
    summary: str
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    labels: tuple[AxisLabel, ...]
    points: tuple[Point, ...]
    is_empty: bool


def bar_chart(series: Series) -> BarChart:
    """Return the drawing of `series`. Raises ValueError when it has no point."""
    if not series.points:
        raise ValueError("a chart needs at least one point")
    values = [point.value for point in series.points]
    low, high, step = _scale(min(0, *values), max(0, *values))
    return BarChart(
        name=series.name,
        summary=_summary(series),
        bars=tuple(_bars(series.points, low, high)),
        ticks=tuple(
            Tick(_percent(_y(value, low, high)), series.show(value), value == 0)
            for value in (range(low, high + 1, step) if any(values) else (0,))
        ),
        labels=_labels(series.points),
        points=series.points,
        is_empty=not any(values),
    )


def _scale(low: int, high: int) -> tuple[int, int, int]:
    """Return round limits around the values, and the step between two lines of the scale."""
    step = _round_step(max(high - low, 1))
    return low // step * step, -(-high // step) * step or (0 if low < 0 else step), step


def _round_step(span: int) -> int:
    """Return the smallest of 1, 2, 5, 10, 20, 50, … that needs at most four lines over `span`."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if factor * power * 4 >= span:
                return factor * power
        power *= 10


def _bars(points: Sequence[Point], low: int, high: int) -> list[Bar]:
    share = 100 / len(points)
    zero = _y(0, low, high)
    drawn = []
    for index, point in enumerate(points):
        height = abs(_y(point.value, low, high) - zero)
        if point.value:
            height = max(height, MIN_BAR_HEIGHT_PERCENT)
        top = zero if point.value < 0 else zero - height
        drawn.append(
            Bar(
                x=_percent(share * (index + GAP / 2)),
                y=_percent(top),
                width=_percent(share * (1 - GAP)),
                height=_percent(height),
                slot_x=_percent(share * index),
                slot_width=_percent(share),
                label=point.label,
                shown=point.shown,
                is_negative=point.value < 0,
            )
        )
    return drawn


def _labels(points: Sequence[Point]) -> tuple[AxisLabel, ...]:
    """The first and the last label, and the middle one where there is room."""
    first = AxisLabel("0%", "start", points[0].label)
    if len(points) == 1:
        return (first,)
    last = AxisLabel("100%", "end", points[-1].label)
    if len(points) < 7 or len(points) % 2 == 0:
        return (first, last)
    return (first, AxisLabel("50%", "middle", points[len(points) // 2].label), last)


def _summary(series: Series) -> str:
    first, last = series.points[0], series.points[-1]
    if len(series.points) == 1:
        values = {"name": series.name, "amount": first.shown, "label": first.label}
        return _("%(name)s: %(amount)s (%(label)s)") % values
    span = {"name": series.name, "first": first.label, "last": last.label}
    if not any(point.value for point in series.points):
        return _("%(name)s, %(first)s to %(last)s: nothing yet") % span
    highest = max(series.points, key=lambda point: point.value)
    return _(
        "%(name)s, %(first)s to %(last)s: highest %(highest)s on %(label)s, last %(latest)s"
    ) % (span | {"highest": highest.shown, "label": highest.label, "latest": last.shown})


def _y(value: int, low: int, high: int) -> float:
    return 100 * (high - value) / (high - low)


def _percent(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".") + "%"
