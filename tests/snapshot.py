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
    models = [
        model
        for model in apps.get_models(include_auto_created=True)
        if brand_id is None or issubclass(model, TenantModel)
    ]
    where = "" if brand_id is None else f" WHERE brand_id = {brand_id:d}"
    found = {}
    with connection.cursor() as cursor:
        for name in sorted({model._meta.db_table for model in models} - NO_FACTS):
            table = connection.ops.quote_name(name)
            digest = "coalesce(md5(string_agg(row::text, ',' ORDER BY row::text)), '')"
            cursor.execute(f"SELECT count(*), {digest} FROM {table} AS row{where}")  # noqa: S608
            found[name] = cursor.fetchone()
    return Snapshot(found)
