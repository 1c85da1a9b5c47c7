"""Prepared statements, for a statement that runs very often.

Django binds values on the client, so PostgreSQL plans the statement every time, which takes longer
than changing one row. Here libpq sends a statement that PostgreSQL has planned once per connection,
and the caller can work until the result arrives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from weakref import WeakKeyDictionary

from django.db import connection
from psycopg import Connection, errors
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Wait

_PARAMETER = re.compile(r"%\((\w+)\)s")
_DONE = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})
_on: WeakKeyDictionary[Connection[object], set[str]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement for libpq, with numbered parameters."""

    name: str
    sql: bytes
    parameters: tuple[str, ...]


def run_prepared(
    statement: str,
    parameters: Mapping[str, object],
    *,
    meanwhile: Callable[[], object] | None = None,
) -> int:
    """Run a statement with `%(named)s` parameters and return how many rows it changed.

    Calls `meanwhile` while PostgreSQL runs the statement; it may not use the database. Raises
    Django's database errors.
    """
    numbered = _numbered(statement)
    values = [_as_text(parameters[name]) for name in numbered.parameters]
    connection.ensure_connection()
    raw = connection.connection
    with connection.wrap_database_errors:
        _begin(raw)
        _prepare(raw, numbered)
        raw.pgconn.send_query_prepared(numbered.name.encode(), values)
        try:
            if meanwhile is not None:
                meanwhile()
        finally:
            results = raw.wait(_answers(raw.pgconn))
        return sum(_checked(result).command_tuples or 0 for result in results)


@cache
def _numbered(statement: str) -> _Statement:
    names = tuple(dict.fromkeys(_PARAMETER.findall(statement)))
    sql = _PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", statement).encode()
    return _Statement(f"tributary_{sha256(sql).hexdigest()[:16]}", sql, names)


def _begin(raw: Connection[object]) -> None:
    """Send BEGIN where psycopg would send it with its first query."""
    if not raw.autocommit and raw.pgconn.transaction_status == TransactionStatus.IDLE:
        raw.execute("SELECT 1")


def _prepare(raw: Connection[object], numbered: _Statement) -> None:
    """Prepare the statement when this connection runs it for the first time."""
    known = _on.setdefault(raw, set())
    if numbered.name not in known:
        raw.pgconn.send_prepare(numbered.name.encode(), numbered.sql)
        for result in raw.wait(_answers(raw.pgconn)):
            _checked(result)
        known.add(numbered.name)


def _answers(pgconn: PGconn) -> Generator[Wait, object, list[PGresult]]:
    """Collect the results while psycopg waits; a failed commit adds one more result."""
    while pgconn.flush():
        if (yield Wait.RW):
            pgconn.consume_input()
    results: list[PGresult] = []
    while True:
        while pgconn.is_busy():
            if (yield Wait.R):
                pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            return results
        results.append(result)


def _checked(result: PGresult) -> PGresult:
    if result.status not in _DONE:
        raise errors.error_from_result(result)
    return result


def _as_text(value: object) -> bytes | None:
    """Return a value in PostgreSQL's text format, which can't hold a null character."""
    if value is None:
        return None
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return text.replace("\x00", "").encode()
