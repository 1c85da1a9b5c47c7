"""The period before a period, to compare with."""

from __future__ import annotations

from datetime import date

import pytest

from tracking.figures.metrics import ALL_TIME, DateRange


@pytest.mark.parametrize(
    ("period", "before"),
    [
        (
            DateRange(date(2026, 11, 20), date(2026, 11, 20)),
            DateRange(date(2026, 11, 19), date(2026, 11, 19)),
        ),
        (
            DateRange(date(2026, 11, 14), date(2026, 11, 20)),
            DateRange(date(2026, 11, 7), date(2026, 11, 13)),
        ),
        (DateRange(date(1, 1, 2), date(1, 1, 2)), DateRange(date(1, 1, 1), date(1, 1, 1))),
        (DateRange(date(1, 1, 1), date(2026, 11, 20)), None),
        (DateRange(date(2026, 11, 1), None), None),
        (ALL_TIME, None),
    ],
)
def test_it_is_as_long_and_ends_the_day_before(period: DateRange, before: DateRange | None) -> None:
    assert period.before() == before
