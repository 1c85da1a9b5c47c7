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
from core.public_ids import IdKind, public_id
from core.references import Reference

# Values of an entry that are ids of rows.
IDS: Mapping[str, IdKind] = {
    "enrollment": IdKind.ENROLLMENT,
    "member": IdKind.MEMBER,
    "offer": IdKind.OFFER,
    "order": IdKind.ORDER,
    "run": IdKind.RUN,
}
# What an event can be about, as the outbox names it.
TARGETS: Mapping[str, IdKind] = {
    "clickearning": IdKind.CLICK_EARNING,
    "conversion": IdKind.CONVERSION,
    "endpoint": IdKind.ENDPOINT,
    "enrollment": IdKind.ENROLLMENT,
    "ledgerentry": IdKind.ENTRY,
    "order": IdKind.ORDER,
    "payout": IdKind.PAYOUT,
    "payoutrun": IdKind.RUN,
    "refund": IdKind.REFUND,
    "terms": IdKind.TERMS,
}
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
            "id": name_of(Reference(target), brand_id=brand_id),
            "sequence": sequence,
            **_values(values, brand_id=brand_id),
        },
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def name_of(target: Reference, *, brand_id: int) -> str:
    """Return the API's id of a thing that the outbox calls "order:12"."""
    return public_id(TARGETS[target.kind], brand_id=brand_id, row_id=int(target.key))


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
