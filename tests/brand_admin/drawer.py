"""What the tests of the email drawer share: its address, its form, the standard texts."""

from __future__ import annotations

from typing import Any

from notifications.models import Purpose
from offers.models import Enrollment
from tests.answers import Answer, hidden_inputs
from tests.brand_admin.desk import at
from tests.cast import Cast
from tracking.outreach.first_texts import FIRST_TEXTS

ITEMS, MEMBERS = Purpose.SALES_TRACKING_ITEMS.value, Purpose.EMAIL_MEMBERS.value


def drawer(cast: Cast, *, purpose: str = MEMBERS, selected: list[Enrollment] | None = None) -> str:
    """The address that opens the drawer."""
    chosen = "".join(f"&selected={row.pk}" for row in selected or [])
    return f"{at(cast.juniper, 'compose')}?purpose={purpose}&offer={cast.glow.pk}{chosen}"


def carried(page: Answer) -> dict[str, Any]:
    """The data that the drawer's form posts from this page, without a button."""
    posted: dict[str, Any] = {}
    for name, value in hidden_inputs(page):
        if name == "selected":
            posted.setdefault(name, []).append(value)
        elif name != "csrfmiddlewaretoken":
            posted[name] = value
    return posted


def email_text(purpose: str = MEMBERS, **changes: str) -> dict[str, str]:
    first = FIRST_TEXTS[purpose]
    return {"subject": first.subject, "body": first.body} | changes
