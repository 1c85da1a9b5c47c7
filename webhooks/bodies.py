"""The body of a delivery: what an event says, as receivers read it.

This module alone decides how things are named and amounts are written. A body is made once, and
every attempt sends the same text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core.money import Money
from core.references import Reference

# Values of an entry that are ids, with the kind of row that each names.
NAMES_ROW: Mapping[str, str] = {
    "enrollment": "enrollment",
    "member": "member",
    "offer": "offer",
    "order": "order",
    "run": "payoutrun",
}
AMOUNT = "_minor"


def body_of(
    *, event: str, happened_at: datetime, target: str, sequence: int, values: Mapping[str, Any]
) -> str:
    """Return the body as JSON text: type, timestamp and data, as Standard Webhooks has it.

    `data` names the thing that the event is about (`id`), how many events about it came before
    (`sequence`, from 1), and what the entry holds of it.
    """
    document = {
        "type": event,
        "timestamp": happened_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": {"id": name_of(target), "sequence": sequence, **_values(values)},
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def name_of(target: str) -> str:
    """Return how receivers know a thing that the outbox calls "order:12"."""
    return target


def _values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The entry's values; ids become names of things, and amounts say their currency."""
    currency = values.get("currency")
    told: dict[str, Any] = {}
    for key, value in values.items():
        if key in NAMES_ROW and isinstance(value, int):
            told[key] = name_of(Reference.of(NAMES_ROW[key], value))
        elif key.endswith(AMOUNT) and isinstance(value, int) and isinstance(currency, str):
            told[key.removesuffix(AMOUNT)] = _amount(value, currency)
        else:
            told[key] = value
    return told


def _amount(minor: int, currency: str) -> dict[str, Any]:
    plain = Money(minor, currency).plain()
    return {"amount": plain, "minor": minor, "currency": currency}
