"""An order of Mara that is sent, and stated anew."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from payouts.models import LedgerEntry
from tests.cast import NOW, SYSTEM, raw_order
from tracking.orders.facts import OrderFacts
from tracking.orders.reading import read_order
from tracking.orders.recording import record_orders
from tracking.orders.results import RecordingResult

LATER = NOW + timedelta(hours=1)


def stated(order_id: str = "1001", **changes: Any) -> OrderFacts:
    """Mara's order of £84.20, with `changes`, which may also be fields that the factory lacks."""
    return read_order(raw_order(order_id) | changes)


def at(minutes: int) -> str:
    return (NOW + timedelta(minutes=minutes)).isoformat()


def lines(*prices: str) -> list[dict[str, Any]]:
    return [
        {
            "line_id": f"L{number}",
            "sku": f"S{number}",
            "quantity": 1,
            "unit_price": price,
        }
        for number, price in enumerate(prices)
    ]


def sell(*facts: OrderFacts, now: datetime = NOW) -> list[RecordingResult]:
    return record_orders(source="api", orders=facts or [stated()], by=SYSTEM, now=now)


def state(*facts: OrderFacts, now: datetime = LATER) -> list[RecordingResult]:
    return record_orders(source="api", orders=facts, revising=True, by=SYSTEM, now=now)


def earned() -> int:
    return sum(LedgerEntry.objects.values_list("amount_minor", flat=True))
