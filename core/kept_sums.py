"""Sums that PostgreSQL keeps beside the rows they add up, while nobody waits for anybody.

A kept sum is a table of summands. A trigger writes one for each key that a statement moved, in the
statement's own transaction; whoever reads adds up the summands of a key, and has the sum of the
rows exactly, at any moment. As no two writers touch one row, they neither wait nor deadlock,
however busy a key is. `fold` merges the summands of a key into one: that saves readers time and
changes no sum, so it may run late, twice, or beside itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import pgtrigger
from django.apps import apps
from django.db import connection, models

from core.tenancy import TenantModel

_ADD = """
INSERT INTO {into} (brand_id, {columns})
SELECT moved.brand_id, {keys}, {sums}
FROM ({moved}) AS moved {join}
GROUP BY moved.brand_id, {keys} HAVING ({sums}) IS DISTINCT FROM ({zeros});
RETURN NULL;
"""
_MOVED = {
    pgtrigger.Insert: "SELECT 1 AS sign, * FROM added",
    pgtrigger.Update: "SELECT 1 AS sign, * FROM added UNION ALL SELECT -1, * FROM removed",
    pgtrigger.Delete: "SELECT -1 AS sign, * FROM removed",
}
_TABLES = {
    pgtrigger.Insert: pgtrigger.Referencing(new="added"),
    pgtrigger.Update: pgtrigger.Referencing(new="added", old="removed"),
    pgtrigger.Delete: pgtrigger.Referencing(old="removed"),
}
# One statement and so one snapshot. What a second fold has taken, the first no longer finds.
_FOLD = """
WITH crowded AS (
  SELECT DISTINCT brand_id, {keys} FROM {table} WHERE NOT is_folded AND {ripe}
), taken AS (
  DELETE FROM {table} USING crowded
  WHERE {table}.brand_id = crowded.brand_id AND {same} AND {ripe} RETURNING {table}.*
)
INSERT INTO {table} (brand_id, {keys}, {columns}, is_folded)
SELECT brand_id, {keys}, {values}, true FROM taken
GROUP BY brand_id, {keys} HAVING ({sums}) IS DISTINCT FROM ({zeros})
"""


class KeptSum(TenantModel):
    """A summand: `KEYS` are the columns that it counts for, `FIGURES` what it adds to them.

    `COUNTS_FROM` names a column with the moment from which it counts, where it does not at once.
    Summands are folded when they count, into one that counts from the latest of their moments.
    """

    KEYS: Sequence[str]
    FIGURES: Sequence[str]
    COUNTS_FROM = ""

    is_folded = models.BooleanField(db_default=False)

    class Meta(TenantModel.Meta):
        abstract = True
        indexes = [
            models.Index(
                fields=["brand"],
                name="%(app_label)s_%(class)s_new",
                condition=models.Q(is_folded=False),
            )
        ]


def kept_in(
    into: str,
    *,
    keys: Mapping[str, str],
    sums: Mapping[str, str],
    join: str = "",
    on: Sequence[pgtrigger.Operation],
) -> list[pgtrigger.Trigger]:
    """Triggers that keep sums of a table in the table `into`, one for each operation of `on`.

    `keys` and `sums` give each column of `into` as an SQL expression over `moved`, a row that came
    or went, and over what `join` adds to it.
    """
    parts = {
        "into": into,
        "columns": ", ".join((*keys, *sums)),
        "keys": ", ".join(keys.values()),
        "sums": ", ".join(f"sum(moved.sign * {figure})::bigint" for figure in sums.values()),
        "zeros": ", ".join("0" for _ in sums),
        "join": join,
    }
    return [
        after_statement(
            operation,
            name=f"{into}_{operation}".lower(),
            func=_ADD.format(moved=_MOVED[operation], **parts),
        )
        for operation in on
    ]


def after_statement(operation: pgtrigger.Operation, *, name: str, func: str) -> pgtrigger.Trigger:
    """A trigger that sees all rows of a statement: those that came as `added`, those that went as
    `removed`, and a changed one as both.
    """
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=_TABLES[operation],
        func=func,
    )


def fold(model: type[KeptSum], *, now: datetime) -> None:
    """Merge the summands of each key that has new ones, in every brand. Brands are told apart as
    keys are. Two at once may leave two of a key, until it has a new one.
    """
    keys, figures, table = model.KEYS, model.FIGURES, model._meta.db_table
    moments = [model.COUNTS_FROM] if model.COUNTS_FROM else []
    sums = [f"sum({figure})::bigint" for figure in figures]
    statement = _FOLD.format(
        table=table,
        keys=", ".join(keys),
        columns=", ".join((*figures, *moments)),
        values=", ".join((*sums, *(f"max({moment})" for moment in moments))),
        ripe="".join(f"{table}.{moment} <= %(now)s" for moment in moments) or "true",
        same=" AND ".join(f"{table}.{key} = crowded.{key}" for key in keys),
        sums=", ".join(sums),
        zeros=", ".join("0" for _ in figures),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"now": now})


def kept_sums() -> list[type[KeptSum]]:
    """Every kept sum there is."""
    return [model for model in apps.get_models() if issubclass(model, KeptSum)]


def fold_all(*, now: datetime) -> None:
    for model in kept_sums():
        fold(model, now=now)
