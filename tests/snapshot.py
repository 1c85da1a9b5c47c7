"""What the database holds, to prove that something changed nothing."""

from __future__ import annotations

from dataclasses import dataclass

from django.apps import apps
from django.db import connection

# Written by looking alone: sessions, and when a shop's key was last used.
NO_FACTS = frozenset({"django_session", "accounts_apikey"})


@dataclass(frozen=True)
class Snapshot:
    """The number of rows and a digest of the contents of every table, by table."""

    tables: dict[str, tuple[int, str]]

    @property
    def counts(self) -> dict[str, int]:
        return {table: count for table, (count, _) in self.tables.items()}


def snapshot() -> Snapshot:
    """Read every table of every app."""
    names = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    found = {}
    with connection.cursor() as cursor:
        for name in sorted(names - NO_FACTS):
            cursor.execute(
                "SELECT count(*), coalesce(md5(string_agg(row::text, ',' ORDER BY row::text)), '')"
                f" FROM {connection.ops.quote_name(name)} AS row"
            )
            found[name] = cursor.fetchone()
    return Snapshot(found)
