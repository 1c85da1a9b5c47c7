"""Orders and refunds of the documented shape: as webhooks send them, and as GraphQL shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

STORE = "glow.myshopify.com"
AT = "2026-11-27T09:50:26-05:00"  # 14:50:26 in UTC


def both(amount: str, currency: str = "GBP") -> dict[str, Any]:
    """An amount in the shop's currency, and another one in the shopper's."""
    return {
        "shop_money": {"amount": amount, "currency_code": currency},
        "presentment_money": {"amount": "999.99", "currency_code": "EUR"},
    }


def line(
    line_id: int = 1,
    *,
    price: str = "20.00",
    quantity: int = 1,
    discounts: Sequence[str] = (),
    taxes: Sequence[str] = (),
    currency: str = "GBP",
    **more: Any,
) -> dict[str, Any]:
    return {
        "id": line_id,
        "admin_graphql_api_id": f"gid://shopify/LineItem/{line_id}",
        "sku": f"GLOW-{line_id}",
        "variant_id": 40 + line_id,
        "product_id": 50 + line_id,
        "title": "Glow set",
        "quantity": quantity,
        "current_quantity": quantity,
        "price": price,
        "price_set": both(price, currency),
        "total_discount": "0.00",
        "discount_allocations": [
            {"amount": one, "amount_set": both(one, currency), "discount_application_index": 0}
            for one in discounts
        ],
        "tax_lines": [
            {"title": "VAT", "rate": 0.2, "price": one, "price_set": both(one, currency)}
            for one in taxes
        ],
        "gift_card": False,
        "taxable": True,
        "properties": [],
        **more,
    }


def order(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An order as `orders/updated` sends it."""
    return {
        "id": 6012345678901,
        "admin_graphql_api_id": "gid://shopify/Order/6012345678901",
        "name": "#7001",
        "order_number": 7001,
        "created_at": AT,
        "processed_at": AT,
        "updated_at": "2026-11-27T09:50:30-05:00",
        "test": False,
        "cancelled_at": None,
        "cancel_reason": None,
        "financial_status": "paid",
        "currency": "GBP",
        "presentment_currency": "EUR",
        "taxes_included": False,
        "discount_codes": [{"code": "MARA15", "amount": "3.00", "type": "percentage"}],
        "note_attributes": [],
        "landing_site": "/products/glow?utm_source=x",
        "referring_site": "https://example.com/",
        "source_name": "web",
        "customer": {"id": 7000000000001, "email": None, "first_name": None},
        "line_items": list(lines or (line(),)),
        "refunds": [],
        **more,
    }


def refunded(
    line_id: int = 1, *, quantity: int = 1, subtotal: str = "20.00", tax: str = "0.00", **more: Any
) -> dict[str, Any]:
    return {
        "id": 900 + line_id,
        "line_item_id": line_id,
        "quantity": quantity,
        "restock_type": "return",
        "subtotal": subtotal,
        "subtotal_set": both(subtotal),
        "total_tax": tax,
        "total_tax_set": both(tax),
        **more,
    }


def paid_back(amount: str, **more: Any) -> dict[str, Any]:
    return {
        "id": 301,
        "kind": "refund",
        "status": "success",
        "gateway": "shopify_payments",
        "amount": amount,
        "currency": "GBP",
        "amount_set": both(amount),
        **more,
    }


def adjustment(amount: str, kind: str = "refund_discrepancy", tax: str = "0.00") -> dict[str, Any]:
    reason = "Shipping refund" if kind == "shipping_refund" else "Refund discrepancy"
    return {
        "id": 401,
        "kind": kind,
        "reason": reason,
        "amount": amount,
        "amount_set": both(amount),
        "tax_amount": tax,
        "tax_amount_set": both(tax),
    }


def refund(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A refund as `refunds/create` sends it, and as it stands inside its order."""
    return {
        "id": 801,
        "admin_graphql_api_id": "gid://shopify/Refund/801",
        "order_id": 6012345678901,
        "created_at": "2026-11-28T10:00:00Z",
        "processed_at": "2026-11-28T10:00:00Z",
        "refund_line_items": list(lines),
        "order_adjustments": [],
        "refund_shipping_lines": [],
        "transactions": [],
        **more,
    }


def shipping_line(amount: str, tax: str = "0.00") -> dict[str, Any]:
    return {"id": 501, "subtotal_amount_set": both(amount), "tax_amount_set": both(tax)}


def as_graphql(payload: dict[str, Any]) -> dict[str, Any]:
    """The same order as the Admin API shows it, with connections as plain lists."""
    customer = payload["customer"]
    landing = f"https://{STORE}{payload['landing_site'] or '/'}"
    return {
        "id": f"gid://shopify/Order/{payload['id']}",
        "name": payload["name"],
        "createdAt": payload["created_at"],
        "processedAt": payload["processed_at"],
        "updatedAt": payload["updated_at"],
        "cancelledAt": payload["cancelled_at"],
        "test": payload["test"],
        "currencyCode": payload["currency"],
        "displayFinancialStatus": (payload["financial_status"] or "pending").upper(),
        "taxesIncluded": payload["taxes_included"],
        "discountCodes": [one["code"] for one in payload["discount_codes"]],
        "customAttributes": [
            {"key": one["name"], "value": one["value"]} for one in payload["note_attributes"]
        ],
        "customer": customer and {"id": f"gid://shopify/Customer/{customer['id']}"},
        "customerJourneySummary": {"firstVisit": None, "lastVisit": {"landingPage": landing}},
        "lineItems": [_line(one) for one in payload["line_items"]],
        "refunds": [_refund(one) for one in payload["refunds"]],
    }


def _bag(both: dict[str, Any]) -> dict[str, Any]:
    named = {"shop_money": "shopMoney", "presentment_money": "presentmentMoney"}
    return {
        named[name]: {"amount": money["amount"], "currencyCode": money["currency_code"]}
        for name, money in both.items()
    }


def _line(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/LineItem/{one['id']}",
        "sku": one["sku"],
        "title": one["title"],
        "quantity": one["quantity"],
        "currentQuantity": one["current_quantity"],
        "isGiftCard": one["gift_card"],
        "originalUnitPriceSet": _bag(one["price_set"]),
        "discountAllocations": [
            {"allocatedAmountSet": _bag(part["amount_set"])} for part in one["discount_allocations"]
        ],
        "taxLines": [{"priceSet": _bag(part["price_set"])} for part in one["tax_lines"]],
    }


def _refund(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/Refund/{one['id']}",
        "createdAt": one["created_at"],
        "refundLineItems": [
            {
                "lineItem": {"id": f"gid://shopify/LineItem/{part['line_item_id']}"},
                "quantity": part["quantity"],
                "subtotalSet": _bag(part["subtotal_set"]),
                "totalTaxSet": _bag(part["total_tax_set"]),
            }
            for part in one["refund_line_items"]
        ],
        "orderAdjustments": [
            {
                "reason": part["reason"].upper().replace(" ", "_"),
                "amountSet": _bag(part["amount_set"]),
                "taxAmountSet": _bag(part["tax_amount_set"]),
            }
            for part in one["order_adjustments"]
        ],
        "refundShippingLines": [
            {
                "subtotalAmountSet": _bag(part["subtotal_amount_set"]),
                "taxAmountSet": _bag(part["tax_amount_set"]),
            }
            for part in one["refund_shipping_lines"]
        ],
        "transactions": [
            {
                "kind": part["kind"].upper(),
                "status": part["status"].upper(),
                "amountSet": _bag(part["amount_set"]),
            }
            for part in one["transactions"]
        ],
    }
