"""Sums that PostgreSQL keeps up to date by triggers, without locks between writers.

A kept sum is a table of summands. A trigger writes one summand for each key that a statement
changed, in the same transaction. A reader adds up the summands of a key, and so gets the exact sum
at any time. No two writers change the same row, so they never wait for each other or deadlock.
`fold` merges the summands of a key into one. That makes reading faster and changes no sum, so it
may run late, twice, or in two processes at once.
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
# One statement sees one snapshot. A row that another fold has deleted is not found again.
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
    """A summand: `KEYS` are the columns of its key, `FIGURES` the columns with its amounts.

    `COUNTS_FROM` names the column with the time from which the summand counts, if it does not count
    at once. Only summands that count are folded; the result counts from the latest of their times.
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
    """Return triggers that keep sums of a table in the table `into`, one per operation of `on`.

    `keys` and `sums` give each column of `into` as an SQL expression over `moved` (an added or
    removed row) and over what `join` adds to it.
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
    """Return a trigger that sees all rows of a statement as `added` and `removed`.

    A changed row is in both.
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
    """Merge the summands of each key that has new ones, in every brand.

    The brand is part of the key. Two folds at once may leave two summands of a key, until the next
    fold of that key.
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
    """Return every model of a kept sum."""
    return [model for model in apps.get_models() if issubclass(model, KeptSum)]


def fold_all(*, now: datetime) -> None:
    for model in kept_sums():
        fold(model, now=now)
