"""The next day on which a hold ends, and what becomes payable on it."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payouts.member_view import next_payable
from payouts.models import LedgerEntry
from tests.architecture.world import undone
from tests.cast import NOW, Cast

pytestmark = pytest.mark.usefixtures("at_juniper")
LONDON = ZoneInfo("Europe/London")
# The clock goes forward in the night after the first, and back in the night after the second.
BEGINNINGS = (datetime(2027, 3, 27, 12, tzinfo=UTC), datetime(2027, 10, 30, 12, tzinfo=UTC))
Held = list[tuple[int, datetime]]  # minor units, and the end of the hold


def hold(cast: Cast, held: Held) -> None:
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            enrollment=cast.mara_in_glow,
            kind="adjustment",
            amount_minor=minor,
            currency="GBP",
            posted_at=NOW,
            available_at=until,
        )
        for minor, until in held
    )


def found(cast: Cast, now: datetime) -> tuple[date, int] | None:
    with timezone.override(LONDON):
        return next_payable(enrollment_id=cast.mara_in_glow.pk, now=now)


def by_day(held: Held, now: datetime) -> tuple[date, int] | None:
    """The same by adding up each day."""
    days: dict[date, int] = defaultdict(int)
    for minor, until in held:
        if until > now:
            days[until.astimezone(LONDON).date()] += minor
    return next(((day, minor) for day, minor in sorted(days.items()) if minor > 0), None)


@pytest.mark.parametrize("begin", BEGINNINGS)
@given(
    entries=st.lists(
        st.tuples(st.integers(-500, 500).filter(bool), st.integers(-5, 100)), max_size=8
    )
)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_it_is_what_each_days_sum_says(
    cast: Cast, begin: datetime, entries: list[tuple[int, int]]
) -> None:
    held = [(minor, begin + timedelta(hours=hours)) for minor, hours in entries]
    with undone():
        hold(cast, held)

        assert found(cast, begin) == by_day(held, begin)


def test_one_query_finds_it_unless_that_day_takes_back_what_it_frees(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    begin = BEGINNINGS[0]
    hold(cast, [(5, begin + timedelta(days=2)), (7, begin + timedelta(days=9))])
    found(cast, begin)
    with django_assert_num_queries(1):
        assert found(cast, begin) == (date(2027, 3, 29), 5)

    hold(cast, [(-5, begin + timedelta(days=2, hours=1))])
    with django_assert_num_queries(2):
        assert found(cast, begin) == (date(2027, 4, 5), 7)
