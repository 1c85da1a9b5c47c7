"""A made-up history of deliveries, and a picture of what was recorded of them.

Each order is stated several times, with refunds that come, change and are deleted. Some deliveries
list all refunds of their order, some state one refund alone, and some only the order.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db.models import Sum

from payouts.models import LedgerEntry
from tests.cast import NOW, raw_order
from tracking.models import Conversion, DailyTotal, Order, OrderLine, Refund, RefundState

BEGINNING = NOW - timedelta(days=2)
CODES = ("MARA15", "DIEGO10", "JUNE20", "NOBODY")


def history(orders: int, *, chance: Random) -> list[dict[str, Any]]:
    """The deliveries, as they happened."""
    events = [event for number in range(orders) for event in _of_order(str(number), chance)]
    return sorted(events, key=lambda event: str(event["at"]))


def _of_order(order_id: str, chance: Random) -> list[dict[str, Any]]:
    moment = BEGINNING + timedelta(minutes=chance.randrange(1_000))
    placed, code = moment.isoformat(), chance.choice(CODES)
    refunds: dict[str, dict[str, Any]] = {}
    events = []
    for number in range(chance.randint(2, 6)):
        moment += timedelta(minutes=chance.randint(1, 200))
        changed = _change_refunds(order_id, refunds, moment, chance)
        event: dict[str, Any] = {"id": f"{order_id}-{number}", "at": moment.isoformat()}
        kind = chance.choice(("all", "all", "order", "refund"))
        if kind != "refund" or changed is None:
            event["order"] = raw_order(
                order_id,
                ordered_at=placed,
                updated_at=moment.isoformat(),
                promo_code=code,
                lines=[
                    {"line_id": "1", "quantity": 1, "unit_price": f"{chance.randint(20, 90)}.10"},
                    {"line_id": "2", "quantity": 2, "unit_price": "7.35"},
                ],
                cancelled_at=moment.isoformat() if chance.random() < 0.1 else None,
            )
        if kind == "all":
            event |= {"refunds": list(refunds.values()), "whole": [order_id]}
        elif kind == "refund" and changed is not None:
            event["refunds"] = [changed]
        events.append(event)
    return events


def _change_refunds(
    order_id: str, refunds: dict[str, dict[str, Any]], moment: datetime, chance: Random
) -> dict[str, Any] | None:
    """A refund is made or changed, and returned; or one is deleted."""
    if refunds and chance.random() < 0.3:
        refunds.pop(chance.choice(sorted(refunds)))
        return None
    name = f"{order_id}-R{chance.randint(1, 3)}"
    refunds[name] = {
        "refund_id": name,
        "order_id": order_id,
        "refunded_at": moment.isoformat(),
        "currency": "GBP",
        "line_id": chance.choice("12"),
        "amount": f"{chance.randint(1, 9)}.05",
    }
    return refunds[name]


def picture() -> dict[str, Any]:
    """What is recorded and earned, without what tells how often something was said."""
    orders = Order.objects.order_by("external_id")
    conversions = Conversion.objects.order_by("order__external_id", "enrollment")
    refunds = Refund.objects.exclude(state=RefundState.UNDONE).order_by("external_id")
    lines = OrderLine.objects.order_by("order__external_id", "position")
    booked = LedgerEntry.objects.values("conversion_id").annotate(sum=Sum("amount_minor"))
    balances = {row["conversion_id"]: row["sum"] for row in booked.order_by()}
    totals = DailyTotal.objects.order_by("enrollment", "day")
    return {
        "orders": list(
            orders.values_list(
                "external_id", "total_minor", "cancelled_at", "updated_at", "unattributed"
            )
        ),
        "lines": list(
            lines.values_list("order__external_id", "line_id", "net_minor", "refunded_minor")
        ),
        "refunds": list(
            refunds.values_list("external_id", "state", "amount_minor", "refunded_at", "reason")
        ),
        "conversions": [
            (*row, balances.get(pk, 0))
            for pk, *row in conversions.values_list(
                "pk", "order__external_id", "enrollment", "status", "sale_minor",
                "refunded_minor", "commission_minor",
            )
        ],
        "totals": list(
            totals.values_list(
                "enrollment", "day", "conversions", "sales_minor", "refunds_minor",
                "commission_minor",
            )
        ),
    }  # fmt: skip
