"""The two databases of a test process: an empty one, and one in which the cast already stands.

To put the cast into a database takes longer than most tests, so each process does it once. A test
that asks for `cast` and does everything in one transaction, which is undone at its end, runs on
the second database; all others run on the first.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests.cast import Cast, assemble
from tests.template import TEMPLATE

COMMITTING = {"transactional_db", "live_server"}  # fixtures


@dataclass
class Databases:
    """Their names, and the cast as it was put into the second."""

    empty: str
    furnished: str
    pickled_cast: bytes = b""

    def use(self, name: str) -> None:
        """Lead this process to one of them."""
        assert not connection.in_atomic_block, "a test left its transaction open"
        if connection.settings_dict["NAME"] != name:
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]
            connection.settings_dict["NAME"] = name

    def furnish(self) -> None:
        """Make the second one, if nobody has needed it yet."""
        if not self.pickled_cast:
            with connection._nodb_cursor() as cursor:
                cursor.execute(f'DROP DATABASE IF EXISTS "{self.furnished}"')
                cursor.execute(f'CREATE DATABASE "{self.furnished}" TEMPLATE "{TEMPLATE}"')
            self.use(self.furnished)
            self.pickled_cast = pickle.dumps(assemble())

    def drop(self) -> None:
        self.use(self.empty)
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
        with connection._nodb_cursor() as cursor:
            for name in (self.furnished, self.empty):
                # A server thread of a test may still close its connection.
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def databases(
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    django_db_modify_db_settings: None,
) -> Iterator[Databases]:
    """Of this process's own, copied from the migrated template."""
    connection.settings_dict["TEST"]["TEMPLATE"] = TEMPLATE
    with django_db_blocker.unblock():
        name = connection.creation._create_test_db(  # type: ignore[attr-defined]
            verbosity=0, autoclobber=True
        )
        kept, made = connection.settings_dict["NAME"], Databases(name, f"{name}_cast")
        made.use(name)  # and close what a test without a database may have opened
    yield made
    with django_db_blocker.unblock():
        made.drop()
        connection.settings_dict["NAME"] = kept


@pytest.fixture(scope="session")
def django_db_setup(databases: Databases) -> None:
    """What pytest-django asks for before the first test that uses a database."""


@pytest.fixture
def database_of_test(
    request: pytest.FixtureRequest, databases: Databases, django_db_blocker: DjangoDbBlocker
) -> None:
    """Comes before all other fixtures of a test that uses a database."""
    with django_db_blocker.unblock():
        if "cast" in request.fixturenames and not is_transactional(request.node):
            databases.furnish()
            databases.use(databases.furnished)
        else:
            databases.use(databases.empty)


@pytest.fixture
def cast(request: pytest.FixtureRequest, db: None, databases: Databases) -> Cast:
    """Everybody, as if they had been put into the database just now."""
    if is_transactional(request.node):
        return assemble()
    found: Cast = pickle.loads(databases.pickled_cast)  # noqa: S301 - written by this process
    return found


def is_transactional(item: pytest.Item) -> bool:
    """Whether a test commits what it does, by the rules of pytest-django."""
    marker = item.get_closest_marker("django_db")
    names = set(item.fixturenames)  # type: ignore[attr-defined]
    return bool(names & COMMITTING) or bool(marker and marker.kwargs.get("transaction"))


def pytest_itemcollected(item: pytest.Item) -> None:
    names = getattr(item, "fixturenames", [])
    # `live_server` asks for a database by itself, which its test's names do not show.
    uses_database = {"db", *COMMITTING} & set(names) or item.get_closest_marker("django_db")
    if uses_database and "database_of_test" not in names:
        names.insert(0, "database_of_test")
