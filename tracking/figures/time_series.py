"""Group a period into the intervals of a chart: days, weeks or months, by its length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from tracking.figures.metrics import DateRange
from tracking.models.totals import NOTHING, Totals

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
    sums = dict.fromkeys(edges, NOTHING)
    for day, totals in days.items():
        edge = next((edge for edge in edges if edge[0] <= day <= edge[1]), None)
        if edge is not None:
            sums[edge] = sums[edge].plus(totals)
    return TimeSeries(grain, tuple(Interval(*edge, totals) for edge, totals in sums.items()))


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
