"""What every test may ask for."""

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from itertools import islice
from unittest.mock import patch

import pytest
from django.test import override_settings
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

# Places whose tests take long, with the seconds that all of them take on a quiet machine. The first
# that fits counts. They start first, so that a run does not end with one process at work.
SLOW_FIRST = {
    "tests/journeys/test_accessibility.py": 75,
    "tests/journeys/": 90,
    "tests/faults/": 80,
    "tests/local/": 65,
    "tests/notifications/test_faults.py": 35,
    "tests/portal/test_in_browser.py": 20,
    "tests/security/test_payout_details.py": 15,
    "tests/integrations/test_killed_worker.py": 10,
    "tests/notifications/test_killed_worker.py": 10,
    "tests/tracking/commissions/test_ledger_laws.py": 60,
    "tests/architecture/test_urls.py": 10,
    "tests/core/test_scripts.py": 10,
    "tests/core/test_commands.py": 10,
    "tests/security/test_test_data.py": 10,
    "tests/api/test_openapi.py": 10,
    "tests/api/test_reference.py": 10,
    "tests/portal/test_random_events.py": 10,
}


# In the place of shops on the internet: nothing answers there.
NO_SHOPS = {"*.myshopify.com": "127.0.0.1:1", "api.stripe.com": "127.0.0.1:1"}


@pytest.fixture(autouse=True)
def no_shop_is_called() -> Iterator[None]:
    """No test calls a shop on the internet, or waits to call it once more."""
    from integrations.shopify.client import ShopifyClient  # needs the applications to be loaded

    defaults = ShopifyClient.__init__.__kwdefaults__
    assert defaults is not None
    with override_settings(STAND_INS=NO_SHOPS), patch.dict(defaults, sleep=lambda _seconds: None):
        yield


def pytest_collection(session: pytest.Session) -> None:
    """Load all tests, each process from another one on.

    pytest compiles each file of tests anew where it has not run yet, which takes half as long as
    all else before the first test. So each process compiles a part, and reads what others did.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker and session.config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        root = session.config.rootpath
        files = sorted(path.relative_to(root) for path in (root / "tests").rglob("test_*.py"))
        processes = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        first = len(files) * int(worker.removeprefix("gw")) // processes
        for path in files[first:] + files[:first]:
            with suppress(Exception, pytest.skip.Exception):  # told when the file is collected
                import_module(".".join(path.with_suffix("").parts))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = in_shares(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def pytest_collection_finish() -> None:
    gc.freeze()  # nothing that is there by now is garbage before the end


def in_shares(items: Sequence[pytest.Item], processes: int) -> list[pytest.Item]:
    """Sort tests such that each process begins with slow places, and all with equally much.

    pytest-xdist gives each process an equal share of the list. Later, one that has nothing left
    takes over half of what another has, from the end of it. Tests of one place stay together, as
    they use the same servers, and all others keep their order.
    """
    of_place: dict[str, list[pytest.Item]] = {name: [] for name in ("", *SLOW_FIRST)}
    for item in items:
        of_place[next(filter(item.nodeid.startswith, SLOW_FIRST), "")].append(item)
    others = iter(of_place.pop(""))
    shares: list[list[pytest.Item]] = [[] for _ in range(processes)]
    seconds = [0] * processes
    for name in sorted(SLOW_FIRST, key=SLOW_FIRST.__getitem__, reverse=True):
        least = seconds.index(min(seconds))
        shares[least] += of_place[name]
        seconds[least] += SLOW_FIRST[name]
    left = len(items)
    for number, share in enumerate(shares):
        size = left // (processes - number)
        share += islice(others, max(0, size - len(share)))
        left -= size
    return [item for share in shares for item in share]


@pytest.fixture
def at_juniper(cast: Cast) -> Iterator[Cast]:
    """Whatever the test reads by itself is Juniper's."""
    with acting_for(cast.juniper):
        yield cast
