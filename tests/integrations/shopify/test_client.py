"""The client against a store on this machine: tokens, points, faults, pages, orders."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.shop import AccessRefusedError, Delivery, ShopAwayError, ShopClient, Statements
from integrations.shopify import fetching, topics
from integrations.shopify.client import ShopifyClient
from integrations.shopify.shop import Shopify
from tests.integrations.shopify.conftest import Connect
from tests.integrations.shopify.payloads import (
    adjustment,
    line,
    order,
    paid_back,
    refund,
    refunded,
    shipping_line,
)
from tests.integrations.shopify.stand_in import TOKEN_SECONDS, ShopifyStandIn
from tests.integrations.shopify.test_mapping import by_webhook
from tests.integrations.stand_in import Fault, Reply

SINCE = datetime(2026, 11, 1, tzinfo=UTC)


def numbered(number: int, **more: Any) -> dict[str, Any]:
    changed = f"2026-11-{1 + number // 60:02}T10:{number % 60:02}:00Z"
    return order(**{"id": number, "name": f"#{number}", "updated_at": changed, **more})


def ids(client: ShopifyClient, since: datetime = SINCE) -> list[str]:
    """The orders that changed since, as they are stated in the end."""
    shop = Shopify()
    found = []
    for raw in client.changed_since(since):
        delivery = shop.read_headers(raw.headers, raw.body)
        found += [
            one["order_id"] for one in shop.understand(delivery, raw.body, client=None).orders
        ]
    return found


def grants(store: ShopifyStandIn) -> int:
    return sum(sent.path == "/admin/oauth/access_token" for sent in store.requests)


def test_it_is_a_client_of_a_shop(client: ShopifyClient) -> None:
    as_declared: ShopClient = client

    assert isinstance(as_declared, ShopifyClient)


def test_a_token_is_granted_once_and_renewed_before_its_end(
    store: ShopifyStandIn, connect: Connect
) -> None:
    for _ in range(3):
        assert ids(connect()) == []
    assert grants(store) == 1

    store.clock.now += TOKEN_SECONDS - 60

    assert ids(connect()) == []
    assert grants(store) == 2
    statuses = [sent for sent in store.requests if "graphql" in sent.path]
    assert len(statuses) == 4  # none was refused with 401


def test_a_token_that_the_shop_ended_is_asked_for_again(
    store: ShopifyStandIn, client: ShopifyClient
) -> None:
    ids(client)
    store.tokens.clear()

    assert ids(client) == []
    assert grants(store) == 2


def test_an_app_token_is_used_as_it_is_and_cannot_be_renewed(
    store: ShopifyStandIn, connect: Connect
) -> None:
    client = connect(client_id="", access_token=store.app_token)

    assert ids(client) == []
    store.is_installed = False
    with pytest.raises(AccessRefusedError, match="no longer accepts our access"):
        ids(client)
    assert grants(store) == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client_id": "d" * 32}, "no app with this client ID"),
        ({"client_secret": "t" * 32}, "don't belong together"),
    ],
)
def test_wrong_credentials_are_told_apart(
    connect: Connect, changes: dict[str, str], said: str
) -> None:
    with pytest.raises(AccessRefusedError, match=said):
        ids(connect(**changes))


@pytest.mark.parametrize(
    ("reply", "error", "said"),
    [
        (Reply.of({"error": "shop_not_permitted"}, status=400), AccessRefusedError, "organizat"),
        (Reply(400, b"<html>"), AccessRefusedError, "Copy both again"),
        (Reply(404), AccessRefusedError, "no Shopify store"),
        (Reply(503), ShopAwayError, "answered 503"),
        (Reply.of({"access_token": 5}), ShopAwayError, "no access token"),
        (Reply.of([1]), ShopAwayError, "no access token"),
    ],
)
def test_answers_of_the_grant(
    store: ShopifyStandIn, client: ShopifyClient, reply: Reply, error: type[Exception], said: str
) -> None:
    store.faults.append(Fault(reply))
    store.faults.append(Fault(reply))
    store.faults.append(Fault(reply))

    with pytest.raises(error, match=said):
        ids(client)


def test_pages_are_followed_to_the_end(store: ShopifyStandIn, client: ShopifyClient) -> None:
    store.store.put(*(numbered(n) for n in range(1, 36)))

    assert ids(client) == [str(n) for n in range(1, 36)]
    assert store.operations.count("TributaryChangedOrders") == 4
    assert max(store.costs) <= 1_000


def test_only_what_changed_since_is_fetched(store: ShopifyStandIn, client: ShopifyClient) -> None:
    store.store.put(*(numbered(n) for n in (1, 2, 3)))

    assert ids(client, datetime(2026, 11, 1, 10, 2, 30, tzinfo=UTC)) == ["3"]


def test_a_long_search_is_begun_anew_at_the_last_order(
    store: ShopifyStandIn, client: ShopifyClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "RESULTS_OF_ONE_SEARCH", 20)
    store.store.put(*(numbered(n) for n in range(1, 66)))

    found = ids(client)

    assert list(dict.fromkeys(found)) == [str(n) for n in range(1, 66)]
    searches = {sent.json()["variables"].get("query") for sent in store.requests[1:]}
    assert len(searches) > 2


def whole_order() -> dict[str, Any]:
    """An order of 120 lines, with refunds of every kind."""
    lines = [line(n, price="10.00", discounts=["1.00"], taxes=["1.80"]) for n in range(1, 121)]
    many = refund(
        *(refunded(n, subtotal="9.00", tax="1.80") for n in range(1, 91)),
        transactions=[paid_back("977.00")],
        refund_shipping_lines=[shipping_line("5.00")],
    )
    none = refund(
        id=802, order_adjustments=[adjustment("-12.00")], transactions=[paid_back("12.00")]
    )
    return order(*lines, refunds=[many, none], updated_at="2026-11-20T00:00:00Z")


def as_fetched(payload: Any) -> Statements:
    """What the webhook says, as the last word of its second."""
    stated = by_webhook(payload)
    [one] = stated.orders
    exact = one["updated_at"].replace("+00:00", ".999999+00:00")
    return replace(stated, orders=({**one, "updated_at": exact},))


def test_a_fetched_order_is_whole_and_says_the_same_as_its_webhook(
    store: ShopifyStandIn, client: ShopifyClient
) -> None:
    payload = whole_order()
    store.store.put(payload)
    shop = Shopify()

    (raw,) = client.changed_since(SINCE)
    stated = shop.understand(shop.read_headers(raw.headers, raw.body), raw.body, client=None)

    assert stated == as_fetched(payload)
    assert len(stated.orders[0]["lines"]) == 120
    assert len(stated.refunds[0]["lines"]) == 90
    assert stated.refunds[0]["lines"][0] == {"line_id": "1", "amount": "9.00"}
    assert stated.refunds[1]["amount"] == "10.00"
    assert max(store.costs) <= 1_000


def test_a_fetched_order_is_one_event_until_it_changes(
    store: ShopifyStandIn, client: ShopifyClient
) -> None:
    shop = Shopify()

    def event() -> Delivery:
        (raw,) = client.changed_since(SINCE)
        return shop.read_headers(raw.headers, raw.body)

    store.store.put(order(updated_at="2026-11-20T00:00:00Z"))
    first = event()
    assert event() == first
    assert (first.topic, first.store) == (topics.FETCHED, store.name)
    assert first.happened_at == datetime(2026, 11, 20, tzinfo=UTC)

    store.store.put(order(updated_at="2026-11-21T00:00:00Z"))
    assert event().event_id != first.event_id


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("orders/edited", {"order_edit": {"id": 1, "order_id": 6012345678901}}),
        ("refunds/create", refund(transactions=[paid_back("12.00")])),
    ],
)
def test_what_says_too_little_is_read_from_the_order_as_it_is(
    store: ShopifyStandIn, client: ShopifyClient, topic: str, payload: Any
) -> None:
    store.store.put(whole_order())
    _, body = store.delivery(topic, payload)

    stated = Shopify().understand(Delivery(topic), body, client=client)

    assert stated == as_fetched(whole_order())
    store.store.orders.clear()
    assert Shopify().understand(Delivery(topic), body, client=client).ignored


def test_points_are_waited_for_and_none_is_asked_in_vain(
    store: ShopifyStandIn, client: ShopifyClient
) -> None:
    store.store.put(*(numbered(n) for n in range(1, 101)))
    store.points.take(1_200)

    assert len(ids(client)) == 100
    assert sum(store.clock.slept) > 10
    # The first answer said how many points there are: after it no question was throttled.
    assert store.operations.count("TributaryChangedOrders") == 10


def test_a_throttled_question_is_asked_again_when_there_are_points(
    store: ShopifyStandIn, client: ShopifyClient
) -> None:
    store.store.put(numbered(1))
    store.points.empty()

    assert ids(client) == ["1"]
    (cost, _) = store.costs
    assert store.clock.slept == [pytest.approx(cost / 100 + 0.1, abs=0.02)]


def test_a_page_that_costs_too_much_is_asked_for_in_smaller_ones(
    store: ShopifyStandIn, client: ShopifyClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "ORDERS_AT_ONCE", 40)
    store.store.put(*(numbered(n) for n in range(1, 24)))

    assert ids(client) == [str(n) for n in range(1, 24)]
    assert store.costs[0] > 1_000
    assert store.costs[-1] <= 1_000


@pytest.mark.parametrize(
    "fault", [Fault(drops=True), Fault(Reply(502)), Fault(Reply(500, b"<html>"))]
)
def test_a_fault_that_passes_is_not_seen(
    store: ShopifyStandIn, client: ShopifyClient, fault: Fault
) -> None:
    ids(client)
    store.store.put(numbered(1))
    store.faults.extend([fault, fault])

    assert ids(client) == ["1"]
    assert store.clock.slept == [1.0, 3.0]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(drops=True), "The store broke the connection"),
        (Fault(Reply(503)), "Shopify is out of order: it answered 503"),
        (Fault(stalls=True), "The store did not answer within"),
        (Fault(drips=True), "The store did not answer within"),
        (Fault(is_endless=True), "The store answered with more than can be read"),
        (Fault(Reply(200, b"<html>")), "The store did not answer with JSON"),
        (Fault(Reply(200, b"[]")), "The store did not answer with JSON"),
        (Fault(Reply(200, b"[" * 90_000)), "The store did not answer with JSON"),
        (Fault(Reply(402)), "frozen"),
        (Fault(Reply(423)), "locked"),
        (Fault(Reply(418)), "Shopify answered 418"),
        (Fault(Reply.of({"data": None})), "Shopify refused a request"),
        (Fault(Reply.of({"errors": "odd"})), "Shopify refused a request: odd"),
        (Fault(Reply.of({"errors": [{"extensions": {"code": "SHOP_INACTIVE"}}]})), "not active"),
    ],
)
def test_a_fault_that_stays_is_said_in_a_sentence(
    store: ShopifyStandIn, connect: Connect, fault: Fault, said: str
) -> None:
    ids(connect())
    store.faults.extend([fault] * 3)

    begun = time.monotonic()
    with pytest.raises(ShopAwayError, match=said) as caught:
        ids(connect(seconds=0.2 if fault.stalls or fault.drips else 20.0))
    assert str(caught.value)[0].isupper()
    assert time.monotonic() - begun < 15


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(301, b"", {"Location": "https://elsewhere.example/"}), "moved to another address"),
        (Reply(403), "denies access"),
        (Reply(404), "no Shopify store"),
    ],
)
def test_a_refusal_is_said_and_a_redirect_is_not_followed(
    store: ShopifyStandIn, client: ShopifyClient, reply: Reply, said: str
) -> None:
    ids(client)
    asked = len(store.requests)
    store.faults.append(Fault(reply))

    with pytest.raises(AccessRefusedError, match=said):
        ids(client)
    assert len(store.requests) == asked + 1


def test_a_missing_scope_is_named(store: ShopifyStandIn, client: ShopifyClient) -> None:
    store.scopes.remove("read_orders")

    with pytest.raises(AccessRefusedError, match="read_orders"):
        ids(client)


def test_the_token_is_in_no_message(store: ShopifyStandIn, connect: Connect) -> None:
    store.is_installed = False
    client = connect(client_id="", access_token=store.app_token)

    with pytest.raises(AccessRefusedError) as caught:
        ids(client)

    assert store.app_token not in f"{caught.value!r}{caught.value.__cause__!r}"
