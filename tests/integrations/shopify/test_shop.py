"""Shopify as a kind of shop: what is typed, headers, signatures, topics, links."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.shop import (
    CredentialError,
    Delivery,
    NotUnderstoodError,
    PrivacyKind,
    PrivacyRequest,
    Shop,
    Statements,
)
from integrations.shopify import topics
from integrations.shopify.credentials import clean
from integrations.shopify.links import with_code
from integrations.shopify.shop import Shopify
from integrations.shopify.signature import sign
from tests.integrations.shopify.payloads import order
from tracking.orders.reading import read_order

NOW = datetime(2026, 11, 27, 14, 50, tzinfo=UTC)
SHOP: Shop = Shopify()
WITH_CODE = "https://glow.example/discount/MARA15"
GIVEN = {"store": "glow.myshopify.com", "client_id": "c" * 32, "client_secret": "s" * 32}
HEADERS = {
    "x-shopify-topic": "orders/updated",
    "x-shopify-shop-domain": "Glow.myshopify.com",
    "x-shopify-webhook-id": "w-1",
    "x-shopify-event-id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
    "x-shopify-triggered-at": "2026-11-27T14:50:30.877041743Z",
    "x-shopify-api-version": "2026-10",
}


@pytest.mark.parametrize(
    "store",
    [
        "glow.myshopify.com",
        "  Glow.MyShopify.com \n",
        "http://glow.myshopify.com/",
        "https://glow.myshopify.com/admin/products?x=1",
        "https://user@glow.myshopify.com:443/",
        "glow.myshopify.com.",
        "\u200bglow.myshopify.com\xa0",
        '"glow.myshopify.com"',
        "glow",
        "https://admin.shopify.com/store/glow",
        "admin.shopify.com/store/GLOW/settings/domains",
    ],
)
def test_a_store_address_is_read_however_it_was_pasted(store: str) -> None:
    assert clean({**GIVEN, "store": store}) == GIVEN
    assert SHOP.store_of(clean({**GIVEN, "store": store})) == "glow.myshopify.com"


@pytest.mark.parametrize(
    "store",
    ["", "glow.com", "https://admin.shopify.com/", "evil.com/glow.myshopify.com", "a b",
     "glow.myshopify.com.evil.com", "-x.myshopify.com", "http://[::1", "myshopify.com",
     "x.y.myshopify.com", "127.0.0.1@evil.com", "http://127.0.0.1:8123/",
     "localhost.myshopify.com:8123@evil.com"],
)  # fmt: skip
def test_an_address_of_no_store_is_refused_with_what_to_enter(store: str) -> None:
    with pytest.raises(CredentialError) as caught:
        clean({**GIVEN, "store": store})

    assert caught.value.field == "store"
    assert "ddress" in caught.value.message


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"client_secret": ""}, "client_secret", "forged"),
        ({"client_secret": "shpat_" + "a" * 32}, "client_secret", "This is an access token."),
        ({"client_secret": "abc def" * 3}, "client_secret", "space"),
        ({"client_secret": "é" * 32}, "client_secret", "no client secret"),
        ({"client_id": ""}, "client_id", "Enter the app's client ID."),
        ({"client_id": "shpss_" + "a" * 32}, "client_id", "a secret or a token"),
        ({"client_id": "s" * 32}, "client_id", "the same as the client secret"),
        ({"client_id": "x/y"}, "client_id", "no client ID"),
        ({"client_id": "", "access_token": "abc"}, "access_token", "begins with shpat_"),
    ],
)
def test_what_cannot_be_a_credential_is_refused_at_its_field(
    changes: dict[str, str], field: str, said: str
) -> None:
    with pytest.raises(CredentialError) as caught:
        clean({**GIVEN, **changes})

    assert (caught.value.field, said in caught.value.message) == (field, True)


def test_secrets_lose_the_spaces_around_them() -> None:
    entered = {**GIVEN, "client_secret": f" {'s' * 32}\n", "client_id": f"'{'c' * 32}'"}
    token = {**GIVEN, "client_id": "", "access_token": f"\tshpat_{'a' * 32} "}

    assert clean(entered) == GIVEN
    assert clean(token) == {
        "store": "glow.myshopify.com",
        "client_secret": "s" * 32,
        "access_token": "shpat_" + "a" * 32,
    }


def test_the_page_asks_for_what_clean_reads_and_hides_secrets() -> None:
    assert {field.name for field in SHOP.fields} == {*GIVEN, "access_token"}
    assert {field.name for field in SHOP.fields if field.is_secret} == {
        "client_secret",
        "access_token",
    }
    told = " ".join(field.help for field in SHOP.fields)
    assert all(scope in told for scope in ("read_orders", "read_customers", "write_discounts"))


def test_headers_say_topic_event_store_and_time() -> None:
    delivery = SHOP.read_headers(HEADERS, b"{}")

    assert delivery == Delivery(
        topic="orders/updated",
        event_id="orders/updated 98880550-7158-44d4-b7cd-2c97c8a091b5",
        store="glow.myshopify.com",
        happened_at=datetime(2026, 11, 27, 14, 50, 30, 877041, tzinfo=UTC),
    )


def test_a_repeat_has_the_same_event_and_another_topic_has_another() -> None:
    again = SHOP.read_headers({**HEADERS, "x-shopify-webhook-id": "w-2"}, b"{}")
    other = SHOP.read_headers({**HEADERS, "x-shopify-topic": "refunds/create"}, b"{}")

    first = SHOP.read_headers(HEADERS, b"{}")
    assert first.event_id == again.event_id
    assert first.event_id != other.event_id


@pytest.mark.parametrize("event_id", ["x" * 10_000, "\x00", "\ud800", "é\n"])
def test_odd_headers_are_stored_or_refused(event_id: str) -> None:
    odd = {**HEADERS, "x-shopify-event-id": event_id, "x-shopify-triggered-at": "soon"}

    delivery = SHOP.read_headers(odd, b"")

    assert 0 < len(delivery.event_id) <= 200
    assert "\x00" not in delivery.event_id
    delivery.event_id.encode()
    assert delivery.happened_at is None
    for topic in ("", "x" * 61, "a\x00b"):
        with pytest.raises(NotUnderstoodError):
            SHOP.read_headers({**HEADERS, "x-shopify-topic": topic}, b"")


def test_one_of_two_secrets_signs_the_very_bytes() -> None:
    body = b'{"id": 1}'
    by_hand = base64.b64encode(hmac.new(b"old", body, hashlib.sha256).digest()).decode()
    headers = {"x-shopify-hmac-sha256": by_hand}

    def signed(body: bytes, secrets: list[str], headers: dict[str, str] = headers) -> bool:
        return SHOP.is_signed(headers, body, secrets=secrets, now=NOW)

    assert signed(body, ["new", "old"])
    assert signed(body, ["old"])
    assert not signed(body, ["new"])
    assert not signed(body + b" ", ["old"])
    assert not signed(body, ["old"], {})
    assert not signed(body, ["old"], {"x-shopify-hmac-sha256": "é\ud800"})
    assert not signed(body, [""], {"x-shopify-hmac-sha256": sign(body, "")})
    assert not signed(body, [])


def understand(topic: str, payload: Any) -> Statements:
    return SHOP.understand(Delivery(topic), json.dumps(payload).encode(), client=None)


@pytest.mark.parametrize(
    "topic", ["orders/create", "orders/updated", "orders/cancelled", "orders/paid"]
)
def test_topics_of_orders_state_the_order(topic: str) -> None:
    assert understand(topic, order()).orders[0]["order_id"] == "6012345678901"


def test_every_topic_that_we_take_is_understood() -> None:
    assert set(topics.SUBSCRIBED) == {
        "orders/create", "orders/updated", "orders/edited", "orders/cancelled", "orders/paid",
        "refunds/create", "app/uninstalled",
    }  # fmt: skip
    assert set(topics.PRIVACY) == {"customers/data_request", "customers/redact", "shop/redact"}
    assert understand("app/uninstalled", {"myshopify_domain": "glow.myshopify.com"}).is_uninstalled
    assert "update" in understand("orders/edited", {"order_edit": {"order_id": 5}}).ignored
    assert "products/create" in understand("products/create", {}).ignored


def test_what_shoppers_ask_about_their_data() -> None:
    payload = {
        "shop_domain": "glow.myshopify.com",
        "customer": {"id": 191167, "email": "ann@example.com", "phone": "555"},
        "orders_requested": [299938, 280263],
        "orders_to_redact": [299938],
    }

    asked = understand("customers/data_request", payload).privacy
    erased = understand("customers/redact", payload).privacy

    assert asked == (PrivacyRequest(PrivacyKind.DATA_REQUEST, "191167", ("299938", "280263")),)
    assert erased == (PrivacyRequest(PrivacyKind.CUSTOMER_ERASURE, "191167", ("299938",)),)
    assert understand("shop/redact", {"shop_domain": "glow.myshopify.com"}).privacy == (
        PrivacyRequest(PrivacyKind.STORE_ERASURE),
    )
    with pytest.raises(NotUnderstoodError):
        understand("customers/redact", {"shop_domain": "x", "customer": {}, "orders_to_redact": []})


@pytest.mark.parametrize(
    "topic", ["shop/redact", "customers/redact", "customers/data_request", "app/uninstalled"]
)
def test_a_signed_order_with_another_topic_erases_and_ends_nothing(topic: str) -> None:
    """The signature is of the body alone: anybody who has one delivery can change its topic."""
    with pytest.raises(NotUnderstoodError, match="topic in the header"):
        understand(topic, order(customer={"id": 191167}))


@pytest.mark.parametrize("currency", ["GBP", "JPY", "KWD"])
def test_a_test_order_is_signed_and_read_as_one(currency: str) -> None:
    sent = SHOP.test_delivery(
        order_id="test-7", code="MARA15", currency=currency, secret="s" * 32, now=NOW
    )

    assert SHOP.is_signed(sent.headers, sent.body, secrets=["s" * 32], now=NOW)
    delivery = SHOP.read_headers(sent.headers, sent.body)
    facts = read_order(SHOP.understand(delivery, sent.body, client=None).orders[0])
    digits = {"GBP": 2, "JPY": 0, "KWD": 3}[currency]
    assert (facts.is_test, facts.promo_codes) == (True, ("MARA15",))
    assert (facts.external_id, facts.total_minor) == ("test-7", 100 * 10**digits)


@pytest.mark.parametrize(
    ("address", "code", "link"),
    [
        ("https://glow.example", "MARA15", WITH_CODE),
        ("https://glow.example/", "MARA15", WITH_CODE),
        (
            "https://glow.example/products/set?utm_source=x&trb=abc#top",
            "MARA15",
            f"{WITH_CODE}?redirect=/products/set%3Futm_source%3Dx%26trb%3Dabc%23top",
        ),
        (
            "https://glow.example//evil.example/x",
            "M/?#&15 Ä",
            "https://glow.example/discount/M%2F%3F%23%2615%20%C3%84?redirect=/evil.example/x",
        ),
    ],
)
def test_a_link_applies_the_code_and_leads_on(address: str, code: str, link: str) -> None:
    assert with_code(address, code) == link


def test_the_click_id_of_such_a_link_is_found_again() -> None:
    link = with_code("https://glow.example/products/set?trb=abc", "MARA15")
    landing = link.removeprefix("https://glow.example")

    assert understand("orders/create", order(landing_site=landing)).orders[0]["click_id"] == "abc"
