"""Objects of Stripe's API, of the documented shape, with made-up contents.

https://docs.stripe.com/api, version 2026-10-28. Files in `fixtures` hold whole events.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parent / "fixtures"
BEGUN = 1_795_600_000  # 2026-11-25 09:46:40 UTC
JSON = dict[str, Any]


def fixture(name: str) -> JSON:
    """Return a whole event."""
    found: JSON = json.loads((FIXTURES / f"{name}.json").read_text())
    return found


def page(*objects: JSON) -> JSON:
    return {"object": "list", "data": list(objects), "has_more": False}


def event(topic: str, found: JSON, *, created: int = BEGUN, **more: Any) -> JSON:
    return {
        "id": f"evt_{topic.replace('.', '_')}_{found['id']}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "type": topic,
        "created": created,
        "livemode": True,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "data": {"object": found},
        **more,
    }


def session(number: int = 1, **more: Any) -> JSON:
    """A checkout of 100.00 GBP, paid, without tax, shipping or discount."""
    return {
        "id": f"cs_live_{number}",
        "object": "checkout.session",
        "mode": "payment",
        "created": BEGUN,
        "livemode": True,
        "currency": "gbp",
        "amount_subtotal": 10_000,
        "amount_total": 10_000,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "shipping_cost": None,
        "client_reference_id": None,
        "customer": f"cus_{number}",
        "discounts": [],
        "invoice": None,
        "metadata": {},
        "payment_intent": f"pi_{number}",
        "payment_status": "paid",
        "status": "complete",
        "subscription": None,
        **more,
    }


def item(number: int = 1, **more: Any) -> JSON:
    return {
        "id": f"li_{number}",
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": 10_000,
        "amount_tax": 0,
        "amount_total": 10_000,
        "currency": "gbp",
        "description": "Glow set",
        "price": {"id": "price_1", "object": "price", "product": "prod_glow"},
        "quantity": 1,
        **more,
    }


def invoice(number: int = 1, *, subscription: str = "sub_1", **more: Any) -> JSON:
    """A renewal of 30.00 GBP, paid, of which 5.00 is tax."""
    return {
        "id": f"in_{number}",
        "object": "invoice",
        "billing_reason": "subscription_cycle",
        "created": BEGUN,
        "livemode": True,
        "currency": "gbp",
        "customer": "cus_1",
        "discounts": [],
        "lines": page(
            {
                "id": f"il_{number}",
                "object": "line_item",
                "amount": 2_500,
                "description": "1 \u00d7 Glow box (at £25.00 / month)",
                "discount_amounts": [],
                "pricing": {
                    "type": "price_details",
                    "price_details": {"price": "price_2", "product": "prod_box"},
                },
                "quantity": 1,
                "taxes": [{"amount": 500, "tax_behavior": "exclusive"}],
            }
        ),
        "parent": {
            "type": "subscription_details",
            "subscription_details": {"metadata": {}, "subscription": subscription},
        },
        "shipping_cost": None,
        "status": "paid",
        "subtotal": 2_500,
        "total": 3_000,
        "total_excluding_tax": 2_500,
        "total_taxes": [{"amount": 500, "tax_behavior": "exclusive"}],
        **more,
    }


def invoice_payment(number: int, *, invoice: str, payment_intent: str) -> JSON:
    return {
        "id": f"inpay_{number}",
        "object": "invoice_payment",
        "created": BEGUN,
        "invoice": invoice,
        "payment": {"type": "payment_intent", "payment_intent": payment_intent},
        "status": "paid",
    }


def refund(number: int = 1, **more: Any) -> JSON:
    return {
        "id": f"re_{number}",
        "object": "refund",
        "amount": 1_000,
        "charge": "ch_1",
        "created": BEGUN + 100 * number,
        "currency": "gbp",
        "payment_intent": "pi_1",
        "status": "succeeded",
        **more,
    }


def dispute(number: int = 1, **more: Any) -> JSON:
    return {
        "id": f"du_{number}",
        "object": "dispute",
        "amount": 10_000,
        "charge": "ch_1",
        "created": BEGUN + 1_000 * number,
        "currency": "gbp",
        "livemode": True,
        "payment_intent": "pi_1",
        "status": "needs_response",
        **more,
    }


def promotion_code(number: int = 1, **more: Any) -> JSON:
    return {
        "id": f"promo_{number}",
        "object": "promotion_code",
        "active": True,
        "code": "MARA15",
        "created": BEGUN,
        "promotion": {"type": "coupon", "coupon": "coupon_1"},
        "times_redeemed": 0,
        **more,
    }
