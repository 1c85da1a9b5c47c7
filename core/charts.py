"""Compute the geometry of a bar chart on the server: numbers in, percentages out.

All positions are percentages of the drawing, so it fits every width without stretching its text.
The markup is in the component `bar_chart`. Nothing here knows what the numbers mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

GAP = 0.2  # of a bar's share of the width
MAX_LABELS = 5  # under the bars: so many dates fit on a phone
MIN_BAR_HEIGHT_PERCENT = 0.8  # so that a value other than zero is always visible


@dataclass(frozen=True, slots=True)
class Point:
    """One value, the label under its bar, and the amount as text; and what it is compared with."""

    label: str
    value: int
    shown: str
    earlier: int | None = None
    earlier_shown: str = ""


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
    earlier_shown: str
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
    """A drawn series. `points` holds its numbers, for the table of the same values.

    `earlier` is the line of what they are compared with: corners in a square of 100, "" for none.
    """

    name: str
    summary: str
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    labels: tuple[AxisLabel, ...]
    points: tuple[Point, ...]
    is_empty: bool
    earlier: str = ""


def bar_chart(series: Series) -> BarChart:
    """Return the drawing of `series`. Raises ValueError when it has no point."""
    if not series.points:
        raise ValueError("a chart needs at least one point")
    values = [point.value for point in series.points]
    compared = [point.earlier for point in series.points if point.earlier is not None]
    low, high, step = _scale(min(0, *values, *compared), max(0, *values, *compared))
    return BarChart(
        name=series.name,
        summary=_summary(series),
        bars=tuple(_bars(series.points, low, high)),
        ticks=tuple(
            Tick(_percent(_y(value, low, high)), series.show(value), value == 0)
            for value in (range(low, high + 1, step) if any(values) or any(compared) else (0,))
        ),
        labels=_labels(series.points),
        points=series.points,
        is_empty=not any(values) and not any(compared),
        earlier=_line(series.points, low, high) if any(compared) else "",
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
                earlier_shown=point.earlier_shown,
                is_negative=point.value < 0,
            )
        )
    return drawn


def _line(points: Sequence[Point], low: int, high: int) -> str:
    """The corners of the line of earlier values, one in the middle of each bar that has one."""
    share = 100 / len(points)
    return " ".join(
        f"{share * (index + 0.5):.2f},{_y(point.earlier, low, high):.2f}"
        for index, point in enumerate(points)
        if point.earlier is not None
    )


def _labels(points: Sequence[Point]) -> tuple[AxisLabel, ...]:
    """At most MAX_LABELS at equal distances, the last one under the last bar."""
    last = len(points) - 1
    step = max(1, -(-last // (MAX_LABELS - 1)))
    share = 100 / len(points)
    labels = []
    for index in range(last % step, last + 1, step):
        if index == 0:
            x, anchor = 0.0, "start"
        elif index == last:
            x, anchor = 100.0, "end"
        else:
            x, anchor = share * (index + 0.5), "middle"
        labels.append(AxisLabel(_percent(x), anchor, points[index].label))
    return tuple(labels)


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
