"""Group a period into the intervals of a chart: days, weeks or months, by its length."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from tracking.figures.metrics import DateRange
from tracking.models.totals import Totals, add_up

MAX_DAYS_CUT_BY_DAY = 45  # a longer range is cut into weeks
MAX_DAYS_CUT_BY_WEEK = 400  # a longer one into months


class Grain(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Interval:
    """The totals from `first` to `last`, both included."""

    first: date
    last: date
    totals: Totals


@dataclass(frozen=True, slots=True)
class TimeSeries:
    grain: Grain
    intervals: tuple[Interval, ...]


def time_series(days: Mapping[date, Totals], *, period: DateRange, today: date) -> TimeSeries:
    """Return intervals over the whole period, also empty ones.

    An open end of the period is the first or last known day. Weeks are counted back from the end,
    so the last bar holds seven days and does not look like a fall; only the first may be shorter.
    Months are calendar months.
    """
    first = period.first or min(days, default=today)
    last = period.last or max([today, *days])
    grain = _grain((last - first).days + 1)
    edges = _edges(first, last, grain)
    starts = [start for start, _end in edges]
    totals_in: list[list[Totals]] = [[] for _edge in edges]
    for day, totals in days.items():
        if first <= day <= last:
            totals_in[bisect_right(starts, day) - 1].append(totals)
    intervals = [
        Interval(*edge, add_up(found)) for edge, found in zip(edges, totals_in, strict=True)
    ]
    return TimeSeries(grain, tuple(intervals))


def _grain(length: int) -> Grain:
    if length <= MAX_DAYS_CUT_BY_DAY:
        return Grain.DAY
    return Grain.WEEK if length <= MAX_DAYS_CUT_BY_WEEK else Grain.MONTH


def _edges(first: date, last: date, grain: Grain) -> list[tuple[date, date]]:
    """Compute the intervals' limits from the last to the first; return them in order."""
    edges = []
    end = last
    while end >= first:
        start = max(first, _start(end, grain))
        edges.append((start, end))
        end = start - timedelta(days=1)
    return edges[::-1]


def _start(end: date, grain: Grain) -> date:
    if grain is Grain.DAY:
        return end
    return end - timedelta(days=6) if grain is Grain.WEEK else end.replace(day=1)
