"""A range of days cut into the bars of a chart."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.figures.metrics import ALL_TIME, DateRange
from tracking.figures.time_series import Grain, time_series
from tracking.models.totals import NOTHING, Totals

TODAY = date(2026, 11, 20)
DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2028, 12, 31))


@pytest.mark.parametrize(
    ("days", "grain", "bars"),
    [
        (1, Grain.DAY, 1),
        (45, Grain.DAY, 45),
        (46, Grain.WEEK, 7),
        (400, Grain.WEEK, 58),
        (401, Grain.MONTH, 14),
    ],
)
def test_longer_ranges_have_wider_bars(days: int, grain: Grain, bars: int) -> None:
    found = time_series({}, period=DateRange.of_days(days, today=TODAY), today=TODAY)

    assert (found.grain, len(found.intervals)) == (grain, bars)


def test_the_last_week_is_whole_and_the_first_may_be_short() -> None:
    found = time_series({}, period=DateRange(date(2026, 9, 1), TODAY), today=TODAY)

    lengths = [(interval.last - interval.first).days + 1 for interval in found.intervals]
    assert lengths == [4, *[7] * 11]


def test_all_time_begins_with_the_first_known_day() -> None:
    sold = Totals(conversions=1, sales_minor=500)

    found = time_series({date(2026, 11, 18): sold}, period=ALL_TIME, today=TODAY)

    assert [(interval.first.day, interval.totals) for interval in found.intervals] == [
        (18, sold),
        (19, NOTHING),
        (20, NOTHING),
    ]


def test_no_days_at_all_make_one_empty_bar() -> None:
    found = time_series({}, period=ALL_TIME, today=TODAY)

    assert [interval.totals for interval in found.intervals] == [NOTHING]


@given(first=DAYS, length=st.integers(1, 1_500), sales=st.lists(st.integers(0, 1_499), max_size=20))
def test_bars_cover_every_day_once_and_lose_nothing(
    first: date, length: int, sales: list[int]
) -> None:
    last = first + timedelta(days=length - 1)
    days = {
        first + timedelta(days=offset): Totals(conversions=1, sales_minor=offset)
        for offset in sales
        if offset < length
    }

    found = time_series(days, period=DateRange(first, last), today=TODAY)

    starts = [interval.first for interval in found.intervals]
    ends = [interval.last for interval in found.intervals]
    assert starts == [first, *(end + timedelta(days=1) for end in ends[:-1])]
    assert ends[-1] == last
    sums = NOTHING
    for interval in found.intervals:
        sums = sums.plus(interval.totals)
    assert sums.conversions == len(days)
    assert sums.sales_minor == sum(totals.sales_minor for totals in days.values())
