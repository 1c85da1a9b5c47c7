"""What staff read: health, notices, events, refusals, and bodies without personal data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from core.tenancy import acting_for
from integrations.connections import disconnect
from integrations.masking import MASK, readable_body
from integrations.models import Connection
from integrations.selectors import (
    NoticeKind,
    body_of,
    connection_health,
    events,
    has_first_order,
    health_of,
    latest_orders,
    live_health,
    notices_of,
    refused_deliveries,
)
from tests.cast import NOW, SYSTEM, Cast, raw_order
from tests.integrations.deliveries import connected, deliver, work


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def busy(connection: Connection) -> Connection:
    """One order, one failure, one delivery that waits, and one forged."""
    deliver(connection, {"id": "1", "order": raw_order()})
    deliver(connection, {"id": "2"}, topic="hats")
    work(connection)
    deliver(connection, {"id": "3"})
    deliver(connection, {"id": "4"}, secret="x")
    return connection


@pytest.mark.django_db
def test_health_counts_what_happened_in_seven_days(busy: Connection) -> None:
    [health] = connection_health(now=NOW)

    assert (health.waiting, health.failed, health.refused) == (1, 1, 1)
    assert health.connection.last_order_at == NOW
    assert [one.kind for one in notices_of(live_health(now=NOW))] == [
        NoticeKind.FAILED,
        NoticeKind.REFUSED,
    ]
    assert has_first_order()

    [later] = connection_health(now=NOW + timedelta(days=8))
    assert (later.waiting, later.failed, later.refused) == (1, 0, 0)


@pytest.mark.django_db
def test_refused_deliveries_are_told_apart_from_a_wrong_secret(connection: Connection) -> None:
    deliver(connection, {"id": "1", "order": raw_order("1001")})
    work(connection)
    deliver(connection, {"id": "forged"}, secret="somebody else's")
    [told] = notices_of(live_health(now=NOW))
    assert "check the secret that it signs with" in told.text

    heard_at = NOW + timedelta(minutes=1)
    Connection.objects.filter(pk=connection.pk).update(last_event_at=heard_at)

    [told] = notices_of(live_health(now=heard_at))
    assert "the secret is right" in told.text
    assert "check the secret" not in told.text


@pytest.mark.django_db
def test_health_takes_the_same_queries_for_one_and_three(
    busy: Connection, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(4):
        connection_health(now=NOW)
    for name in ("two.example", "three.example"):
        connected(store=name)
    with django_assert_num_queries(4):
        assert len(connection_health(now=NOW)) == 3


@pytest.mark.django_db
def test_a_store_that_was_given_up_is_not_listed(connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(connected_at=None)
    disconnect(connection=connection, by=SYSTEM, now=NOW)

    assert connection_health(now=NOW) == []
    assert health_of(connection, now=NOW).connection == connection


@pytest.mark.django_db
def test_a_store_that_was_disconnected_stays_listed_without_notices(busy: Connection) -> None:
    disconnect(connection=busy, by=SYSTEM, now=NOW)

    assert [one.connection for one in connection_health(now=NOW)] == [busy]
    assert notices_of(live_health(now=NOW)) == []


@pytest.mark.django_db
def test_the_orders_that_came_last_are_shown_with_whom_they_are_credited_to(
    connection: Connection, cast: Cast, django_assert_num_queries: Any
) -> None:
    for number in range(1, 8):
        code = "MARA15" if number % 2 else "NOBODY"
        sent = raw_order(str(number), promo_code=code)
        for event_id in (f"{number} created", f"{number} updated"):
            deliver(connection, {"id": event_id, "order": sent})
    deliver(connection, {"id": "test", "order": raw_order("8", is_test=True)})
    work(connection)

    with django_assert_num_queries(3):
        found = latest_orders(connection, limit=3)

    assert [
        (one.order.external_id, [str(row.member) for row in one.conversions]) for one in found
    ] == [("7", ["Mara Lindqvist"]), ("6", []), ("5", ["Mara Lindqvist"])]
    assert found[0].received_at == NOW
    with acting_for(cast.saltmarsh):
        assert latest_orders(connection, limit=3) == []


@pytest.mark.django_db
def test_orders_in_another_currency_are_told(connection: Connection) -> None:
    deliver(connection, {"id": "1", "order": raw_order(currency="EUR")})
    work(connection)

    [notice] = notices_of(live_health(now=NOW))
    assert notice.kind is NoticeKind.CURRENCY
    assert notice.text.startswith("Its orders are in EUR, and the brand's currency is GBP.")


@pytest.mark.django_db
def test_events_are_found_by_state_order_and_topic(busy: Connection, cast: Cast) -> None:
    def found(**wanted: Any) -> list[str]:
        return [event.event_id for event in events(**wanted)]

    assert found() == ["3", "2", "1"]
    assert found(state="failed") == ["2"]
    assert found(search="1001") == ["1"]
    assert found(search="HAT") == ["2"]
    assert found(search="3") == ["3"]
    assert found(connection=busy, origin="fetched") == []
    assert [one.number for one in refused_deliveries(now=NOW, connection=busy)] == [1]
    with acting_for(cast.saltmarsh):
        assert found() == []
        assert connection_health(now=NOW) == []


@pytest.mark.django_db
def test_a_body_is_shown_without_the_shopper(connection: Connection) -> None:
    deliver(connection, {"id": "1", "order": raw_order(), "email": "ann@example.com"})

    shown = body_of(events().get())

    assert "MARA15" in shown
    assert "ann@example.com" not in shown


@pytest.mark.parametrize(
    "body",
    [
        {  # Shopify
            "id": 1, "email": "ann@x.example", "contact_email": "ann@x.example", "name": "#1001",
            "phone": "+4420", "browser_ip": "192.0.2.7", "note": "ring Ann", "token": "ann-token",
            "customer": {"id": 77, "first_name": "Ann", "default_address": {"city": "Annapolis"}},
            "billing_address": {"address1": "1 Ann St", "country": "UK", "latitude": 51.5},
            "client_details": {"user_agent": "AnnBrowser"}, "current_total_price": "9.00",
        },
        {  # WooCommerce
            "id": 1, "billing": {"first_name": "Ann", "postcode": "ANN 1"}, "total": "9.00",
            "customer_note": "Ann", "customer_ip_address": "192.0.2.7", "customer_id": 7,
            "shipping": {"address_1": "1 Ann St"}, "customer_user_agent": "AnnBrowser",
        },
        {  # Stripe
            "data": {"object": {
                "customer_details": {"email": "ann@x.example", "address": {"line1": "1 Ann St"}},
                "customer": "cus_1", "receipt_email": "ann@x.example", "amount_total": 900,
                "payment_method_details": {"card": {"last4": "4242", "fingerprint": "annf"}},
            }},
        },
    ],
)  # fmt: skip
def test_nothing_of_a_person_is_shown(body: dict[str, Any]) -> None:
    shown = readable_body(json.dumps(body).encode())

    assert "ann" not in shown.lower()
    assert "192.0.2.7" not in shown
    assert "4242" not in shown
    assert MASK in shown
    assert "9.00" in shown or "900" in shown


@pytest.mark.parametrize(
    "body",
    [
        {"order_status_url": "https://shop.example/1/orders/ann/authenticate?key=ann"},
        {"order_key": "wc_order_ann", "payment_url": "https://shop.example/pay?key=wc_order_ann"},
        {"hosted_invoice_url": "https://invoice.example/ann", "invoice_pdf": "https://x/ann"},
        {"url": "https://checkout.example/c/pay/ann"},
        {"note_attributes": [{"name": "Gift message", "value": "Dear Ann"}]},
        {"line_items": [{"properties": [{"name": "Engraving", "value": "Ann"}]}]},
        {"meta_data": [{"key": "_billing_vat", "value": "ann", "display_value": "Ann"}]},
        {"meta_data": {"1": {"key": "recipient", "value": {"name": "Ann"}}}},
        {"metadata": {"recipient": "Ann"}},
        {"custom_fields": [{"key": "engraving", "text": {"value": "Ann"}}]},
        {"customer_name": "Ann", "customer_shipping": {"name": "Ann"}},
        {"landing_site": "/?email=ann@shopper.example&more=ann%40shopper.example"},
        {"receipt": {"paypal_account": "ann@shopper.example"}},
        {"x" * 200: "Ann"},
    ],
)  # fmt: skip
def test_what_a_shopper_wrote_and_pages_about_the_order_are_not_shown(body: dict[str, Any]) -> None:
    shown = readable_body(json.dumps({**body, "total": "9.00"}).encode())

    assert "ann" not in shown.lower()
    assert "9.00" in shown


def test_numbers_of_a_person_are_not_shown() -> None:
    shown = readable_body(b'{"billing": {"phone_2": 447700900123, "latitude": 51.5}, "total": 9}')

    assert "4477" not in shown
    assert "51.5" not in shown


def test_what_tells_why_an_order_was_credited_stays() -> None:
    body = {
        "note_attributes": [{"name": "trb", "value": "click-1"}],
        "metadata": {"trb": "click-1"},
        "meta_data": [
            {"id": 1, "key": "_wc_order_attribution_session_entry", "value": "https://x/?trb=c-1"},
            {"id": 2, "key": "_refunded_item_id", "value": "7"},
        ],
    }

    assert json.loads(readable_body(json.dumps(body).encode())) == body


def test_a_body_that_is_nested_deeply_makes_no_error() -> None:
    assert readable_body(b"[" * 700 + b"]" * 700).startswith("JSON that is nested too deeply")


def test_a_shoppers_browser_and_where_a_parcel_is_are_masked() -> None:
    body = {
        "fulfillments": [{"tracking_urls": ["https://post.example/A1"], "status": "success"}],
        "meta_data": [
            {"key": "_wc_order_attribution_user_agent", "value": "Mozilla/5.0 (Ann's phone)"},
            {"key": "_wc_order_attribution_session_entry", "value": "https://shop.example/?trb=x"},
        ],
    }

    shown = readable_body(json.dumps(body).encode())

    assert "post.example" not in shown
    assert "Mozilla" not in shown
    assert "trb=x" in shown
    assert "success" in shown


def test_half_of_a_pair_is_shown_as_it_was_written() -> None:
    """JSON may have it, and UTF-8 can't: the page would be an error."""
    shown = readable_body(rb'{"name": "caf\u00e9 \ud83d", "\udc00": 1}')

    assert json.loads(shown) == {"name": "café \ud83d", "\udc00": 1}
    assert shown.encode().decode() == shown


def test_ids_codes_and_names_of_orders_and_products_stay() -> None:
    body = {
        "id": 1, "name": "#1001", "customer": {"id": 77, "first_name": "Ann"},
        "line_items": [{"name": "Glow set", "title": "Glow set", "sku": "G-1"}],
        "discount_codes": [{"code": "MARA15"}],
    }  # fmt: skip

    assert json.loads(readable_body(json.dumps(body).encode())) == {
        **body,
        "customer": {"id": 77, "first_name": MASK},
    }


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"\xff\xfe", "The body is not text."),
        (b"name=Ann", "8 bytes that are not JSON."),
        (b"[" * 100_000, "100,000 bytes that are not JSON."),
    ],
)
def test_what_is_not_json_is_not_shown(body: bytes, shown: str) -> None:
    assert readable_body(body) == shown
