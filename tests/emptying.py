"""Empty the database after a test that committed something.

Django's own way truncates every table, which gives each of them and of their indexes a new file,
and then has all content types and permissions made again. This takes longer than many tests. Here
these two tables keep their rows, and small tables lose theirs by DELETE.
"""

from __future__ import annotations

from typing import Any

from django.db import OperationalError, connection, transaction
from django.test import TransactionTestCase
from psycopg.errors import DeadlockDetected

# What migrations write, and no test changes.
KEPT = ("django_content_type", "auth_permission")
# Rows that were deleted still lie in their tables; a table full of them is slow to read.
MAX_BYTES = 2_000_000
TRIES = 4
_tables: list[str] = []


def empty_database(case: TransactionTestCase) -> None:
    """Leave no row in any table but `KEPT`, once all transactions that write have ended.

    What a worker began may still lock tables in another sequence than this does: PostgreSQL then
    ends one of the two, and this one is tried again.
    """
    for _ in range(TRIES):
        try:
            _empty()
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
        else:
            return
    _empty()


def _empty() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        all_of_them = ", ".join(tables(cursor))
        cursor.execute(f"LOCK TABLE {all_of_them} IN EXCLUSIVE MODE")
        cursor.execute(
            "SELECT sum(pg_relation_size(name::regclass)) FROM unnest(%s::text[]) AS name",
            [_tables],
        )
        [size] = cursor.fetchone()
        if size > MAX_BYTES:
            cursor.execute(f"TRUNCATE {all_of_them}")
            return
        has_rows = ", ".join(f"EXISTS (SELECT FROM {name})" for name in _tables)
        cursor.execute(f"SELECT {has_rows}")
        filled = [
            name for name, has_some in zip(_tables, cursor.fetchone(), strict=True) if has_some
        ]
        # Neither what a trigger refuses or counts, nor who refers to whom, matters here.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(";".join(f"DELETE FROM {name}" for name in filled) or "SELECT")  # noqa: S608


def tables(cursor: Any) -> list[str]:
    """The quoted names of all tables of the models but `KEPT`, asked for once."""
    if not _tables:
        names = connection.introspection.django_table_names(only_existing=True, include_views=False)
        _tables.extend(connection.ops.quote_name(name) for name in sorted({*names} - {*KEPT}))
    return _tables
