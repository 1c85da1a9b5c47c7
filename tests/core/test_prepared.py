"""Statements planned once per connection do what any other does: in transactions, with errors."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from accounts.models import Brand
from core.prepared import run_prepared
from tests.cast import Cast

RENAME = "UPDATE accounts_brand SET name = %(name)s WHERE slug = %(slug)s"


def names() -> list[str]:
    return list(Brand.objects.order_by("slug").values_list("name", flat=True))


def test_it_says_how_many_rows_it_changed(cast: Cast) -> None:
    assert run_prepared(RENAME, {"slug": "juniper", "name": "Junipers"}) == 1
    assert run_prepared(RENAME, {"slug": "nobody", "name": "Nobody"}) == 0
    assert names() == ["Junipers", "Saltmarsh"]


def test_meanwhile_happens_once_and_what_goes_wrong_in_it_is_raised(cast: Cast) -> None:
    done: list[int] = []

    assert run_prepared(RENAME, {"slug": "juniper", "name": "A"}, meanwhile=lambda: done.append(1))
    with pytest.raises(ZeroDivisionError):
        run_prepared(RENAME, {"slug": "juniper", "name": "B"}, meanwhile=lambda: 1 // 0)

    assert done == [1]
    assert names() == ["B", "Saltmarsh"]  # and the connection can go on


def test_the_same_parameter_twice_and_every_kind_of_value(cast: Cast) -> None:
    at = datetime(2026, 11, 20, 12, tzinfo=timezone(timedelta(hours=2)))
    token = uuid.uuid4()
    given = {
        "yes": True,
        "none": None,
        "text": "a\x00b 'c' %",
        "number": 7,
        "at": at,
        "token": token,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE given (yes bool, none text, text text, number int,"
            " twice int, at timestamptz, token uuid) ON COMMIT DROP"
        )
        run_prepared(
            "INSERT INTO given VALUES (%(yes)s, %(none)s, %(text)s, %(number)s, %(number)s,"
            " %(at)s, %(token)s)",
            given,
        )
        cursor.execute("SELECT * FROM given")
        assert cursor.fetchall() == [
            (True, None, "ab 'c' %", 7, 7, datetime(2026, 11, 20, 10, tzinfo=UTC), token)
        ]


def test_an_error_is_djangos_and_the_connection_goes_on(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        run_prepared("UPDATE accounts_brand SET slug = %(slug)s", {"slug": "same"})
    with pytest.raises(ProgrammingError), transaction.atomic():
        run_prepared("UPDATE nothing SET slug = %(slug)s", {"slug": "same"})

    assert run_prepared(RENAME, {"slug": "juniper", "name": "C"}) == 1


@pytest.mark.django_db(transaction=True)
def test_it_belongs_to_the_transaction_that_is_open() -> None:
    insert = "INSERT INTO notifications_sendingaccount (name, paid_until) VALUES (%(name)s, now())"
    delete = "DELETE FROM notifications_sendingaccount WHERE name = %(name)s"
    with transaction.atomic():
        assert run_prepared(insert, {"name": "undone"}) == 1  # the first query of its transaction
        transaction.set_rollback(True)

    assert run_prepared(insert, {"name": "kept"}) == 1

    assert run_prepared(delete, {"name": "undone"}) == 0
    assert run_prepared(delete, {"name": "kept"}) == 1


@pytest.mark.django_db(transaction=True)
def test_a_commit_that_fails_is_an_error() -> None:
    """A deferred reference is checked when the statement has already been counted."""
    insert = "INSERT INTO deferred_probe VALUES (%(id)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE deferred_probe (brand_id bigint"
            " REFERENCES accounts_brand DEFERRABLE INITIALLY DEFERRED)"
        )
    try:
        with pytest.raises(IntegrityError):
            run_prepared(insert, {"id": 987_654})
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE deferred_probe")


def test_it_is_planned_once_per_connection(cast: Cast) -> None:
    def known() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s",
                ["%once per%"],
            )
            return int(cursor.fetchone()[0])

    for _ in range(3):
        run_prepared('SELECT %(slug)s::text AS "once per connection"', {"slug": "juniper"})

    assert known() == 1
