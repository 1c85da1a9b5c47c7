"""Triggers that write the outbox: one row per domain event, in the same statement as the change.

The change and its outbox row commit together or not at all, whichever service writes and however
many rows a statement changes. An entry holds ids, amounts and states, and never personal data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pgtrigger

from accounts.models.outbox import OutboxEvent
from core.kept_sums import after_statement

_WRITE = """
INSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)
SELECT added.brand_id, now(), {event}, '{target}:' || {target_id}, jsonb_build_object({data})
FROM added {joined} WHERE {where} ORDER BY added.id;
RETURN NULL;
"""
_CHANGED = "JOIN removed ON removed.brand_id = added.brand_id AND removed.id = added.id"


def event_of_new(
    event: OutboxEvent,
    *,
    name: str,
    target: str,
    data: Mapping[str, str],
    where: str = "true",
    target_id: str = "added.id",
    join: str = "",
) -> pgtrigger.Trigger:
    """Write `event` for each row that is inserted and for which `where` is true.

    `target` is the model's name in references ("order"). `data` gives each value of the entry as an
    SQL expression over `added`, the inserted row, and over the tables that `join` adds; `target_id`
    does so for the id of the target.
    """
    func = _sql(f"'{event.value}'", target, data, where, join, target_id=target_id)
    return after_statement(pgtrigger.Insert, name=name, func=func)


def event_of_change(
    event: OutboxEvent | str,
    *,
    name: str,
    target: str,
    data: Mapping[str, str],
    columns: Sequence[str],
    where: str = "true",
    join: str = "",
) -> pgtrigger.Trigger:
    """Write `event` for each row in which a statement changed one of `columns`.

    `removed` is the row as it was before. `event` may be an SQL expression over both.
    """
    is_changed = " OR ".join(f"added.{name} IS DISTINCT FROM removed.{name}" for name in columns)
    named = f"'{event.value}'" if isinstance(event, OutboxEvent) else event
    func = _sql(named, target, data, f"({is_changed}) AND {where}", f"{_CHANGED} {join}".rstrip())
    return after_statement(pgtrigger.Update, name=name, func=func)


def _sql(
    event: str,
    target: str,
    data: Mapping[str, str],
    where: str,
    joined: str,
    target_id: str = "added.id",
) -> str:
    pairs = ", ".join(f"'{key}', {value}" for key, value in data.items())
    return _WRITE.format(
        event=event, target=target, target_id=target_id, data=pairs, where=where, joined=joined
    )
