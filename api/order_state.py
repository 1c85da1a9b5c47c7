"""An order with its results as the API returns it. Amounts are decimal texts, times are UTC."""

from __future__ import annotations

from typing import Any

from core.money import Money
from core.public_ids import IdKind, public_id
from tracking.models import Conversion, Refund
from tracking.orders.as_sent import refunded_lines, time_as_sent
from tracking.orders.exchange import plain_rate
from tracking.orders.lookup import OrderState


def order_state_as_json(state: OrderState) -> dict[str, Any]:
    """Return the JSON document that answers GET /orders/…"""
    order, conversion = state.order, state.conversion
    return {
        "id": public_id(IdKind.ORDER, brand_id=order.brand_id, row_id=order.pk),
        "order_id": order.external_id,
        "source": order.source,
        "ordered_at": time_as_sent(order.ordered_at),
        "received_at": time_as_sent(order.received_at),
        "updated_at": time_as_sent(order.updated_at),
        "revision": order.revision,
        "currency": order.currency,
        "payment_status": order.payment_status,
        "cancelled_at": time_as_sent(order.cancelled_at) if order.cancelled_at else None,
        "is_test": order.is_test,
        "total": state.total.plain(),
        "status": conversion.status if conversion else "unattributed",
        "why": state.why,
        "attribution": _attribution(conversion) if conversion else None,
        "shares": [_share(row) for row in state.conversions],
        "commission": _commission(conversion) if conversion else None,
        "refunds": [_refund(refund) for refund in state.refunds],
    }


def _attribution(conversion: Conversion) -> dict[str, Any]:
    return {
        "evidence": conversion.evidence,
        "member": str(conversion.member),
        "offer": conversion.offer.name,
        "claims": [
            {"evidence": each["evidence"], "words": each["words"]} for each in conversion.claims
        ],
    }


def _share(conversion: Conversion) -> dict[str, Any]:
    return {
        "member": str(conversion.member),
        "offer": conversion.offer.name,
        "share_bp": conversion.share_bp,
        "status": conversion.status,
        "amount": conversion.commission.plain(),
        "currency": conversion.currency,
        "rate": plain_rate(conversion.rate) if conversion.rate else None,
        "rate_on": conversion.rate_on.isoformat() if conversion.rate_on else None,
    }


def _commission(conversion: Conversion) -> dict[str, Any]:
    def plain(minor: int) -> str:
        return Money(minor, conversion.currency).plain()

    return {
        "amount": plain(conversion.commission_minor),
        "sale": plain(conversion.sale_minor),
        "refunded": plain(conversion.refunded_minor),
        "payable_at": time_as_sent(conversion.payable_at),
        "reason": conversion.reason,
    }


def _refund(refund: Refund) -> dict[str, Any]:
    return {
        "refund_id": refund.external_id,
        "amount": refund.given_back.plain(),
        "refunded_at": time_as_sent(refund.refunded_at),
        "state": refund.state,
        "reason": refund.reason,
        "lines": refunded_lines(refund),
    }
