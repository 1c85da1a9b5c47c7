"""What every test may ask for."""

from collections.abc import Iterator

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

from core.tenancy import acting_for
from tests.cast import Cast, cast
from tests.template import TEMPLATE

__all__ = ["cast"]

# No test is timed: a busy machine is no defect.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    """A database of this process's own, copied from the migrated template."""
    test_settings = connection.settings_dict["TEST"]
    test_settings["TEMPLATE"] = TEMPLATE
    with django_db_blocker.unblock():
        name = connection.creation._create_test_db(verbosity=0, autoclobber=True)
        kept, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], name
    yield
    with django_db_blocker.unblock():
        connection.creation.destroy_test_db(kept, verbosity=0)


@pytest.fixture
def at_juniper(cast: Cast) -> Iterator[Cast]:
    """Whatever the test reads by itself is Juniper's."""
    with acting_for(cast.juniper):
        yield cast
