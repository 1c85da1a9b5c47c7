"""What tests that commit begin with: put into the database once, and copied from then on.

The first such test of a process makes it; its rows are then copied into a schema that no test
looks at, from where they come back in some milliseconds. They keep their ids, which no sequence
gives out a second time.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import connection, transaction

from tests.emptying import tables

Made = TypeVar("Made")
SCHEMA = "kept_for_tests"
# What PostgreSQL computes by itself can't be inserted.
COLUMNS = """
    SELECT attrelid::regclass::text, string_agg(quote_ident(attname), ', ' ORDER BY attnum)
    FROM pg_attribute JOIN unnest(%s::text[]) AS name ON attrelid = name::regclass
    WHERE attnum > 0 AND NOT attisdropped AND attgenerated = '' GROUP BY 1"""
_kept: dict[str, tuple[bytes, str]] = {}  # what was made, and the statements that copy its rows


def copied(name: str, make: Callable[[], Made]) -> Made:
    """What `make` returns, with all that it puts into the empty database; `name` tells it apart.

    Nothing is done that waits for the commit: no worker is to do what a test may do.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if name in _kept:
            made, statements = _kept[name]
            # No trigger sees what it saw when the rows were made.
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(statements)
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")
            found: Made = pickle.loads(made)  # noqa: S301 - written by this process
            return found
        fresh = make()
        connection.run_on_commit.clear()
        _kept[name] = (pickle.dumps(fresh), _keep_rows(cursor, name))
    return fresh


def _keep_rows(cursor: Any, name: str) -> str:
    """Copy all rows that there are; returns the statements that bring them back."""
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # nothing may wait for the commit
    cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    all_of_them = tables(cursor)
    cursor.execute(COLUMNS, [all_of_them])
    columns = dict(cursor.fetchall())
    back = []
    for number, table in enumerate(all_of_them):
        cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")  # noqa: S608
        if cursor.fetchone()[0]:
            of_table = columns[table.strip('"')]
            copy = f'{SCHEMA}."{name}_{number}"'
            cursor.execute(f"CREATE TABLE {copy} AS SELECT {of_table} FROM {table}")  # noqa: S608
            back.append(f"INSERT INTO {table} ({of_table}) SELECT {of_table} FROM {copy}")  # noqa: S608
    return ";".join(back)
