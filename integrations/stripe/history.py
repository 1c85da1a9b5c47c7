"""What happened in Stripe since a moment, as deliveries: for what did not arrive, and for history.

Stripe keeps events for 30 days (https://docs.stripe.com/api/events). What is older is listed as it
is now, each object in an event that we make, with the time at which the object was made. The same
event or object in the same state is the same bytes each time.

Stripe lists the newest first. So a stretch of time is read whole and turned round, one after the
other, and what happened first comes first.
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
EVENTS_SPAN, OLDER_SPAN = timedelta(days=1), timedelta(days=7)
# Path, what else is asked, the event's type, and the field that says the state.
OLDER: tuple[tuple[str, dict[str, str], str, str], ...] = (
    ("/v1/checkout/sessions", {"status": "complete"}, mapping.CHECKOUT_COMPLETED, "payment_status"),
    ("/v1/invoices", {"status": "paid"}, mapping.INVOICE_PAID, "status"),
    ("/v1/refunds", {}, "refund.updated", "status"),
    ("/v1/disputes", {}, "charge.dispute.updated", "status"),
)
CHANGING = ("pending_webhooks", "request")  # of an event; they say nothing of what happened


def since(api: StripeApi, moment: datetime, *, now: datetime) -> Iterator[RawDelivery]:
    """Return events since `moment`; of before Stripe's events, sessions, invoices and refunds."""
    events_from = max(moment, now - EVENTS_KEPT)
    for created in _spans(moment, events_from, OLDER_SPAN):
        yield from _deliveries(_older(api, created))
    for created in _spans(events_from, now + EVENTS_SPAN, EVENTS_SPAN):
        yield from _deliveries(_events(api, created))


def _spans(begin: datetime, end: datetime, length: timedelta) -> Iterator[dict[str, int]]:
    """Return the stretches from `begin` to `end`, as Stripe takes them."""
    while begin < end:
        until = min(begin + length, end)
        yield {"gte": int(begin.timestamp()), "lt": int(until.timestamp())}
        begin = until


def _events(api: StripeApi, created: dict[str, int]) -> list[dict[str, Any]]:
    found = api.all("/v1/events", created=created, types=list(endpoints.TOPICS))
    return [{k: value for k, value in event.items() if k not in CHANGING} for event in found]


def _older(api: StripeApi, created: dict[str, int]) -> list[dict[str, Any]]:
    return [
        _event_of(found, topic, state)
        for path, params, topic, state in OLDER
        for found in api.all(path, created=created, **params)
    ]


def _event_of(found: Object, topic: str, state: str) -> dict[str, Any]:
    return {
        "id": f"listed_{payload.own_id(found)}_{payload.text(found, state)}"[:120],
        "object": "event",
        "type": topic,
        "created": found.get("created"),
        "livemode": found.get("livemode") is not False,
        "data": {"object": found},
    }


def _deliveries(events: list[dict[str, Any]]) -> Iterator[RawDelivery]:
    """Return events as deliveries, from old to new."""
    for event in sorted(events, key=payload.moment):
        yield RawDelivery({"content-type": "application/json"}, json.dumps(event).encode())
