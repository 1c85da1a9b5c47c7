"""Helpers of the brand admin's tests: find an address, log in, sell, count queries."""

from __future__ import annotations

import csv
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import EVERY_SCOPE, Brand, User
from brand_admin.history import HistoryLine
from core.tenancy import acting_for
from tests.answers import Answer, hidden_fields, page_text
from tests.cast import NOW, SYSTEM, Cast, order
from tracking.models import Conversion
from tracking.orders.recording import record_order


def at(brand: Brand, name: str, **kwargs: Any) -> str:
    """The address of a page of the brand."""
    return reverse(f"brand_admin:{name}", kwargs={"slug": brand.slug, **kwargs})


def desk_of(user: User) -> Client:
    """A browser in which this user is logged in."""
    client = Client()
    client.force_login(user)
    return client


def new_key(label: str, **changes: Any) -> dict[str, Any]:
    """What the form for a new API key sends: a live key that may do everything."""
    return {"label": label, "mode": "live", "scopes": EVERY_SCOPE} | changes


def sell(cast: Cast, order_id: str = "1001", *, days_ago: int = 0, **changes: Any) -> Conversion:
    """An order of £84.20 with Mara's code, recorded by Juniper's shop, with `changes`."""
    placed = NOW - timedelta(days=days_ago, hours=1)
    facts = order(order_id, **({"ordered_at": placed.isoformat()} | changes))
    with acting_for(cast.juniper):
        now = max(NOW, facts.ordered_at)
        outcome = record_order(source="shop", order=facts, by=SYSTEM, now=now)
        assert outcome.conversion_id is not None, outcome.problems
        return Conversion.objects.get(pk=outcome.conversion_id)


def shown(response: Answer) -> str:
    """The page, whose status must be 200, as one line with single spaces."""
    assert response.status_code == 200, response
    return " ".join(page_text(response).split())


def logged(response: Answer) -> list[HistoryLine]:
    """What a page of the audit log lists."""
    return [row.line for row in response.context["rows"]]


def csv_of(response: Any) -> list[list[str]]:
    """The lines of a CSV download."""
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(text.splitlines()))


def seen_at(address: str, cast: Cast) -> str:
    """What a page sends back of what it shows, so that nobody acts on what they did not see."""
    page = desk_of(cast.theo).get(address)
    assert shown(page)
    seen = hidden_fields(page)["seen"]
    assert seen
    return seen


def queries_of(client: Client, address: str) -> int:
    """How many queries the page takes."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)
