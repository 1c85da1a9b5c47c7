"""Orders and refunds in the words of the API, whether they were just received or are recorded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from core.money import Money
from tracking.models import Order, OrderLine, Refund
from tracking.orders.facts import LineFacts, OrderFacts, RefundFacts


def order_as_sent(
    order: OrderFacts | Order, lines: Iterable[LineFacts] | Iterable[OrderLine]
) -> dict[str, Any]:
    """Amounts are decimal texts, of whole lines; times are UTC."""
    return {
        "order_id": order.external_id,
        "ordered_at": time_as_sent(order.ordered_at),
        "currency": order.currency,
        "customer_id": order.customer_ref,
        "promo_codes": list(order.promo_codes),
        "click_id": order.click_id,
        "new_customer": order.customer_is_new,
        "lines": [
            {
                "sku": line.sku,
                "product": line.product,
                "collections": list(line.collections),
                "quantity": line.quantity,
                "amount": Money(line.net_minor, order.currency).plain(),
            }
            for line in lines
        ],
    }


def refund_as_sent(refund: RefundFacts | Refund) -> dict[str, Any]:
    return {
        "refund_id": refund.external_id,
        "order_id": refund.order_external_id,
        "refunded_at": time_as_sent(refund.refunded_at),
        "currency": refund.currency,
        "sku": refund.sku,
        "quantity": refund.quantity,
        "amount": Money(refund.amount_minor, refund.currency).plain(),
    }


def time_as_sent(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
