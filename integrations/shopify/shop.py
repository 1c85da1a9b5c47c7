"""Shopify as one kind of shop; see integrations.shop.Shop."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from core.text import UNSTORABLE
from integrations.shop import (
    CredentialField,
    Delivery,
    NotUnderstoodError,
    PrivacyKind,
    PrivacyRequest,
    RawDelivery,
    ShopClient,
    Statements,
)
from integrations.shopify import credentials, mapping, reading, signature, topics
from integrations.shopify.client import ShopifyClient
from integrations.shopify.queries import VERSION
from integrations.shopify.reading import Payload

STORE = credentials.STORE
MAX_TOPIC_LENGTH, MAX_EVENT_ID_LENGTH, MAX_STORE_LENGTH = 60, 100, 200
TEST_AMOUNT = Decimal("100.00")
LAST_OF_SECOND = timedelta(microseconds=999_999)
ALMOST_LAST_OF_SECOND = timedelta(microseconds=999_000)


class Shopify:
    """Its client secret also signs its deliveries."""

    kind = "shopify"
    name = "Shopify"
    fields: tuple[CredentialField, ...] = credentials.FIELDS
    secret_field = credentials.CLIENT_SECRET

    def clean(self, entered: Mapping[str, str]) -> dict[str, str]:
        """Return the credentials without what people paste around them. Raises CredentialError."""
        return credentials.clean(entered)

    def store_of(self, credentials: Mapping[str, str]) -> str:
        return credentials[STORE]

    def read_headers(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Say what a delivery is. Raises NotUnderstoodError.

        Shopify gives the deliveries of one event the same Event-Id, also where they have several
        topics; so the identity of a repeat is topic and Event-Id. The Webhook-Id, which is new for
        each try, stays among the stored headers.
        """
        topic = headers.get("x-shopify-topic", "").strip().lower()
        if not topic or len(topic) > MAX_TOPIC_LENGTH or UNSTORABLE.search(topic):
            raise NotUnderstoodError("The delivery does not say its topic.")
        found = headers.get("x-shopify-event-id") or headers.get("x-shopify-webhook-id") or ""
        store = headers.get("x-shopify-shop-domain", "").strip().lower()
        return Delivery(
            topic=topic,
            event_id=f"{topic} {_short(found.strip())}" if found.strip() else "",
            store=reading.clipped(store, MAX_STORE_LENGTH),
            happened_at=reading.time_of(headers.get("x-shopify-triggered-at")),
        )

    def is_ping(self, headers: Mapping[str, str], body: bytes) -> bool:
        return False

    def is_signed(
        self,
        headers: Mapping[str, str],
        body: bytes,
        *,
        secrets: Sequence[str],
        now: datetime,
    ) -> bool:
        """Whether one of the secrets signed these very bytes."""
        return signature.is_signed(headers, body, secrets)

    def understand(
        self, delivery: Delivery, body: bytes, *, client: ShopClient | None
    ) -> Statements:
        """Map a stored delivery. Raises NotUnderstoodError, ShopAwayError, AccessRefusedError."""
        understand = UNDERSTANDING.get(delivery.topic)
        if understand is None:
            return Statements(ignored=f"Deliveries about {delivery.topic} are not used.")
        return _within_second(understand(reading.parse(body), client), delivery)

    def client(self, credentials: Mapping[str, str]) -> ShopifyClient:
        return ShopifyClient(credentials)

    def test_delivery(
        self, *, order_id: str, code: str, currency: str, secret: str, now: datetime
    ) -> RawDelivery:
        """Return a signed delivery of a test order of 100.00 with this code."""
        order = _test_order(order_id, code, currency, now)
        body = json.dumps(order).encode()
        headers = {
            "content-type": "application/json",
            "x-shopify-topic": "orders/create",
            "x-shopify-event-id": f"test-{order_id}",
            "x-shopify-webhook-id": f"test-{order_id}",
            "x-shopify-api-version": VERSION,
            "x-shopify-triggered-at": now.astimezone(UTC).isoformat(),
            signature.HEADER: signature.sign(body, secret),
        }
        return RawDelivery(headers, body)


def _short(event_id: str) -> str:
    """Return an id that can be stored: an odd one is named by its digest."""
    is_plain = len(event_id) <= MAX_EVENT_ID_LENGTH and not UNSTORABLE.search(event_id)
    if is_plain:
        return event_id
    return hashlib.sha256(event_id.encode("utf-8", "surrogatepass")).hexdigest()


def _within_second(statements: Statements, delivery: Delivery) -> Statements:
    """Tell apart what was stated of an order within one second, to which its times are exact.

    An order that is made and paid at once is stated twice with the same `updated_at`. The time of
    the delivery's trigger, which is a little later and more exact, says which came last; what was
    fetched is the last.
    """
    if not statements.orders:
        return statements
    return replace(
        statements, orders=tuple(_more_exact(one, delivery) for one in statements.orders)
    )


def _more_exact(order: Mapping[str, Any], delivery: Delivery) -> Mapping[str, Any]:
    updated_at = reading.time_of(order.get("updated_at"))
    if updated_at is None or updated_at.microsecond:
        return order
    after = LAST_OF_SECOND
    if delivery.topic in topics.ORDERS:
        triggered_at = delivery.happened_at or updated_at
        after = min(max(triggered_at - updated_at, timedelta(0)), ALMOST_LAST_OF_SECOND)
    return {**order, "updated_at": (updated_at + after).isoformat()}


def _order(payload: Payload, client: ShopClient | None) -> Statements:
    return mapping.order_statements(payload)


def _fetched(payload: Payload, client: ShopClient | None) -> Statements:
    return mapping.fetched_order_statements(payload)


def _edited(payload: Payload, client: ShopClient | None) -> Statements:
    """An edit names what changed, and nothing is ever added up: the order is fetched as it is."""
    edit = reading.one(payload, "order_edit", "The delivery")
    order_id = reading.identity(edit, "order_id", "The edit")
    return _as_it_is(order_id, client) or Statements(
        ignored="An edit names changes alone. The order's own update states what it is now."
    )


def _refund(payload: Payload, client: ShopClient | None) -> Statements:
    """A refund that says too little alone is read inside its order."""
    stated = mapping.refund_statements(payload)
    if stated.ignored in (mapping.ANOTHER_WAY, mapping.NO_CURRENCY):
        order_id = reading.identity(payload, "order_id", "The refund")
        return _as_it_is(order_id, client) or stated
    return stated


def _as_it_is(order_id: str, client: ShopClient | None) -> Statements | None:
    if not isinstance(client, ShopifyClient):
        return None
    order = client.order(order_id)
    return None if order is None else mapping.fetched_order_statements(order)


def _uninstalled(payload: Payload, client: ShopClient | None) -> Statements:
    _check_topic_of(payload, "myshopify_domain")
    return Statements(is_uninstalled=True)


def _data_request(payload: Payload, client: ShopClient | None) -> Statements:
    return _about_shopper(PrivacyKind.DATA_REQUEST, payload, "orders_requested")


def _customer_erasure(payload: Payload, client: ShopClient | None) -> Statements:
    return _about_shopper(PrivacyKind.CUSTOMER_ERASURE, payload, "orders_to_redact")


def _store_erasure(payload: Payload, client: ShopClient | None) -> Statements:
    _check_topic_of(payload, "shop_domain")
    return Statements(privacy=(PrivacyRequest(PrivacyKind.STORE_ERASURE),))


def _check_topic_of(payload: Payload, name: str) -> None:
    """Refuse a body that is none of its topic. Raises NotUnderstoodError.

    Shopify signs the body alone. A stranger who got any signed delivery could send it again with a
    topic that erases or ends something, which the body of an order or a refund does not name.
    """
    if name not in payload:
        raise NotUnderstoodError("The topic in the header is not that of the contents.")


def _about_shopper(kind: PrivacyKind, payload: Payload, orders: str) -> Statements:
    owner = "The request"
    _check_topic_of(payload, "shop_domain")
    customer = reading.one(payload, "customer", owner)
    ids = payload.get(orders)
    if ids is not None and not isinstance(ids, list):
        raise NotUnderstoodError(f"{owner} has a `{orders}` that is not a list.")
    request = PrivacyRequest(
        kind,
        customer_id=reading.identity(customer, "id", "The customer", required=False),
        order_ids=tuple(_ids(ids or (), orders, owner)),
    )
    if not request.customer_id and not request.order_ids:
        raise NotUnderstoodError("The request names neither a customer nor an order.")
    return Statements(privacy=(request,))


def _ids(values: Iterable[object], name: str, owner: str) -> Iterable[str]:
    return (reading.identity({name: value}, name, owner) for value in values)


UNDERSTANDING: dict[str, Callable[[Payload, ShopClient | None], Statements]] = {
    **dict.fromkeys(topics.ORDERS, _order),
    topics.EDITED: _edited,
    topics.FETCHED: _fetched,
    topics.REFUNDED: _refund,
    topics.UNINSTALLED: _uninstalled,
    topics.DATA_REQUEST: _data_request,
    topics.CUSTOMER_ERASURE: _customer_erasure,
    topics.STORE_ERASURE: _store_erasure,
}


def _test_order(order_id: str, code: str, currency: str, now: datetime) -> dict[str, object]:
    moment = now.astimezone(UTC).isoformat()
    return {
        "id": order_id,
        "name": f"#{order_id}",
        "created_at": moment,
        "processed_at": moment,
        "updated_at": moment,
        "cancelled_at": None,
        "test": True,
        "financial_status": "paid",
        "currency": currency,
        "presentment_currency": currency,
        "taxes_included": False,
        "discount_codes": [{"code": code, "amount": "0.00", "type": "percentage"}],
        "note_attributes": [],
        "landing_site": "/",
        "source_name": "web",
        "customer": None,
        "line_items": [
            {
                "id": 1,
                "sku": "TEST",
                "title": "Test product",
                "quantity": 1,
                "current_quantity": 1,
                "price": str(TEST_AMOUNT),
                "discount_allocations": [],
                "tax_lines": [],
                "gift_card": False,
            }
        ],
        "refunds": [],
    }
