"""What is entered, what headers say, signatures, and the test order."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrations.shop import CredentialError, Delivery, NotUnderstoodError, ShopAwayError
from integrations.woocommerce.shop import WooCommerce
from integrations.woocommerce.signature import sign
from tests.integrations.woocommerce.stand_in import KEY, SECRET
from tracking.orders.reading import read_order

SHOP = WooCommerce()
NOW = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)


def entered(**changes: str) -> dict[str, str]:
    right = {"store": "shop.example.com", "consumer_key": KEY, "consumer_secret": SECRET}
    return {**right, **changes}


@pytest.mark.parametrize(
    ("store", "address", "name"),
    [
        ("shop.example.com", "https://shop.example.com", "shop.example.com"),
        (" \t\u200bhttps://shop.example.com/\u00a0\n", "https://shop.example.com", ""),
        ("http://shop.example.com", "https://shop.example.com", ""),
        ("HTTPS://Shop.Example.COM.", "https://shop.example.com", ""),
        ("//shop.example.com", "https://shop.example.com", ""),
        ("https://shop.example.com:443/", "https://shop.example.com", ""),
        ("http://shop.example.com:80/", "https://shop.example.com", ""),
        ("https://shop.example.com:8443", "https://shop.example.com:8443", None),
        ("https://shop.example.com/shop/", "https://shop.example.com", ""),
        ("https://shop.example.com/product/face-oil/?a=b#c", "https://shop.example.com", ""),
        ("https://shop.example.com/wp-admin/admin.php?page=wc", "https://shop.example.com", ""),
        ("https://shop.example.com/wp-json/wc/v3/orders", "https://shop.example.com", ""),
        ("https://www.shop.example.com", "https://www.shop.example.com", ""),
        ("example.com/blog/wp-admin/", "https://example.com/blog", "example.com/blog"),
        ("example.com/shop/wp-admin", "https://example.com/shop", "example.com/shop"),
        ("example.com/blog/shop", "https://example.com/blog", "example.com/blog"),
        ("https://Müller.example/", "https://xn--mller-kva.example", "xn--mller-kva.example"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("http://localhost:8080/shop", "http://localhost:8080", "localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080", "[::1]:8080"),
        ("http://10.0.0.7", "https://10.0.0.7", "10.0.0.7"),  # refused when it is called
    ],
)
def test_the_store_without_what_people_paste_around_it(
    store: str, address: str, name: str | None
) -> None:
    cleaned = SHOP.clean(entered(store=store))
    assert cleaned["store"] == address
    if name is not None:
        assert SHOP.store_of(cleaned) == (name or "shop.example.com")


@pytest.mark.parametrize(
    ("store", "said"),
    [
        ("", "Enter the address"),
        (" \u200b ", "Enter the address"),
        ("my shop", "a space"),
        ("shop", "not complete"),
        ("https://", "not an address"),
        ("https://[::1", "not an address"),
        ("https://shop.example.com:99999", "not an address"),
        ("https://shop_1.example.com", "not an address"),
        ("ftp://shop.example.com", "must begin with https"),
        ("https://jo:word@shop.example.com", "name and password"),
        ("https://300.1.1.1", "not complete"),
        ("jo@example.com", "name and password"),
        ("https://a..example.com", "not an address"),
        ("https://shop.example.com/./", "Leave out the dots"),
        ("https://shop.example.com/blog/../wp-admin", "Leave out the dots"),
    ],
)
def test_a_store_that_is_no_address(store: str, said: str) -> None:
    with pytest.raises(CredentialError, match=said) as caught:
        SHOP.clean(entered(store=store))
    assert caught.value.field == "store"


def test_keys_without_what_people_paste_around_them() -> None:
    cleaned = SHOP.clean(
        entered(consumer_key=f"\u00a0{KEY}\n", consumer_secret=f' "{SECRET[:9]} {SECRET[9:]}" ')
    )
    assert (cleaned["consumer_key"], cleaned["consumer_secret"]) == (KEY, SECRET)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"consumer_key": ""}, "consumer_key", "Enter the consumer key"),
        ({"consumer_key": SECRET}, "consumer_key", "This is the consumer secret"),
        ({"consumer_secret": KEY}, "consumer_secret", "This is the consumer key"),
        ({"consumer_key": KEY[:-1]}, "consumer_key", "43 characters, this one has 42"),
        ({"consumer_secret": "password"}, "consumer_secret", "not a consumer secret"),
    ],
)
def test_keys_that_are_none(changes: dict[str, str], field: str, said: str) -> None:
    with pytest.raises(CredentialError, match=said) as caught:
        SHOP.clean(entered(**changes))
    assert caught.value.field == field


def test_the_secret_of_the_webhooks_is_made_once() -> None:
    first, second = SHOP.clean(entered()), SHOP.clean(entered())
    assert len(first["webhook_secret"]) == 64
    assert first["webhook_secret"] != second["webhook_secret"]
    assert SHOP.clean(first) == first


def test_headers() -> None:
    headers = {
        "x-wc-webhook-topic": "order.updated",
        "x-wc-webhook-source": "https://www.Shop.example.com/",
        "x-wc-webhook-delivery-id": "abc",
    }
    assert SHOP.read_headers(headers, b"{}") == Delivery("order.updated", "", "shop.example.com")
    headers["x-wc-webhook-source"] = "?"
    assert SHOP.read_headers(headers, b"{}").store == ""
    with pytest.raises(NotUnderstoodError):
        SHOP.read_headers({}, b"{}")


@pytest.mark.parametrize(
    ("headers", "body", "is_ping"),
    [
        ({}, b"webhook_id=12", True),
        ({}, b"webhook_id=12&a=b", False),
        ({}, b"webhook_id=", False),
        ({}, b'{"id": 1}', False),
        ({"x-wc-webhook-signature": "x"}, b"webhook_id=12", False),
    ],
)
def test_the_unsigned_ping(headers: dict[str, str], body: bytes, is_ping: bool) -> None:
    assert SHOP.is_ping(headers, body) is is_ping


def test_a_known_signature() -> None:
    """As `printf '{"id":1}' | openssl dgst -sha256 -hmac word -binary | base64` has it."""
    assert sign(b'{"id":1}', "word") == "uEymRCofUcgCvChhoPz4cT5DFUpXtF1ftPqkocwxlg4="


@pytest.mark.parametrize(
    ("given", "secrets", "is_signed"),
    [
        (sign(b"body", "new"), ["new", "old"], True),
        (sign(b"body", "old"), ["new", "old"], True),
        (sign(b"body", "old"), ["new"], False),
        (sign(b"Body", "new"), ["new"], False),
        (sign(b"body", ""), [""], False),
        (sign(b"body", "new")[:-4], ["new"], False),
        ("", ["new"], False),
        ("\u00fc\ud800", ["new"], False),
        (sign(b"body", "new"), [], False),
    ],
)
def test_signatures(given: str, secrets: list[str], is_signed: bool) -> None:
    headers = {"x-wc-webhook-signature": given}
    assert SHOP.is_signed(headers, b"body", secrets=secrets, now=NOW) is is_signed
    assert not SHOP.is_signed({}, b"body", secrets=["new"], now=NOW)


def test_the_test_order_is_signed_understood_and_marked_as_a_test() -> None:
    made = SHOP.test_delivery(
        order_id="990001", code="MARA15", currency="GBP", secret="word", now=NOW
    )
    assert SHOP.is_signed(made.headers, made.body, secrets=["word"], now=NOW)
    delivery = SHOP.read_headers(made.headers, made.body)
    stated = SHOP.understand(delivery, made.body, client=None)
    order = read_order(stated.orders[0])
    assert (order.external_id, order.is_test, order.total_minor) == ("990001", True, 10_000)
    assert (order.promo_codes, order.payment_status, order.ordered_at) == (("mara15",), "paid", NOW)


def test_other_topics_are_ignored() -> None:
    stated = SHOP.understand(Delivery("product.updated"), b"{}", client=None)
    assert "product.updated" in stated.ignored


@pytest.mark.parametrize("topic", ["order.updated", "order.deleted"])
def test_without_a_client_what_must_be_asked_for_waits(topic: str) -> None:
    body = SHOP.test_delivery(order_id="7", code="", currency="GBP", secret="word", now=NOW).body
    with pytest.raises(ShopAwayError):
        SHOP.understand(Delivery(topic), body, client=None)
