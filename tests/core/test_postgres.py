"""The pool hands out connections that work, and errors of an outage are told from our own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, ProgrammingError, connection, transaction

from config.unavailable import commits_sent
from core.postgres import outage_of
from core.postgres.connection import BoundedConnection, ServerSilentError
from core.postgres.outages import CommitUnknownError
from core.postgres.pool import Pool, PoolTimeoutError
from core.postgres.watch import ServerWatch


@pytest.fixture
def pool(db: None) -> Iterator[Pool]:
    """Two connections to the test's database."""
    parameters = {**connection.get_connection_params(), "autocommit": True}

    def connect() -> BoundedConnection:
        return BoundedConnection.connect(**parameters)

    one = Pool(connect, watch=ServerWatch(connect), max_size=2, wait_seconds=0.05)
    yield one
    one.close()


def test_a_connection_is_used_again_and_its_open_transaction_is_rolled_back(pool: Pool) -> None:
    first = pool.getconn()
    first.execute("BEGIN")
    pool.putconn(first)

    second = pool.getconn()

    assert second is first
    assert second.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    pool.putconn(second)


def test_a_statement_runs_in_the_process_of_its_connection(pool: Pool) -> None:
    one = pool.getconn()

    assert one.execute("SHOW max_parallel_workers_per_gather").fetchone() == ("0",)
    assert one.execute("SHOW jit").fetchone() == ("off",)
    pool.putconn(one)


def test_connections_that_were_cut_are_replaced_before_anybody_gets_one(pool: Pool) -> None:
    cut = [pool.getconn(), pool.getconn()]
    pids = [one.info.backend_pid for one in cut]
    for one in cut:
        pool.putconn(one)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s) AS pid", [pids])

    fresh = pool.getconn()

    assert fresh.execute("SELECT 1").fetchone() == (1,)
    assert pool.get_stats()["connections_lost"] == 2
    pool.putconn(fresh)


def test_who_finds_all_in_use_is_told_so_in_time(pool: Pool) -> None:
    held = [pool.getconn(), pool.getconn()]

    with pytest.raises(PoolTimeoutError) as found:
        pool.getconn()

    outage = outage_of(found.value)
    assert outage is not None
    assert outage.reason == "all 2 connections were in use for 0.05 s"
    for one in held:
        pool.putconn(one)
    assert pool.get_stats()["pool_available"] == 2


def test_nobody_tries_while_the_server_is_known_to_be_down(pool: Pool) -> None:
    pool.watch.is_down = True

    with pytest.raises(ServerSilentError):
        pool.getconn()

    assert (pool.get_stats()["requests_errors"], pool.get_stats()["pool_size"]) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_dies_in_commit_leaves_it_open_what_was_kept() -> None:
    before = commits_sent()

    with (
        pytest.raises(CommitUnknownError) as found,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.connection.pgconn.finish()

    outage = outage_of(found.value)
    assert outage is not None
    assert (outage.is_gone, outage.is_unknown) == (True, True)
    assert commits_sent() == before + 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("statement", "is_gone"),
    [
        ("SET statement_timeout = 10; SELECT pg_sleep(5)", False),
        ("SELECT pg_terminate_backend(pg_backend_pid())", True),
    ],
)
def test_errors_of_an_outage_are_known_through_what_was_made_of_them(
    statement: str, is_gone: bool
) -> None:
    def wrap() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        except OperationalError as error:
            raise ValueError("a service's own words") from error

    with pytest.raises(ValueError, match="own words") as found:
        wrap()
    connection.close()

    outage = outage_of(found.value)
    assert outage is not None
    assert (outage.is_gone, outage.is_unknown) == (is_gone, False)


@pytest.mark.django_db
def test_mistakes_are_no_outage() -> None:
    with (
        pytest.raises(ProgrammingError) as found,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT no_such_column")

    assert outage_of(found.value) is None
    assert outage_of(ValueError("other")) is None
    assert outage_of(None) is None


@pytest.mark.django_db
def test_the_server_keeps_the_limits_of_the_process(settings: Any) -> None:
    limits = settings.DATABASES["default"]["OPTIONS"]["pool"]["limits"]

    with connection.cursor() as cursor:
        cursor.execute("SELECT setting::int FROM pg_settings WHERE name = 'lock_timeout'")
        assert cursor.fetchone() == (limits.lock * 1_000,)
