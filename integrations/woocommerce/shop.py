"""WooCommerce as a `Shop`: what the setup page asks for, and what a delivery states."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from integrations.shop import (
    CredentialField,
    Delivery,
    NotUnderstoodError,
    RawDelivery,
    ShopAwayError,
    ShopClient,
    Statements,
)
from integrations.woocommerce import address, mapping, signature, values
from integrations.woocommerce.client import WooClient
from integrations.woocommerce.values import Json

SIGNED_WITH = "webhook_secret"  # the credential that we make ourselves
PING = re.compile(rb"webhook_id=[0-9]{1,20}\s*")
CREATED, DELETED = "order.created", "order.deleted"
STATED = {CREATED, "order.updated", "order.restored"}


class _Reader(Protocol):
    """What a delivery needs of the client."""

    def order(self, order_id: str) -> Json | None: ...

    def refunds_of(self, order_id: str) -> Sequence[Json]: ...


class WooCommerce:
    """Stores with the plugin WooCommerce for WordPress."""

    kind = "woocommerce"
    name = "WooCommerce"
    reads_while_understanding = True
    fields: tuple[CredentialField, ...] = (
        CredentialField(
            "store",
            "Store address",
            "The address that shoppers use. If WordPress is in a folder, paste the address of its "
            "dashboard, which ends in /wp-admin.",
            placeholder="https://shop.example.com",
        ),
        CredentialField(
            "consumer_key",
            "Consumer key",
            "In WordPress, open WooCommerce → Settings → Advanced → REST API and press “Add key”. "
            "Choose an administrator as user, Read/Write as permissions, and press “Generate API "
            "key”.",
            placeholder="ck_…",
        ),
        CredentialField(
            "consumer_secret",
            "Consumer secret",
            "It is shown beside the consumer key, only once.",
            is_secret=True,
            placeholder="cs_…",
        ),
    )

    def clean(self, entered: Mapping[str, str]) -> dict[str, str]:
        """The credentials, with a secret for the webhooks that we make. Raises CredentialError.

        Each field is checked, and the first that is wrong is named.
        """
        return {
            "store": address.clean_store(entered.get("store", "")),
            "consumer_key": address.clean_key(
                entered.get("consumer_key", ""),
                field="consumer_key", prefix="ck_", label="consumer key",
            ),
            "consumer_secret": address.clean_key(
                entered.get("consumer_secret", ""),
                field="consumer_secret", prefix="cs_", label="consumer secret",
            ),
            SIGNED_WITH: entered.get(SIGNED_WITH) or signature.new_secret(),
        }  # fmt: skip

    def store_of(self, credentials: Mapping[str, str]) -> str:
        """Return host and folder, without www."""
        return address.store_name(credentials["store"])

    def read_headers(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Return topic and store. A delivery id is no identity: it repeats within a second."""
        topic = headers.get("x-wc-webhook-topic", "").strip().lower()
        if not topic:
            raise NotUnderstoodError("The delivery has no header X-WC-Webhook-Topic.")
        store = address.store_name(headers.get("x-wc-webhook-source", ""))
        return Delivery(topic=topic[:100], store=store)

    def is_ping(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether it is what WooCommerce sends, unsigned, when a webhook is made."""
        return signature.HEADER not in headers and PING.fullmatch(body) is not None

    def is_signed(
        self,
        headers: Mapping[str, str],
        body: bytes,
        *,
        secrets: Sequence[str],
        now: datetime,
    ) -> bool:
        return signature.is_signed(headers, body, secrets)

    def understand(
        self, delivery: Delivery, body: bytes, *, client: ShopClient | None
    ) -> Statements:
        """Map a delivery. The order is read as it is now, with its refunds.

        A delivery says what was when it was sent, so one that comes late would undo a refund that
        was made since. Only a new order without refunds is taken as it came.
        """
        if delivery.topic == DELETED:
            return self._deleted(values.parse(body), _reader(client))
        if delivery.topic not in STATED:
            return Statements(ignored=f"Deliveries of {delivery.topic} are not about orders.")
        order = mapping.checked_order(values.parse(body))
        stated = mapping.statements(order, None)
        if stated.ignored or (delivery.topic == CREATED and not values.items(order, "refunds")):
            return stated
        reader, order_id = _reader(client), values.shop_id(order)
        return _as_it_is(order_id, reader) or replace(stated, deleted_orders=(order_id,))

    def _deleted(self, body: object, reader: _Reader) -> Statements:
        """State an order that went to the trash, that is gone, or that has come back since."""
        order_id = values.shop_id(mapping.checked_order(body))
        return _as_it_is(order_id, reader) or Statements(deleted_orders=(order_id,))

    def client(self, credentials: Mapping[str, str]) -> WooClient:
        return WooClient(
            store=credentials["store"],
            key=credentials["consumer_key"],
            secret=credentials["consumer_secret"],
            webhook_secret=credentials[SIGNED_WITH],
        )

    def test_delivery(
        self, *, order_id: str, code: str, currency: str, secret: str, now: datetime
    ) -> RawDelivery:
        """A signed delivery of a test order of 100.00, in WooCommerce's format.

        WooCommerce has no test orders, so a field of our own marks it as one. `order_id` is in
        digits. It does not say which store sent it.
        """
        moment = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        order = {
            "id": int(order_id), "number": order_id, "status": "processing", "currency": currency,
            "date_created_gmt": moment, "date_modified_gmt": moment, "date_paid_gmt": moment,
            "prices_include_tax": False, "customer_id": 0, "total": "100.00",
            "total_tax": "0.00", "shipping_total": "0.00",
            "line_items": [{
                "id": 1, "name": "Test product", "sku": "TEST", "quantity": 1,
                "subtotal": "100.00", "total": "100.00", "total_tax": "0.00",
            }],
            "fee_lines": [], "shipping_lines": [], "refunds": [],
            "coupon_lines": [{"id": 2, "code": code.lower()}] if code else [],
            "meta_data": [{"id": 3, "key": mapping.TEST_MARK, "value": "yes"}],
        }  # fmt: skip
        body = json.dumps(order).encode()
        return RawDelivery(
            {
                "content-type": "application/json",
                "x-wc-webhook-topic": CREATED,
                "x-wc-webhook-resource": "order",
                "x-wc-webhook-event": "created",
                signature.HEADER: signature.sign(body, secret),
                "x-wc-webhook-id": "0",
                "x-wc-webhook-delivery-id": "0" * 32,
            },
            body,
        )


def _as_it_is(order_id: str, reader: _Reader) -> Statements | None:
    """What an order and its refunds are now; None if it was deleted for good.

    The order tells whether it has refunds, so that most need one question.
    """
    order = reader.order(order_id)
    if order is None:
        return None
    has_refunds = "refunds" not in order or values.items(order, "refunds")
    return mapping.statements(order, reader.refunds_of(order_id) if has_refunds else [])


def _reader(client: ShopClient | None) -> _Reader:
    """The client as what reads orders. Raises ShopAwayError where there is none."""
    if isinstance(client, WooClient):
        return client
    raise ShopAwayError("The store can't be asked for the refunds of this order now.")
