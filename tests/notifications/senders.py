"""Helpers of the sending tests: a recipient, and a confirmed campaign."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from notifications.models import Campaign, Purpose
from notifications.services import Recipient, confirm_campaign
from tests.cast import NOW, SYSTEM

BODY = """<p>Hi {{ first_name | there }},</p>
<p>Your code: <strong>{{ promo_code }}</strong><br>Your link: {{ tracking_link }}</p>
<p><a href="{{ dashboard_link }}">View my performance stats</a></p>
<p>Thanks,<br>{{ sender_name }}</p>"""
SUBJECT = "Your {{ offer_name }} details from {{ brand_name }}"


def values(**changes: str | None) -> dict[str, str | None]:
    """All values of Mara's mail, with `changes`."""
    return {
        "first_name": "Mara",
        "full_name": "Mara Lindqvist",
        "brand_name": "Juniper & Co",
        "offer_name": "Winter Glow",
        "promo_code": "MARA15",
        "tracking_link": "https://go.example/r/mara?a=1&b=2",
        "dashboard_link": "https://go.example/d/token",
        "commission": "You earn 10% of every sale.",
        "sender_name": "Ines",
    } | changes


def recipient(number: int = 1, **changes: Any) -> Recipient:
    """The recipient with that number."""
    fields: dict[str, Any] = {
        "recipient": f"member:{number}",
        "about": f"enrollment:{number}",
        "to_address": f"person{number}@example.com",
        "to_name": f"Person {number}",
        "values": values(),
    }
    return Recipient(**(fields | changes))


def confirm(recipients: Sequence[Recipient] | None = None, **changes: Any) -> Campaign:
    """A campaign to Mara alone, with `changes`. Needs a brand in scope."""
    fields: dict[str, Any] = {
        "purpose": Purpose.SALES_TRACKING_ITEMS,
        "about": "offer:1",
        "title": "Winter Glow",
        "subject": SUBJECT,
        "body": BODY,
        "recipients": [recipient()] if recipients is None else recipients,
        "confirmation": uuid.uuid4(),
        "by": SYSTEM,
        "now": NOW,
    }
    return confirm_campaign(**(fields | changes))
