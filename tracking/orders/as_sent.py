"""Orders and refunds in the words of the API, whether they were just received or are recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from core.money import Money
from tracking.models import Order, OrderLine, Refund
from tracking.orders.facts import LineFacts, OrderFacts, RefundFacts, plain_quantity


def order_as_sent(
    order: OrderFacts | Order, lines: Iterable[LineFacts] | Iterable[OrderLine]
) -> dict[str, Any]:
    """Amounts are decimal texts, of whole lines; times are UTC."""
    return {
        "order_id": order.external_id,
        **({"number": order.number} if order.number else {}),
        "ordered_at": time_as_sent(order.ordered_at),
        "currency": order.currency,
        "customer_id": order.customer_ref,
        "promo_codes": list(order.promo_codes),
        "click_id": order.click_id,
        "new_customer": order.customer_is_new,
        "payment_status": str(order.payment_status),
        "cancelled_at": time_as_sent(order.cancelled_at) if order.cancelled_at else None,
        "is_test": order.is_test,
        "lines": [
            {
                "line_id": line.line_id,
                "sku": line.sku,
                "product": line.product,
                "collections": list(line.collections),
                "quantity": plain_quantity(line.quantity),
                "commissionable": line.is_commissionable,
                "amount": Money(line.net_minor, order.currency).plain(),
            }
            for line in lines
        ],
    }


def refund_as_sent(refund: RefundFacts | Refund) -> dict[str, Any]:
    """What one line gives back stands beside the id, of several under `lines`.

    Without a line it is of the whole order. An amount of None is all that is left.
    """
    if isinstance(refund, Refund):
        parts, asked = refund.parts, refund.asked_minor
    else:
        parts, asked = [part.as_json() for part in refund.parts], refund.amount_minor
    sent = {
        "refund_id": refund.external_id,
        "order_id": refund.order_external_id,
        "refunded_at": time_as_sent(refund.refunded_at),
        "currency": refund.currency,
    }
    if len(parts) == 1:
        return sent | _part_as_sent(parts[0], refund.currency)
    lines = [_part_as_sent(part, refund.currency) for part in parts]
    return sent | {"amount": _plain(asked, refund.currency), "lines": lines}


def _part_as_sent(part: Mapping[str, Any], currency: str) -> dict[str, Any]:
    amount = _plain(part["amount_minor"], currency)
    return {name: part[name] for name in ("line_id", "sku", "quantity")} | {"amount": amount}


def _plain(minor: int | None, currency: str) -> str | None:
    return None if minor is None else Money(minor, currency).plain()


def refunded_lines(refund: Refund) -> list[dict[str, Any]]:
    """What a refund asks for each line, none where it is of the whole order."""
    return [_part_as_sent(part, refund.currency) for part in refund.parts]


def time_as_sent(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
