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
from core.public_ids import public_id
from webhooks.naming import IDS, id_of

AMOUNT = "_minor"


def body_of(
    *,
    brand_id: int,
    event: str,
    happened_at: datetime,
    target: str,
    sequence: int,
    values: Mapping[str, Any],
) -> str:
    """Return the body as JSON text: type, timestamp and data, as Standard Webhooks has it.

    `data` names the thing that the event is about (`id`), how many events about it came before
    (`sequence`, from 1), and what the entry holds of it. Ids are those of the API.
    """
    document = {
        "type": event,
        "timestamp": happened_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": {
            "id": id_of(target, brand_id=brand_id),
            "sequence": sequence,
            **_values(values, brand_id=brand_id),
        },
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _values(values: Mapping[str, Any], *, brand_id: int) -> dict[str, Any]:
    """The entry's values; row numbers become ids, and amounts say their currency."""
    currency = values.get("currency")
    told: dict[str, Any] = {}
    for key, value in values.items():
        if key in IDS and isinstance(value, int):
            told[key] = public_id(IDS[key], brand_id=brand_id, row_id=value)
        elif key.endswith(AMOUNT) and isinstance(value, int) and isinstance(currency, str):
            told[key.removesuffix(AMOUNT)] = _amount(value, currency)
        else:
            told[key] = value
    return told


def _amount(minor: int, currency: str) -> dict[str, Any]:
    plain = Money(minor, currency).plain()
    return {"amount": plain, "minor": minor, "currency": currency}
