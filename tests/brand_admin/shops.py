"""A WooCommerce store that Juniper connects in tests of the brand admin's pages."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

from django.test import Client

from accounts.models import Brand
from core.tenancy import acting_for
from integrations.credentials import secret_of
from integrations.models import Connection
from integrations.woocommerce import signature
from integrations.working import work_events
from tests.answers import Answer
from tests.brand_admin.desk import at
from tests.cast import NOW, Cast
from tests.integrations.woocommerce.stand_in import KEY, SECRET, WooStore


def entered(shop: WooStore, /, **changes: str) -> dict[str, str]:
    """What an owner pastes into the form."""
    return {
        "confirmation": "00000000-0000-4000-8000-000000000001",
        "store": f" {shop.address}/wp-admin ",
        "consumer_key": KEY,
        "consumer_secret": SECRET,
        "history": "0",
    } | changes


def setup_of(brand: Brand) -> str:
    return at(brand, "connection_setup", kind="woocommerce")


def only(cast: Cast) -> Connection:
    with acting_for(cast.juniper):
        return Connection.objects.get()


def page_of(cast: Cast, connection: Connection, name: str = "connection", **more: Any) -> str:
    return at(cast.juniper, name, connection_id=connection.pk, **more)


def kept_in(page: str) -> str:
    """What the page has for the next try, sealed."""
    found = re.search(r'name="kept" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def secret_of_connection(connection: Connection, cast: Cast) -> str:
    with acting_for(cast.juniper):
        return secret_of(connection)


def deliver_order(connection: Connection, cast: Cast, number: int, code: str) -> None:
    """The store sends a new order of 100.00 with this code, and a worker records it."""
    moment = f"{NOW - timedelta(minutes=1):%Y-%m-%dT%H:%M:%S}"
    line = {
        "id": 1, "name": "Glow", "sku": "G", "quantity": 1, "subtotal": "100.00",
        "total": "100.00", "total_tax": "0.00",
    }  # fmt: skip
    sold = {
        "id": number, "number": str(number), "status": "processing", "currency": "GBP",
        "date_created_gmt": moment, "date_modified_gmt": moment, "date_paid_gmt": moment,
        "prices_include_tax": False, "customer_id": 0, "total": "100.00", "total_tax": "0.00",
        "shipping_total": "0.00", "line_items": [line], "fee_lines": [], "shipping_lines": [],
        "refunds": [], "meta_data": [], "coupon_lines": [{"id": 2, "code": code.lower()}],
    }  # fmt: skip
    body = json.dumps(sold).encode()
    signed = signature.sign(body, secret_of_connection(connection, cast))
    assert deliver(connection, body, signed).status_code == 200
    work(connection, cast)


def deliver(connection: Connection, body: bytes, signed: str) -> Answer:
    """A delivery of the store, with this signature."""
    return Client(raise_request_exception=False).post(
        f"/webhooks/{connection.public_id}/",
        body,
        content_type="application/json",
        headers={"x-wc-webhook-topic": "order.created", signature.HEADER: signed},
    )


def work(connection: Connection, cast: Cast) -> None:
    with acting_for(cast.juniper):
        work_events(connection_id=connection.pk, now=NOW, clock=lambda: NOW)


def send_test_order(client: Client, cast: Cast, connection: Connection, code: str) -> Answer:
    return client.post(page_of(cast, connection, "connection_test"), {"code": code}, follow=True)
