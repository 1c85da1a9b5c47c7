"""The client against a store that pages, refuses, fails, and changes while it is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.outgoing import Caller
from integrations.shop import AccessRefusedError, Delivery, ShopAwayError
from integrations.woocommerce import rest as rest_module
from integrations.woocommerce.client import WooClient
from integrations.woocommerce.shop import WooCommerce
from tests.integrations.stand_in import Fault, Reply, Sent
from tests.integrations.woocommerce.conftest import client_of
from tests.integrations.woocommerce.orders import a_refund, fixture
from tests.integrations.woocommerce.stand_in import WooStore, error
from tracking.orders.reading import read_order, read_refund

SHOP = WooCommerce()
LONG_AGO = datetime(2026, 11, 1, tzinfo=UTC)


def an_order(order_id: int, **changes: Any) -> dict[str, Any]:
    plain = json.loads(json.dumps(fixture("order"), default=str))
    return {**plain, "id": order_id, "number": str(order_id), **changes}


def ids_in(client: WooClient, since: datetime = LONG_AGO) -> list[int]:
    return [json.loads(one.body)["id"] for one in client.changed_since(since)]


# What changed since a moment


def test_all_pages_of_what_changed(store: WooStore, client: WooClient) -> None:
    for number in range(1, 251):
        store.put(an_order(number))
    assert ids_in(client) == list(range(1, 251))
    assert len([one for one in store.requests if one.query["status"] == ["any"]]) == 3


def test_only_what_changed_since(store: WooStore, client: WooClient) -> None:
    store.put(an_order(1))
    store.now += timedelta(minutes=10)
    store.put(an_order(2))
    assert ids_in(client, store.now - timedelta(minutes=1)) == [2]
    in_another_zone = store.now.astimezone(tz=None)
    assert ids_in(client, in_another_zone) == [2]  # to the second


def test_what_changed_is_a_delivery_that_is_understood(store: WooStore, client: WooClient) -> None:
    store.put(an_order(7))
    found = next(client.changed_since(LONG_AGO))
    delivery = SHOP.read_headers(found.headers, found.body)
    assert delivery == Delivery("order.updated", "", f"127.0.0.1:{store.port}")
    order = read_order(SHOP.understand(delivery, found.body, client=client).orders[0])
    assert (order.external_id, order.lines[1].net_minor) == ("7", 1750)


def test_orders_in_the_trash_are_listed_too(store: WooStore, client: WooClient) -> None:
    store.put(an_order(1))
    store.put(an_order(2))
    store.trash(2)
    assert ids_in(client) == [1, 2]


def on_request(number: int, act: Callable[[WooStore], None]) -> Callable[[WooStore, Sent], None]:
    def before(store: WooStore, sent: Sent) -> None:
        if len(store.requests) == number:
            act(store)

    return before


def test_an_order_that_changes_while_it_pages_loses_no_other(
    store: WooStore, client: WooClient
) -> None:
    for number in range(1, 251):
        store.put(an_order(number))

    def change(store: WooStore) -> None:
        store.now += timedelta(seconds=5)
        store.put(an_order(50, status="completed"))

    store.before_each = on_request(2, change)
    assert set(ids_in(client)) == set(range(1, 251))


def test_an_order_that_leaves_the_list_while_it_pages_hides_no_other(
    store: WooStore, client: WooClient
) -> None:
    """Later orders move ahead by three: without going back, 101 to 103 would be missed."""
    for number in range(1, 251):
        store.put(an_order(number))

    def delete(store: WooStore) -> None:
        for number in (3, 50, 100):
            del store.orders[number]

    store.before_each = on_request(2, delete)
    found = ids_in(client)
    assert sorted(set(found)) == list(range(1, 251))
    assert len(found) == 250


def test_an_order_that_enters_the_list_comes_once_more_or_next_time(
    store: WooStore, client: WooClient
) -> None:
    for number in range(10, 260):
        store.put(an_order(number))

    def enter(store: WooStore) -> None:
        store.put(an_order(5))

    store.before_each = on_request(2, enter)
    assert ids_in(client) == list(range(10, 260))
    assert ids_in(client)[0] == 5


# What a delivery states


def understood(client: WooClient, topic: str, body: Any) -> Any:
    return SHOP.understand(Delivery(topic), json.dumps(body).encode(), client=client)


def test_a_new_order_asks_the_store_for_nothing(store: WooStore, client: WooClient) -> None:
    found = understood(client, "order.created", an_order(723))
    assert (len(found.orders), found.whole_refunds_of, store.requests) == (1, (), [])


def test_refunds_are_fetched_with_the_order_as_it_is_now(
    store: WooStore, client: WooClient
) -> None:
    store.put(an_order(723))
    old = store.shown(723)
    for refund in json.loads(json.dumps(fixture("refunds"), default=str)):
        store.refund(723, refund)
    store.now += timedelta(minutes=5)
    store.put({**store.orders[723], "status": "completed"})
    found = understood(client, "order.updated", old)
    assert found.whole_refunds_of == ("723",)
    assert [read_refund(one).asked_minor for one in found.refunds] == [2250, 920]
    assert found.orders[0]["updated_at"] == "2026-11-27T10:05:00+00:00"


def test_an_old_delivery_undoes_no_refund_that_was_made_since(
    store: WooStore, client: WooClient
) -> None:
    store.put(an_order(723))
    before = store.shown(723)
    store.refund(723, a_refund("87.00"))
    assert len(understood(client, "order.updated", before).refunds) == 1


def test_a_deleted_refund_is_no_longer_listed(store: WooStore, client: WooClient) -> None:
    store.put(an_order(723))
    store.refund(723, a_refund("10.00", id=1))
    store.refund(723, a_refund("20.00", id=2))
    old = store.shown(723)
    store.delete_refund(723, 1)
    found = understood(client, "order.updated", old)
    assert [one["refund_id"] for one in found.refunds] == ["2"]
    assert found.whole_refunds_of == ("723",)


def test_refunds_on_several_pages(store: WooStore, client: WooClient) -> None:
    store.put(an_order(723))
    for number in range(1, 151):
        store.refund(723, a_refund("0.58", id=number))
    assert len(client.refunds_of("723")) == 150


def test_an_order_in_the_trash_is_cancelled_and_one_that_came_back_is_not(
    store: WooStore, client: WooClient
) -> None:
    store.put(an_order(723))
    store.trash(723)
    order = read_order(understood(client, "order.deleted", {"id": 723}).orders[0])
    assert order.cancelled_at == store.now
    store.put(an_order(723))
    order = read_order(understood(client, "order.deleted", {"id": 723}).orders[0])
    assert (order.cancelled_at, order.payment_status) == (None, "paid")


def test_an_order_that_is_gone_is_stated_as_deleted(store: WooStore, client: WooClient) -> None:
    assert understood(client, "order.deleted", {"id": 723}).deleted_orders == ("723",)

    late = understood(client, "order.updated", an_order(723))
    assert (late.deleted_orders, late.whole_refunds_of) == (("723",), ())
    assert late.orders[0]["order_id"] == "723"


def test_an_order_without_refunds_takes_one_question(store: WooStore, client: WooClient) -> None:
    store.put(an_order(723))
    understood(client, "order.updated", store.shown(723))
    assert [sent.path for sent in store.requests] == ["/wp-json/wc/v3/orders/723"]


# What fails


@pytest.mark.parametrize(
    ("reply", "said", "pause"),
    [
        (Reply(429, b"", {"retry-after": "7"}), "asks us to wait", 7.0),
        (Reply(429), "asks us to wait", None),
        (Reply(503, b"<html>", {"retry-after": "120"}), "status 503", 120.0),
        (Reply(503, b"", {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}), "503", 0.0),
        (Reply(503, b"", {"retry-after": "soon"}), "503", None),
        (Reply(503, b"", {"retry-after": f"Wed, 21 Oct {'9' * 30} 07:28:00 GMT"}), "503", None),
        (Reply(500), "status 500", None),
        (Reply(200, b"<html>Maintenance</html>"), "a page in place of JSON", None),
        (Reply(200, b"<b>Warning</b>: x in y.php[]"), "a page in place of JSON", None),
        (Reply.of({"no": "list"}), "something else than a list", None),
        (Reply(404, b"<html>"), "no REST API", None),
        (error(404, "No route was found", "rest_no_route"), "no REST API", None),
        (error(400, "Invalid parameter"), "Invalid parameter", None),
    ],
)
def test_a_store_that_fails_is_away(
    reply: Reply, said: str, pause: float | None, store: WooStore, client: WooClient
) -> None:
    store.faults.append(Fault(reply))
    with pytest.raises(ShopAwayError, match=said) as caught:
        client.refunds_of("1")
    assert caught.value.retry_after == pause


def test_a_connection_that_is_dropped_or_stalls(
    store: WooStore, client: WooClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.woocommerce.client.CALL_SECONDS", 0.3)
    store.faults.extend([Fault(drops=True), Fault(stalls=True), Fault(drips=True)])
    for said in ("broke the connection", "did not answer within", "did not answer within"):
        with pytest.raises(ShopAwayError, match=said):
            client.refunds_of("1")


def test_a_store_that_begins_its_answer_with_a_mark_of_utf_8(
    store: WooStore, client: WooClient
) -> None:
    store.faults.append(Fault(Reply(200, b"\xef\xbb\xbf[]")))
    assert client.refunds_of("1") == []


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (error(401, "Consumer secret is invalid."), "does not belong to the consumer key"),
        (error(401, "Sorry, you cannot list resources."), "does not know the key"),
        (error(403, "Sorry, you cannot list resources."), "The WordPress user of the key"),
        (Reply(403, b"<html>blocked</html>"), "A firewall"),
        (Reply(301, b"", {"location": "https://www.example.com/x"}), "moved to www.example.com"),
        (Reply(302, b"", {"location": "/login"}), "another page"),
    ],
)
def test_a_store_that_refuses_says_what_to_do(
    reply: Reply, said: str, store: WooStore, client: WooClient
) -> None:
    store.faults.append(Fault(reply))
    with pytest.raises(AccessRefusedError, match=said):
        client.refunds_of("1")


def test_a_revoked_key(store: WooStore, client: WooClient) -> None:
    store.permissions = None
    with pytest.raises(AccessRefusedError, match="does not know the key"):
        next(client.changed_since(LONG_AGO))


def test_the_keys_are_sent_in_the_header_alone(store: WooStore, client: WooClient) -> None:
    client.refunds_of("1")
    assert store.requests[0].headers["authorization"].startswith("Basic ")
    assert "consumer_key" not in store.requests[0].query


def test_no_message_has_a_key_in_it(store: WooStore) -> None:
    client = client_of(store, consumer_key="ck_" + "9f" * 20)
    with pytest.raises(AccessRefusedError) as caught:
        client.refunds_of("1")
    assert "9f9f" not in str(caught.value)


def test_an_answer_of_another_order_is_not_taken(store: WooStore, client: WooClient) -> None:
    store.faults.append(Fault(Reply.of(an_order(8))))
    with pytest.raises(ShopAwayError, match="another order"):
        client.order("7")


def test_a_private_address_is_refused(client: WooClient) -> None:
    client.store = "https://10.0.0.7"
    with pytest.raises(ShopAwayError, match="private network"):
        client.refunds_of("1")


def test_a_list_without_end_is_left(store: WooStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that answers each page alike must not hold us for ever."""
    monkeypatch.setattr(rest_module, "MAX_PAGES", 3)
    page = Reply.of([{"id": number} for number in range(1, 101)])
    store.faults.extend([Fault(page)] * 10)
    with Caller() as caller:
        one = rest_module.Rest(caller, store=store.address, key="k", secret="s")
        assert len(list(one.pages("/orders"))) == 300
    assert len(store.requests) == 3
