"""What every test may ask for."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from affiliates.code_mail import SENDERS
from core.tenancy import acting_for
from tests.cast import Cast, cast

__all__ = ["cast"]

# No test is timed: a busy machine is no defect.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def _codes_are_mailed_within_the_test(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Mail codes as soon as the answer is out, in the test's own transaction.

    With a live server, or for who asks for `threads`, the threads of the product do it.
    """
    if {"live_server", "threads"} & set(request.fixturenames):
        yield
        SENDERS.stop()
    else:
        monkeypatch.setattr(SENDERS, "wake", SENDERS.do_all)
        yield


@pytest.fixture
def threads(transactional_db: None) -> None:
    """Codes are mailed by threads, as in earnest."""


@pytest.fixture
def at_juniper(cast: Cast) -> Iterator[Cast]:
    """Whatever the test reads by itself is Juniper's."""
    with acting_for(cast.juniper):
        yield cast
