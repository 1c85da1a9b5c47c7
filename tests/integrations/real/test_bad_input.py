"""What goes wrong with real kinds of shops, and what is sent by shops that are none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from django.test import override_settings

from integrations import connections
from integrations.connections import connect
from integrations.credentials import secret_of
from integrations.models import Connection, Event, RefusedDelivery
from integrations.selectors import NoticeKind, live_health, notices_of
from integrations.shop import CredentialError
from integrations.working import work_events
from tests.cast import SYSTEM, Cast, order
from tests.integrations.real.line import again, commission, connected, now, post, work
from tests.integrations.real.outbox import Outbox, Posted
from tests.integrations.real.shops import RealShop, ShopifyShop, StripeAccount, WooShop, running
from tests.integrations.shopify import payloads
from tests.integrations.stand_in import Fault, Reply
from tests.integrations.woocommerce import orders as woo_orders
from tracking.figures.unattributed_orders import Brought, unattributed_orders
from tracking.models import Conversion, Order, OrderLine, Refund, RefundState
from tracking.orders.recording import record_orders

pytestmark = pytest.mark.django_db


def test_what_is_not_signed_by_the_shop_is_refused_and_counted(
    shop: RealShop, connection: Connection, outbox: Outbox
) -> None:
    outbox.is_holding = True
    shop.sell(1)
    [sent] = outbox.kept
    signatures = {"x-shopify-hmac-sha256", "x-wc-webhook-signature", "stripe-signature"}
    unsigned = {n: v for n, v in sent.headers.items() if n.lower() not in signatures}
    forged = [
        Posted(sent.url, sent.headers, sent.body[:-1]),
        Posted(sent.url, sent.headers, sent.body + b" "),
        Posted(sent.url, sent.headers, b""),
        Posted(sent.url, sent.headers, b"\xff\xfe" * 100),
        Posted(sent.url, unsigned, sent.body),
        Posted(sent.url, {n: "x" if n.lower() in signatures else v
                          for n, v in sent.headers.items()}, sent.body),
    ]  # fmt: skip

    assert [post(one) for one in forged] == [401] * len(forged)
    assert post(Posted(sent.url, sent.headers, b"0" * 5_000_001)) == 413
    assert Event.objects.count() == 0
    refused = RefusedDelivery.objects.order_by("reason").values_list("reason", "number")
    assert list(refused) == [("signature", len(forged)), ("too_large", 1)]
    assert [one.kind for one in notices_of(live_health(now=now()))] == [NoticeKind.REFUSED]
    assert post(sent) == 200


def test_a_shop_that_changes_its_currency_is_told(shop: RealShop, connection: Connection) -> None:
    shop.sell(1)
    shop.sell(2, currency="EUR")
    work(connection)

    assert again(connection).currencies == ["GBP", "EUR"]
    [notice] = notices_of(live_health(now=now()))
    assert (notice.kind, "EUR" in notice.text) == (NoticeKind.CURRENCY, True)
    assert commission() == 1_000
    [other] = unattributed_orders(brought=Brought.CURRENCY)
    assert (other.external_id, other.currency) == (shop.order_id(2), "EUR")


def test_a_credited_order_whose_new_currency_has_no_rate_keeps_the_first(
    connected_shopify: tuple[ShopifyShop, Connection],
) -> None:
    shop, connection = connected_shopify
    shop.sell(1)
    shop.put(1, "orders/updated", currency="EUR", line_items=[payloads.line(currency="EUR")])

    work_events(connection_id=connection.pk, now=now())

    failed = Event.objects.get(state="failed")
    assert f"order {shop.order_id(1)} is in EUR" in failed.reason
    assert failed.reason.endswith("there is no exchange rate for its day.")
    assert (Order.objects.get().currency, commission()) == ("GBP", 1_000)


@pytest.fixture
def connected_shopify(
    outbox: Outbox, at_juniper: Cast, settings: Any
) -> Iterator[tuple[ShopifyShop, Connection]]:
    made = ShopifyShop(now() - timedelta(minutes=10))
    with running(made) as stand_ins:
        settings.STAND_INS = stand_ins

        yield made, connected(made)


LINES = 900


def of_900_lines(shop: RealShop) -> None:
    """Sell an order of that many lines, of 1.00 each."""
    if isinstance(shop, ShopifyShop):
        lines = [payloads.line(number, price="1.00") for number in range(1, LINES + 1)]
        shop.put(
            1, "orders/create", id=int(shop.order_id(1)), name="#1", line_items=lines, refunds=[]
        )
    elif isinstance(shop, WooShop):
        items = [woo_orders.a_line("1.00", id=number) for number in range(1, LINES + 1)]
        whole = woo_orders.an_order(id=1, line_items=items, fee_lines=[], refunds=[],
                                    coupon_lines=[{"id": 2, "code": "mara15"}])  # fmt: skip
        shop.put(1, "order.created", **json.loads(json.dumps(whole, default=str)))
    elif isinstance(shop, StripeAccount):
        shop.server.stored["promotion_codes"][0]["code"] = "MARA15"
        shop.sell(1, amount=LINES)
        [sold] = shop.server.stored["checkout/sessions"]
        one = shop.server.items[sold["id"]][0]
        shop.server.items[sold["id"]] = [
            {**one, "id": f"li_{n}", "amount_total": 100, "amount_subtotal": 100}
            for n in range(1, LINES + 1)
        ]


def test_an_order_with_900_lines(shop: RealShop, connection: Connection) -> None:
    of_900_lines(shop)
    work(connection)

    assert Order.objects.get().total_minor == LINES * 100
    assert OrderLine.objects.count() == LINES
    assert commission() == LINES * 10


def test_a_refund_that_comes_before_its_order(
    shop: RealShop, connection: Connection, outbox: Outbox
) -> None:
    outbox.is_holding = True
    shop.sell(1)
    shop.refund(1, 30)
    placed, *refunded = outbox.kept
    for posted in reversed(refunded):
        assert post(posted) == 200
        work(connection)
    assert post(placed) == 200
    work(connection)

    assert (commission(), Refund.objects.get().state) == (700, RefundState.APPLIED)


def test_the_same_order_by_the_shop_and_by_a_file_is_told_and_counted_once(
    shop: RealShop, connection: Connection
) -> None:
    shop.sell(7001)
    work(connection)
    shown = {"shopify": "#7001"}.get(shop.kind, shop.order_id(7001))
    at = Order.objects.get().ordered_at.date().isoformat() + "T00:00:00Z"  # a file has days
    row = order(shown, ordered_at=at, amount="100.00")
    record_orders(source="file", orders=[row], by=SYSTEM, now=now())

    assert (Order.objects.count(), Conversion.objects.count(), commission()) == (2, 1, 1_000)
    [listed] = unattributed_orders(brought=Brought.SAME)
    assert listed.source == "file"
    assert listed.unattributed == (
        f"may be the same order as {shop.order_id(7001)} of {connection.source}, which is credited"
    )


@pytest.mark.parametrize(
    ("entered", "said"),
    [
        ("https://10.0.0.7", "private network"),
        ("http://127.0.0.1:8000/", "private network"),
        ("localhost", "private network"),
        ("[::1]", "private network"),
        ("https://169.254.169.254/latest", "private network"),
        ("https://intranet.example", "private network"),
        ("https://half.example", "private network"),
    ],
)
def test_a_store_in_a_private_network_is_not_called(
    at_juniper: Cast, monkeypatch: pytest.MonkeyPatch, entered: str, said: str
) -> None:
    """Also one whose name leads there, or may: `half` has one public address and one private."""
    leads = {"intranet.example": ["10.0.0.7"], "half.example": ["93.184.216.34", "10.0.0.7"]}
    monkeypatch.setattr(
        "core.outgoing._resolved", lambda host: [ip_address(one) for one in leads[host]]
    )
    keys = {name: WooShop(now()).entered[name] for name in ("consumer_key", "consumer_secret")}
    with override_settings(LOCAL=False):
        made = connect(kind="woocommerce", entered={"store": entered, **keys}, by=SYSTEM, now=now())
        [checked] = connections.check(connection=made, by=SYSTEM, now=now())
        [subscribed] = connections.subscribe(connection=made, by=SYSTEM, now=now())

    assert (checked.is_ok, subscribed.is_ok) == (False, False)
    assert said in checked.advice
    assert said in subscribed.advice
    assert again(made).state == "connecting"


def test_outside_of_local_mode_no_stand_in_is_called(
    shop: RealShop, outbox: Outbox, at_juniper: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.outgoing._resolved", lambda host: [ip_address("10.0.0.7")])
    with override_settings(LOCAL=False):
        made = connect(kind=shop.kind, entered=shop.entered, by=SYSTEM, now=now())
        found = connections.check(connection=made, by=SYSTEM, now=now())

    assert not all(one.is_ok for one in found)
    assert shop.server.requests == []


def test_a_redirect_into_a_private_network_is_not_followed(
    outbox: Outbox, at_juniper: Cast, settings: Any
) -> None:
    shop = WooShop(now())
    with running(shop) as stand_ins:
        settings.STAND_INS = stand_ins
        made = connect(kind=shop.kind, entered=shop.entered, by=SYSTEM, now=now())
        moved = Fault(Reply(301, b"", {"location": "http://10.0.0.7/wp-json/"}))
        shop.server.faults.extend([moved, moved])
        [checked] = connections.check(connection=made, by=SYSTEM, now=now())
        [subscribed] = connections.subscribe(connection=made, by=SYSTEM, now=now())

    assert len(shop.server.requests) == 2
    for finding in (checked, subscribed):
        assert finding.advice == "The store has moved to 10.0.0.7. Enter that address."


@pytest.mark.parametrize(
    "entered",
    [
        "juniper.myshopify.com",
        " HTTP://Juniper.MyShopify.com/admin/settings ",
        "juniper",
        "https://admin.shopify.com/store/juniper/orders",
    ],
)
def test_however_the_store_is_pasted_it_is_the_same(at_juniper: Cast, entered: str) -> None:
    made = connect(
        kind="shopify",
        entered={**ShopifyShop(now()).entered, "store": entered},
        by=SYSTEM,
        now=now(),
    )

    assert (made.store, made.source) == ("juniper.myshopify.com", "shopify-juniper-myshopify-com")
    assert secret_of(made) == "s" * 32


def test_a_secret_with_a_space_inside_is_not_taken(at_juniper: Cast) -> None:
    entered = {**ShopifyShop(now()).entered, "client_secret": "ssssssss sssssss"}
    with pytest.raises(CredentialError, match="has a space in it"):
        connect(kind="shopify", entered=entered, by=SYSTEM, now=now())
