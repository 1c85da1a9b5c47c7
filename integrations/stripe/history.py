"""What happened in Stripe since a moment, as deliveries: for what did not arrive, and for history.

Stripe keeps events for 30 days (https://docs.stripe.com/api/events). What is older is listed as it
is now, each object in an event that we make. Its id follows from the object and its state, so that
listing it again gives the same event.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from integrations.shop import RawDelivery
from integrations.stripe import endpoints, mapping, payload
from integrations.stripe.api import StripeApi
from integrations.stripe.payload import Object

EVENTS_KEPT = timedelta(days=29)  # a day less, so that none is lost while the list is read
# Path, what else is asked, the event's type, and the field that says the state.
OLDER: tuple[tuple[str, dict[str, str], str, str], ...] = (
    ("/v1/checkout/sessions", {"status": "complete"}, mapping.CHECKOUT_COMPLETED, "payment_status"),
    ("/v1/invoices", {"status": "paid"}, mapping.INVOICE_PAID, "status"),
    ("/v1/refunds", {}, "refund.updated", "status"),
    ("/v1/disputes", {}, "charge.dispute.updated", "status"),
)  # fmt: skip


def since(api: StripeApi, moment: datetime, *, now: datetime) -> Iterator[RawDelivery]:
    """Return events since `moment`; of before Stripe's events, sessions, invoices and refunds."""
    events_from = max(moment, now - EVENTS_KEPT)
    if moment < events_from:
        created = {"gte": _seconds(moment), "lt": _seconds(events_from)}
        for path, params, topic, state in OLDER:
            for found in api.all(path, created=created, **params):
                yield _delivery(_event_of(found, topic, state, now=now))
    for event in api.all(
        "/v1/events", created={"gte": _seconds(events_from)}, types=list(endpoints.TOPICS)
    ):
        yield _delivery(event)


def _event_of(found: Object, topic: str, state: str, *, now: datetime) -> dict[str, Any]:
    return {
        "id": f"listed_{payload.own_id(found)}_{payload.text(found, state)}"[:120],
        "object": "event",
        "type": topic,
        "created": _seconds(now),
        "livemode": found.get("livemode") is not False,
        "data": {"object": found},
    }


def _delivery(event: Object) -> RawDelivery:
    return RawDelivery({"content-type": "application/json"}, json.dumps(event).encode())


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
