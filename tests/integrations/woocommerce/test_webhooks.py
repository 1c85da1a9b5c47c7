"""The webhooks that we make, and what the store sends to them."""

from __future__ import annotations

import pytest

from integrations.shop import AccessRefusedError
from integrations.woocommerce.client import WooClient
from integrations.woocommerce.shop import WooCommerce
from integrations.woocommerce.webhooks import TOPICS
from tests.integrations.stand_in import Sent
from tests.integrations.woocommerce.conftest import Receiver, client_of
from tests.integrations.woocommerce.stand_in import Webhook, WooStore

SHOP = WooCommerce()


def topics_of(store: WooStore) -> list[str]:
    return sorted(one.topic for one in store.webhooks.values() if one.status == "active")


def plain_order() -> dict[str, object]:
    """An order that JSON can be made of."""
    return {"id": 723, "status": "processing", "currency": "GBP", "line_items": []}


def test_webhooks_are_made_and_pinged(
    store: WooStore, client: WooClient, receiver: Receiver
) -> None:
    found = client.subscribe(f"{receiver.address}/webhooks/x")
    assert [one.title for one in found] == [f"Webhook {topic}" for topic in TOPICS]
    assert all(one.is_ok for one in found)
    assert topics_of(store) == sorted(TOPICS)
    pings: list[Sent] = receiver.requests
    assert len(pings) == 4
    assert all(SHOP.is_ping(one.headers, one.body) for one in pings)


def test_what_the_store_sends_is_signed_with_our_secret(
    store: WooStore, receiver: Receiver
) -> None:
    credentials = {
        "store": store.address, "consumer_key": "ck_" + "1a" * 20,
        "consumer_secret": "cs_" + "2b" * 20, "webhook_secret": "word",
    }  # fmt: skip
    SHOP.client(credentials).subscribe(receiver.address)
    receiver.requests.clear()
    store.put(plain_order())
    store.send("order.updated", 723)
    store.send("order.deleted", 723)
    now = store.now
    for sent in receiver.requests:
        assert SHOP.is_signed(sent.headers, sent.body, secrets=["word"], now=now)
        assert not SHOP.is_signed(sent.headers, sent.body + b" ", secrets=["word"], now=now)
        assert not SHOP.is_ping(sent.headers, sent.body)
    topics = [SHOP.read_headers(one.headers, one.body).topic for one in receiver.requests]
    assert topics == ["order.updated", "order.deleted"]
    assert receiver.requests[1].json() == {"id": 723}


def test_a_second_time_nothing_is_made(
    store: WooStore, client: WooClient, receiver: Receiver
) -> None:
    client.subscribe(receiver.address)
    before = dict(store.webhooks)
    client.subscribe(receiver.address)
    assert store.webhooks == before


def test_a_new_secret_reaches_the_webhooks_that_stay(store: WooStore, receiver: Receiver) -> None:
    client_of(store, webhook_secret="old").subscribe(receiver.address)
    client_of(store, webhook_secret="new").subscribe(receiver.address)
    assert {one.secret for one in store.webhooks.values()} == {"new"}
    assert len(store.webhooks) == 4


def test_a_webhook_that_failed_too_often_is_made_anew(
    store: WooStore, client: WooClient, receiver: Receiver
) -> None:
    client.subscribe(receiver.address)
    store.put(plain_order())
    receiver.status = 500
    for _ in range(6):
        store.send("order.updated", 723)
    assert topics_of(store) == sorted(TOPICS)
    store.send("order.updated", 723)
    assert "order.updated" not in topics_of(store)
    receiver.status = 200
    assert all(one.is_ok for one in client.subscribe(receiver.address))
    assert topics_of(store) == sorted(TOPICS)
    assert len(store.webhooks) == 4
    assert all(one.failures == 0 for one in store.webhooks.values())


def test_missing_double_and_foreign_webhooks(
    store: WooStore, client: WooClient, receiver: Receiver
) -> None:
    """Ours to an earlier address go, doubles too; those of others stay as they are."""
    client.subscribe(receiver.address)
    first = next(iter(store.webhooks))
    del store.webhooks[first]
    for number, url, name, topic in [
        (1, f"{receiver.address}/earlier", "Tributary order.updated", "order.updated"),
        (2, receiver.address, "Tributary order.updated", "order.updated"),
        (3, receiver.address, "Tributary order.updated", "product.updated"),
        (4, f"{receiver.address}/other", "Stock", "order.updated"),
        (5, "https://elsewhere.example.com/", "Tributary order.updated", "order.updated"),
        (6, "https://[::1", "Broken", "order.updated"),
    ]:
        store.webhooks[number] = Webhook(number, name, topic, url, "theirs")
    client.subscribe(receiver.address)
    foreign = {4, 5, 6}
    ours = [one for one in store.webhooks.values() if one.id not in foreign]
    assert sorted(one.topic for one in ours) == sorted(TOPICS)
    assert all(one.delivery_url == receiver.address and one.secret != "theirs" for one in ours)
    assert {one.id for one in store.webhooks.values()} >= foreign
    assert all(store.webhooks[one].secret == "theirs" for one in foreign)


def test_many_webhooks_of_others(store: WooStore, client: WooClient, receiver: Receiver) -> None:
    for number in range(1, 131):
        url = f"https://elsewhere.example.com/{number}"
        store.webhooks[number] = Webhook(number, "Stock", "order.updated", url, "theirs")
    client.subscribe(receiver.address)
    client.subscribe(receiver.address)
    assert len(store.webhooks) == 134


def test_unsubscribing_removes_ours_alone(
    store: WooStore, client: WooClient, receiver: Receiver
) -> None:
    client.subscribe(receiver.address)
    url = "https://elsewhere.example.com/"
    store.webhooks[1] = Webhook(1, "Stock", "order.updated", url, "theirs")
    client.unsubscribe(receiver.address)
    client.unsubscribe(receiver.address)
    assert list(store.webhooks) == [1]


def test_a_key_that_may_only_read(store: WooStore, client: WooClient, receiver: Receiver) -> None:
    store.permissions = "read"
    with pytest.raises(AccessRefusedError, match="may only read"):
        client.subscribe(receiver.address)
    assert store.webhooks == {}
