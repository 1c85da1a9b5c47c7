"""The databases of a test process: an empty one, and one each that the cast or more is in.

To put the cast into a database takes longer than most tests, and the world takes twice as long, so
each process does it once. A test that asks for one of `MAKERS` and does everything in one
transaction, which is undone at its end, runs on a database of that; all others run on the empty.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

from tests.cast import Cast, assemble
from tests.copies import copied
from tests.emptying import empty_database
from tests.template import TEMPLATE

if TYPE_CHECKING:  # it loads every package, and most runs of a few tests don't need it
    from tests.architecture.world import World

COMMITTING = {"transactional_db", "live_server"}  # fixtures


def _make_world() -> World:
    from tests.architecture.world import furnish

    return furnish(assemble())


def _make_stage() -> object:
    from tests.api.nouns.stage import put_in

    return put_in(assemble())


def _make_unshared() -> World:
    from tests.security.unshared import furnish_unshared

    return furnish_unshared(assemble())


# What is in each database, by the fixture that asks for it; the first that a test asks for counts.
# The cast is a part of all others, which have it as their attribute.
MAKERS: dict[str, Callable[[], object]] = {
    "unshared": _make_unshared, "stage": _make_stage, "world": _make_world, "cast": assemble,
}  # fmt: skip


@dataclass
class Databases:
    """The name of the empty one, and what was put into the others, by fixture."""

    empty: str
    pickled: dict[str, bytes] = field(default_factory=dict)

    def use(self, name: str) -> None:
        """Lead this process to one of them."""
        assert not connection.in_atomic_block, "a test left its transaction open"
        if connection.settings_dict["NAME"] != name:
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]
            connection.settings_dict["NAME"] = name

    def use_furnished(self, fixture: str) -> None:
        """Lead this process to the one that has it, made if nobody has needed it yet."""
        name = self._name_of(fixture)
        if fixture not in self.pickled:
            with connection._nodb_cursor() as cursor:
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
                cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')
            self.use(name)
            with transaction.atomic():
                self.pickled[fixture] = pickle.dumps(MAKERS[fixture]())
                connection.run_on_commit.clear()  # no worker is to do what a test may do
        self.use(name)

    def content(self, fixture: str) -> Any:
        """What was put into its database, as if that had been done just now."""
        return pickle.loads(self.pickled[fixture])  # noqa: S301 - written by this process

    def _name_of(self, fixture: str) -> str:
        return f"{self.empty}_{fixture}"

    def drop(self) -> None:
        self.use(self.empty)
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
        with connection._nodb_cursor() as cursor:
            for name in (*map(self._name_of, MAKERS), self.empty):
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
        kept, made = connection.settings_dict["NAME"], Databases(name)
        made.use(name)  # and close what a test without a database may have opened
    yield made
    with django_db_blocker.unblock():
        made.drop()
        connection.settings_dict["NAME"] = kept


@pytest.fixture(scope="session")
def django_db_setup(databases: Databases) -> Iterator[None]:
    """What pytest-django asks for before the first test that uses a database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_database)
        yield


@pytest.fixture
def database_of_test(
    request: pytest.FixtureRequest, databases: Databases, django_db_blocker: DjangoDbBlocker
) -> None:
    """Comes before all other fixtures of a test that uses a database."""
    with django_db_blocker.unblock():
        fixture = _asked_for(request)
        if fixture and not is_transactional(request.node):
            databases.use_furnished(fixture)
        else:
            databases.use(databases.empty)


@pytest.fixture
def cast(request: pytest.FixtureRequest, db: None, databases: Databases) -> Cast:
    """Everybody, as if they had been put into the database just now."""
    if is_transactional(request.node):
        return copied("cast", assemble)
    furnished = _asked_for(request)
    if furnished != "cast":
        whole: Cast = request.getfixturevalue(furnished).cast
        return whole
    found: Cast = databases.content("cast")
    return found


@pytest.fixture
def world(db: None, databases: Databases) -> World:
    """Two brands with one of everything, for tests in one transaction; the cast is a part of it.

    A file that adds to it overrides it by a fixture that asks for this one, and not for `cast`.
    """
    found: World = databases.content("world")
    return found


def _asked_for(request: pytest.FixtureRequest) -> str:
    """The one of `MAKERS` that the test asks for, or ""."""
    return next((name for name in MAKERS if name in request.fixturenames), "")


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
