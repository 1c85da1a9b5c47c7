"""A snapshot of the database, to prove that a request changed nothing."""

from __future__ import annotations

from dataclasses import dataclass

from django.apps import apps
from django.db import connection

from core.tenancy import TenantModel

# Written by looking alone: sessions, when a shop's key was last used, and how often a login failed.
NO_FACTS = frozenset(
    {"accounts_session", "django_session", "accounts_apikey", "accounts_loginfailure"}
)


@dataclass(frozen=True)
class Snapshot:
    """The number of rows and a digest of the contents of every table, by table."""

    tables: dict[str, tuple[int, str]]

    @property
    def counts(self) -> dict[str, int]:
        return {table: count for table, (count, _) in self.tables.items()}


def snapshot(*, brand_id: int | None = None) -> Snapshot:
    """Read every table of every app; with `brand_id`, that brand's rows alone."""
    if brand_id is None:
        return _read("snapshot_of_all", "snapshot_of_all")
    return _read("snapshot_of_brand", f"snapshot_of_brand({brand_id:d})")


class Unchanged:
    """Tells again and again, inside one transaction, whether a snapshot is still true.

    A snapshot takes as long as a page, so another is made only after this transaction has written
    a row. What another connection wrote is seen by a snapshot at the end.
    """

    def __init__(self, *, brand_id: int | None = None) -> None:
        self.brand_id = brand_id
        self.before = snapshot(brand_id=brand_id)
        self.written = _rows_written()

    def holds(self) -> bool:
        written = _rows_written()
        if written != self.written:
            if snapshot(brand_id=self.brand_id) != self.before:
                return False
            self.written = written
        return True


def _rows_written() -> int:
    """By this transaction, in tables of facts; what was undone to a savepoint counts too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)"
            " FROM pg_stat_xact_user_tables WHERE relname <> ALL(%s)",
            [list(NO_FACTS)],
        )
        return int(cursor.fetchone()[0])


def _read(name: str, call: str) -> Snapshot:
    """By one statement, which PostgreSQL plans once for each connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_prepared_statements WHERE name = %s", [name])
        if not cursor.fetchall():
            cursor.execute(_statement(name))
        cursor.execute(f"EXECUTE {call}")
        return Snapshot({table: (count, digest) for table, count, digest in cursor.fetchall()})


def _statement(name: str) -> str:
    of_brand = name == "snapshot_of_brand"
    tables = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if not of_brand or issubclass(model, TenantModel)
    }
    digest = "coalesce(md5(string_agg(row::text, ',' ORDER BY row::text)), '')"
    where = " WHERE brand_id = $1" if of_brand else ""
    of_each = (
        f"SELECT '{table}', count(*), {digest}"  # noqa: S608
        f" FROM {connection.ops.quote_name(table)} AS row{where}"
        for table in sorted(tables - NO_FACTS)
    )
    return f"PREPARE {name}{' (bigint)' if of_brand else ''} AS {' UNION ALL '.join(of_each)}"
