"""Try on a database what it has to refuse; every attempt is rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from config.local.drill.connecting import Connection

# Tables whose rows are never changed or deleted: a trigger of django-pgtrigger's Protect says so.
_APPEND_ONLY = """
SELECT DISTINCT t.tgrelid::regclass::text FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
WHERE p.prosrc LIKE '%Cannot update or delete rows%' ORDER BY 1
"""
# Foreign keys of two columns, one of them the brand: (brand_id, …_id) REFERENCES (brand_id, id).
_TENANT_KEYS = """
SELECT o.conname, o.conrelid::regclass::text, a.attname FROM pg_constraint o
JOIN pg_attribute b ON b.attrelid = o.conrelid AND b.attnum = ANY (o.conkey)
  AND b.attname = 'brand_id'
JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = ANY (o.conkey)
  AND a.attname <> 'brand_id'
WHERE o.contype = 'f' AND cardinality(o.conkey) = 2 ORDER BY 1
"""
_CHANGES = ("UPDATE {} SET id = id WHERE ctid = {}", "DELETE FROM {} WHERE ctid = {}")
_REFUSED = (psycopg.IntegrityError, psycopg.errors.RaiseException)


@dataclass(frozen=True, slots=True)
class Refusals:
    """How often something was tried and refused, and what went through."""

    append_only: int
    tenancy: int
    allowed: list[str]


def try_what_is_refused(connection: Connection) -> Refusals:
    """Change and delete a row of each append-only table; move one row per key to another brand.

    A table without a row can't be tried. Leaves nothing behind.
    """
    append_only = list(_tries_of_append_only(connection))
    tenancy = list(_tries_of_tenancy(connection))
    return Refusals(
        append_only=sum(not went_through for went_through in append_only),
        tenancy=sum(not went_through for went_through in tenancy),
        allowed=[what for what in (*append_only, *tenancy) if what],
    )


def _tries_of_append_only(connection: Connection) -> Iterator[str]:
    for (table,) in connection.execute(_APPEND_ONLY).fetchall():
        name = sql.SQL(table)
        row = _one(connection, sql.SQL("SELECT ctid::text FROM {} LIMIT 1").format(name))
        if row is None:
            continue
        for statement in _CHANGES:
            query = sql.SQL(statement).format(name, sql.Literal(row[0]))
            yield _attempt(connection, query, "a row was changed or deleted in " + table)


def _tries_of_tenancy(connection: Connection) -> Iterator[str]:
    for constraint, table, column in connection.execute(_TENANT_KEYS).fetchall():
        parts = {"table": sql.SQL(table), "column": sql.Identifier(column)}
        row = _one(
            connection,
            sql.SQL(
                "SELECT t.ctid::text, b.id FROM {table} t JOIN accounts_brand b"
                " ON b.id <> t.brand_id WHERE t.{column} IS NOT NULL LIMIT 1"
            ).format(**parts),
        )
        if row is None:
            continue
        query = sql.SQL("UPDATE {table} SET brand_id = {brand} WHERE ctid = {row}").format(
            **parts, brand=sql.Literal(row[1]), row=sql.Literal(row[0])
        )
        yield _attempt(connection, query, f"{constraint} let a row of {table} into another brand")


def _one(connection: Connection, query: sql.Composed) -> tuple[Any, ...] | None:
    return connection.execute(query).fetchone()


def _attempt(connection: Connection, query: sql.Composed, what: str) -> str:
    """`what`, if the statement goes through with every constraint checked; else nothing."""
    with connection.transaction(force_rollback=True):
        try:
            with connection.transaction():
                connection.execute(query)
                connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except _REFUSED:
            return ""
    return what
