"""Read orders in the shape of the GraphQL Admin API, as the back-fill fetches them. Pure.

They are put into the shape of a webhook, so that one reader reads both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integrations.shopify import reading, webhooks
from integrations.shopify.click_ids import click_id_of
from integrations.shopify.facts import ShopOrder
from integrations.shopify.reading import Payload

ORDER = {
    "id": "id",
    "name": "name",
    "createdAt": "created_at",
    "processedAt": "processed_at",
    "updatedAt": "updated_at",
    "cancelledAt": "cancelled_at",
    "test": "test",
    "currencyCode": "currency",
    "displayFinancialStatus": "financial_status",
    "taxesIncluded": "taxes_included",
    "customer": "customer",
}
LINE = {
    "id": "id",
    "sku": "sku",
    "title": "title",
    "quantity": "quantity",
    "currentQuantity": "current_quantity",
    "isGiftCard": "gift_card",
}


def order_in(payload: Payload) -> ShopOrder:
    """Return what a fetched order says. Raises NotUnderstoodError."""
    return webhooks.order_in(as_webhook(payload))


def as_webhook(payload: Payload) -> dict[str, Any]:
    """Return a fetched order as a webhook would have sent it. Raises NotUnderstoodError."""
    owner = "The order"
    order = _renamed(payload, ORDER)
    codes = payload.get("discountCodes")
    order["discount_codes"] = [
        {"code": code} for code in (codes if isinstance(codes, list) else ()) if code is not None
    ]
    found = click_id_of(_attributes(payload), _landings(payload))
    order["note_attributes"] = [{"name": "trb", "value": found}] if found else []
    order["line_items"] = _nodes(payload, "lineItems", owner, _line)
    if payload.get("refunds") is not None:
        order["refunds"] = [_refund(one) for one in reading.several(payload, "refunds", owner)]
    return order


def _renamed(payload: Payload, names: dict[str, str]) -> dict[str, Any]:
    return {name: payload[known] for known, name in names.items() if known in payload}


def _nodes(
    payload: Payload, name: str, owner: str, read: Callable[[Payload], dict[str, Any]]
) -> list[dict[str, Any]]:
    connection = reading.one(payload, name, owner)
    return [read(node) for node in reading.several(connection, "nodes", owner)]


def _attributes(payload: Payload) -> list[tuple[Any, Any]]:
    found = payload.get("customAttributes")
    entries = found if isinstance(found, list) else []
    return [(one.get("key"), one.get("value")) for one in entries if isinstance(one, dict)]


def _landings(payload: Payload) -> list[Any]:
    """The addresses at which the shopper's visits began, the last visit first."""
    journey = payload.get("customerJourneySummary")
    visits = (
        [journey.get(n) for n in ("lastVisit", "firstVisit")] if isinstance(journey, dict) else []
    )
    return [visit.get("landingPage") for visit in visits if isinstance(visit, dict)]


def _bag(payload: Payload, known: str, name: str) -> dict[str, Any]:
    """Return a MoneyBag as a webhook has it; nothing if it is left out."""
    both = payload.get(known)
    if both is None:
        return {}
    money = reading.one(reading.one(payload, known, "An amount"), "shopMoney", "An amount")
    renamed = _renamed(money, {"amount": "amount", "currencyCode": "currency_code"})
    return {f"{name}_set": {"shop_money": renamed}}


def _line(node: Payload) -> dict[str, Any]:
    owner = "A line"
    line = _renamed(node, LINE) | _bag(node, "originalUnitPriceSet", "price")
    line["discount_allocations"] = [
        _bag(one, "allocatedAmountSet", "amount")
        for one in reading.several(node, "discountAllocations", owner)
    ]
    line["tax_lines"] = [
        _bag(one, "priceSet", "price") for one in reading.several(node, "taxLines", owner)
    ]
    return line


def _refund(payload: Payload) -> dict[str, Any]:
    owner = "The refund"
    refund = _renamed(payload, {"id": "id", "createdAt": "created_at"})
    refund["refund_line_items"] = _nodes(payload, "refundLineItems", owner, _refunded_line)
    refund["order_adjustments"] = _nodes(
        payload,
        "orderAdjustments",
        owner,
        lambda one: (
            _renamed(one, {"reason": "reason"})
            | _bag(one, "amountSet", "amount")
            | _bag(one, "taxAmountSet", "tax_amount")
        ),
    )
    refund["refund_shipping_lines"] = _nodes(
        payload,
        "refundShippingLines",
        owner,
        lambda one: (
            _bag(one, "subtotalAmountSet", "subtotal_amount")
            | _bag(one, "taxAmountSet", "tax_amount")
        ),
    )
    refund["transactions"] = _nodes(
        payload,
        "transactions",
        owner,
        lambda one: (
            _renamed(one, {"kind": "kind", "status": "status"}) | _bag(one, "amountSet", "amount")
        ),
    )
    return refund


def _refunded_line(node: Payload) -> dict[str, Any]:
    line = {
        "line_item_id": reading.one(node, "lineItem", "A line of the refund").get("id"),
        **_renamed(node, {"quantity": "quantity"}),
    }
    return line | _bag(node, "subtotalSet", "subtotal") | _bag(node, "totalTaxSet", "total_tax")
