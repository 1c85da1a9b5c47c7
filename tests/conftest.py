"""What every test may ask for."""

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
)

__all__ = ["cast", "database_of_test", "databases", "django_db_setup", "pytest_itemcollected"]

# No test is timed: a busy machine is no defect.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture
def at_juniper(cast: Cast) -> Iterator[Cast]:
    """Whatever the test reads by itself is Juniper's."""
    with acting_for(cast.juniper):
        yield cast
