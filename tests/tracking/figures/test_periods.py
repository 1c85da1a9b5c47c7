"""Ranges of days: kept between the brand's first fact and today, whatever an address names."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts.models import Brand
from core.tenancy import acting_for
from tests.cast import NOW, SYSTEM, Cast, order
from tracking.figures.metrics import DateRange
from tracking.figures.periods import BRAND_CHOICES, Bounds, bounds, choose
from tracking.orders.recording import record_order

FIRST, TODAY = date(2026, 3, 1), date(2026, 11, 20)
BOUNDS = Bounds(FIRST, TODAY)


def chosen(first: str, last: str) -> tuple[DateRange, str]:
    found = choose(
        {"range": "custom", "first": first, "last": last},
        choices=BRAND_CHOICES, default="30d", today=TODAY, bounds=lambda: BOUNDS,
    )  # fmt: skip
    return found.period, found.problem


@pytest.mark.parametrize(
    ("first", "last", "period"),
    [
        ("0001-01-01", "9999-12-31", DateRange(FIRST, TODAY)),
        ("0026-01-01", "2026-04-01", DateRange(FIRST, date(2026, 4, 1))),
        ("1900-01-01", "2026-03-01", DateRange(FIRST, FIRST)),
        ("2026-11-20", "9999-12-31", DateRange(TODAY, TODAY)),
        ("2026-04-01", "2026-04-02", DateRange(date(2026, 4, 1), date(2026, 4, 2))),
    ],
)
def test_a_range_is_kept_within_the_bounds(first: str, last: str, period: DateRange) -> None:
    assert chosen(first, last) == (period, "")


@pytest.mark.parametrize(
    ("first", "last", "problem"),
    [
        ("0001-01-01", "0001-12-31", "There is nothing before 1 March 2026"),
        ("2026-11-21", "9999-12-31", "This day is in the future"),
        ("9999-12-31", "0001-01-01", "The last day is before the first"),
        ("2026-04-02", "2026-04-01", "The last day is before the first"),
        ("", "", "Choose both days"),
        ("garbage", "2026-04-01", "Choose both days"),
        ("10000-01-01", "2026-04-01", "Choose both days"),
        ("2026-02-30", "2026-04-01", "Choose both days"),
    ],
)
def test_what_can_t_be_shown_is_said_and_the_usual_range_is_shown(
    first: str, last: str, problem: str
) -> None:
    usual = DateRange.of_days(30, today=TODAY)

    period, said = chosen(first, last)

    assert period == usual
    assert said.replace("Mar 1, 2026", "1 March 2026").replace("1 Mar 2026", "1 March 2026") == (
        problem
    )


@pytest.mark.parametrize(
    ("first", "last", "limits"),
    [
        (date.min, date.max, (None, None)),
        (FIRST, TODAY, (None, None)),
        (date.max, None, (TODAY + timedelta(days=1), None)),
        (None, date.min, (None, FIRST - timedelta(days=1))),
        (date(2026, 4, 1), date(2026, 4, 2), (date(2026, 4, 1), date(2026, 4, 2))),
        (None, None, (None, None)),
    ],
)
def test_a_list_is_limited_by_days_within_the_bounds_alone(
    first: date | None, last: date | None, limits: tuple[date | None, date | None]
) -> None:
    assert BOUNDS.limits(first, last) == limits


def test_the_first_fact_is_a_sale_or_the_brand_itself(cast: Cast) -> None:
    """An order from before the brand was here counts by its month."""
    with acting_for(cast.juniper):
        Brand.objects.filter(pk=cast.juniper.pk).update(created_at=NOW - timedelta(days=10))
        assert bounds().first == date(2026, 11, 10)
        old = order("old", ordered_at="2024-05-17T10:00:00+00:00")
        record_order(source="shop", order=old, by=SYSTEM, now=NOW)

        assert bounds().first == date(2024, 5, 1)
    with acting_for(cast.saltmarsh):
        assert bounds().first > date(2024, 5, 1)


def test_no_bounds_are_looked_up_for_a_range_that_is_not_custom() -> None:
    def never() -> Bounds:
        raise AssertionError

    found = choose(
        {"range": "6m", "first": "0001-01-01"}, choices=BRAND_CHOICES, default="30d", today=TODAY,
        bounds=never,
    )  # fmt: skip

    assert found.key == "6m"
