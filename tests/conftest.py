"""What every test may ask for."""

import gc
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from core.tenancy import acting_for
from tests.cast import Cast
from tests.databases import (
    cast,
    database_of_test,
    databases,
    django_db_setup,
    pytest_itemcollected,
    world,
)

__all__ = [
    "cast", "database_of_test", "databases", "django_db_setup", "pytest_itemcollected", "world",
]  # fmt: skip

# No test is timed: a busy machine is no defect.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# The product, its libraries and the tests are a million objects that live to the end. Python looks
# through them for garbage as a program allocates, by default after every 700 objects.
gc.set_threshold(100_000, 20, 100)

# What takes longest starts first, the longest before all, so that a run does not end with one
# process waiting for the other.
SLOW_FIRST = (
    "tests/notifications/test_faults.py",
    "tests/local/test_run.py",
    "tests/journeys/",
    "tests/portal/test_ten_thousand_events.py",
    "tests/security/test_payout_details.py",
    "tests/tracking/commissions/test_ledger_laws.py",
    "tests/core/test_scripts.py",
    "tests/architecture/test_urls.py",
    "tests/api/test_concurrency.py",
    "tests/local/",
    "tests/faults/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=order_of)


def pytest_collection_finish() -> None:
    gc.freeze()  # nothing that is there by now is garbage before the end


def order_of(item: pytest.Item) -> int:
    """Its place among the slow ones; all others come after them, in the order they are in."""
    places = (n for n, name in enumerate(SLOW_FIRST) if item.nodeid.startswith(name))
    return next(places, len(SLOW_FIRST))


@pytest.fixture
def at_juniper(cast: Cast) -> Iterator[Cast]:
    """Whatever the test reads by itself is Juniper's."""
    with acting_for(cast.juniper):
        yield cast
