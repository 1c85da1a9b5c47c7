"""Triggers that write the outbox: one row per domain event, in the statement of the fact itself.

A fact and its row commit together or not at all, whichever service wrote the fact and however many
rows one statement has. An entry holds ids, amounts and states, and never who a person is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pgtrigger

from accounts.models.outbox import OutboxEvent
from core.kept_sums import after_statement

_WRITE = """
INSERT INTO accounts_outboxentry (brand_id, written_at, event, target, data)
SELECT added.brand_id, now(), {event}, '{target}:' || added.id, jsonb_build_object({data})
FROM added {changed} WHERE {where} ORDER BY added.id;
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
) -> pgtrigger.Trigger:
    """Write `event` for each row that comes to a table and for which `where` holds.

    `target` is the model's name in references ("order"). `data` gives each value of the entry as an
    SQL expression over `added`, the row that came.
    """
    return after_statement(
        pgtrigger.Insert, name=name, func=_sql(f"'{event.value}'", target, data, where)
    )


def event_of_change(
    event: OutboxEvent | str,
    *,
    name: str,
    target: str,
    data: Mapping[str, str],
    columns: Sequence[str],
    where: str = "true",
) -> pgtrigger.Trigger:
    """Write `event` for each row of which a statement changed one of `columns`.

    `removed` is the row as it was before. `event` may be an SQL expression over both.
    """
    is_changed = " OR ".join(f"added.{name} IS DISTINCT FROM removed.{name}" for name in columns)
    named = f"'{event.value}'" if isinstance(event, OutboxEvent) else event
    func = _sql(named, target, data, f"({is_changed}) AND {where}", changed=_CHANGED)
    return after_statement(pgtrigger.Update, name=name, func=func)


def _sql(event: str, target: str, data: Mapping[str, str], where: str, changed: str = "") -> str:
    told = ", ".join(f"'{key}', {value}" for key, value in data.items())
    return _WRITE.format(event=event, target=target, data=told, where=where, changed=changed)
