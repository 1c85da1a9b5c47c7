"""Connecting a store: what is checked, subscriptions, deliveries, and discount codes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.test import override_settings

from integrations.shop import AccessRefusedError, Discount, Finding
from integrations.shopify import topics
from integrations.shopify.client import ShopifyClient
from integrations.shopify.shop import Shopify
from tests.integrations.shopify.conftest import Connect
from tests.integrations.shopify.payloads import order
from tests.integrations.shopify.stand_in import ShopifyStandIn
from tests.integrations.stand_in import Fault, Reply, Sent, StandIn

ADDRESS = "https://tributary.example/webhooks/1"
SPRING = Discount("Spring offer", 1_500)


def problems(client: ShopifyClient) -> dict[str, str]:
    return {one.title: one.advice for one in client.check() if not one.is_ok}


def test_a_right_connection_has_no_problem(store: ShopifyStandIn, client: ShopifyClient) -> None:
    titles = [one.title for one in client.check()]

    assert problems(client) == {}
    assert titles == [
        "Store address", "Client ID and client secret", "Scope read_orders",
        "Scope read_customers", "Scope write_discounts", "Older orders", "Clock",
        "Signature of deliveries",
    ]  # fmt: skip


def test_each_missing_scope_is_named_alone(store: ShopifyStandIn, client: ShopifyClient) -> None:
    store.scopes[:] = ["read_customers"]
    found = problems(client)
    assert set(found) == {"Scope read_orders", "Scope write_discounts"}
    assert "read_orders" in found["Scope read_orders"]

    store.scopes[:] = ["write_orders", "read_customers", "write_discounts", "read_all_orders"]
    assert problems(client) == {}
    assert "Older orders" not in {one.title for one in client.check()}


def test_a_scope_that_was_added_is_seen_at_once(
    store: ShopifyStandIn, client: ShopifyClient
) -> None:
    client.check()
    before = len(store.tokens)

    client.check()

    assert len(store.tokens) == before + 1  # a token has the scopes of its own time


def test_wrong_keys_are_told_from_a_wrong_address(store: ShopifyStandIn, connect: Connect) -> None:
    assert "Client ID and client secret" in problems(connect(client_secret="t" * 32))
    store.faults.append(Fault(Reply(404)))
    assert set(problems(connect())) == {"Store address"}
    wrong_token = connect(client_id="", access_token="shpat_" + "b" * 32)
    assert set(problems(wrong_token)) == {"Admin API access token"}


def test_a_store_that_cannot_be_reached(connect: Connect) -> None:
    with override_settings(STAND_INS={"away.myshopify.com": "127.0.0.1:9"}):
        found = problems(connect(store="away.myshopify.com", seconds=1.0))

    assert set(found) == {"Store address"}
    assert found["Store address"].startswith("The store can't be reached.")


def test_a_store_that_has_another_name_now(store: ShopifyStandIn, client: ShopifyClient) -> None:
    store.domain = "glow-new.myshopify.com"

    assert "glow-new.myshopify.com" in problems(client)["Store address"]


@pytest.mark.parametrize(("ahead", "said"), [(900.0, "15 minutes behind"), (-900.0, "ahead of")])
def test_a_clock_that_is_wrong(
    store: ShopifyStandIn, client: ShopifyClient, ahead: float, said: str
) -> None:
    store.clock_ahead = ahead
    assert said in problems(client)["Clock"]

    store.clock_ahead = 60.0
    assert problems(client) == {}


def test_a_missing_signature_secret_is_told(store: ShopifyStandIn, connect: Connect) -> None:
    client = connect(client_id="", client_secret="", access_token=store.app_token)

    assert "forged" in problems(client)["Signature of deliveries"]


def subscribed(store: ShopifyStandIn) -> set[tuple[str, str]]:
    return {(one["topic"], one["uri"]) for one in store.store.subscriptions.values()}


WANTED = {(topics.enum_of(topic), ADDRESS) for topic in topics.SUBSCRIBED}


def test_all_topics_are_subscribed_to_once(store: ShopifyStandIn, client: ShopifyClient) -> None:
    findings = client.subscribe(ADDRESS)

    assert subscribed(store) == WANTED
    assert all(one.is_ok for one in findings)
    privacy = findings[-1]
    assert ADDRESS in privacy.advice
    assert all(topic in privacy.advice for topic in topics.PRIVACY)

    asked = store.operations.count("TributarySubscribe")
    client.subscribe(ADDRESS)
    # Nothing is made again; whether the API knows the topics about shoppers is asked once more.
    assert store.operations.count("TributarySubscribe") == asked + 1
    assert len(store.store.subscriptions) == len(WANTED)


def test_what_shopify_dropped_is_made_again_and_what_is_wrong_goes(
    store: ShopifyStandIn, client: ShopifyClient
) -> None:
    client.subscribe(ADDRESS)
    for gid in list(store.store.subscriptions)[:3]:
        del store.store.subscriptions[gid]
    old = "https://tributary.example/webhooks/0"
    elsewhere = ("ORDERS_CREATE", "https://accounting.example/hook")
    store.store.subscribe("ORDERS_CREATE", old)
    store.store.subscribe("PRODUCTS_CREATE", ADDRESS)
    store.store.subscribe(*elsewhere)

    client.subscribe(ADDRESS)

    assert subscribed(store) == WANTED | {elsewhere}


def test_a_subscription_in_another_format_is_replaced(
    store: ShopifyStandIn, client: ShopifyClient
) -> None:
    store.store.subscribe("ORDERS_PAID", ADDRESS, "XML")

    client.subscribe(ADDRESS)

    formats = {one["format"] for one in store.store.subscriptions.values()}
    assert (subscribed(store), formats) == (WANTED, {"JSON"})


def test_a_subscription_that_shopify_refuses_is_told(
    store: ShopifyStandIn, client: ShopifyClient
) -> None:
    found = client.subscribe("http://tributary.example/webhooks/1")[0]

    advice = "Shopify did not make it: Address protocol http:// is not supported"
    assert found == Finding("Webhook orders/create", is_ok=False, advice=advice)


def test_unsubscribing_leaves_what_is_not_ours(
    store: ShopifyStandIn, client: ShopifyClient
) -> None:
    client.subscribe(ADDRESS)
    store.store.subscribe("ORDERS_CREATE", "https://tributary.example/webhooks/2")

    client.unsubscribe(ADDRESS)

    assert subscribed(store) == {("ORDERS_CREATE", "https://tributary.example/webhooks/2")}


def test_a_change_is_never_sent_twice(store: ShopifyStandIn, client: ShopifyClient) -> None:
    client.check()
    asked = len(store.requests)
    store.faults.extend([Fault(Reply.of({"data": {}})), Fault(drops=True)])

    with pytest.raises(Exception, match="broke the connection"):
        client.subscribe(ADDRESS)

    assert len(store.requests) == asked + 2


class Receiver(StandIn):
    """Takes deliveries."""

    def answer(self, sent: Sent) -> Reply:
        return Reply(200)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().running() as running:
        yield running


def test_what_the_store_sends_is_signed_and_understood(
    store: ShopifyStandIn, client: ShopifyClient, receiver: Receiver
) -> None:
    client.subscribe(f"{receiver.address}/webhooks/1")

    assert store.deliver_to_subscribers("orders/create", order()) == [200]
    (sent,) = receiver.requests
    shop, now = Shopify(), datetime.now(UTC)
    delivery = shop.read_headers(sent.headers, sent.body)
    assert (delivery.topic, delivery.store) == ("orders/create", store.name)
    assert shop.is_signed(sent.headers, sent.body, secrets=[store.client_secret], now=now)
    assert shop.understand(delivery, sent.body, client=client).orders
    receiver.faults.append(Fault(drops=True))
    assert store.deliver_to_subscribers("orders/create", order()) == [0]


def in_shop(store: ShopifyStandIn) -> dict[str, list[str]]:
    return {
        one["title"]: sorted(code["code"] for code in one["codes"])
        for one in store.store.shown_discounts()
    }


def test_codes_are_made_in_one_discount_and_listed_with_their_use(
    store: ShopifyStandIn, client: ShopifyClient
) -> None:
    assert client.make_codes(SPRING, ["MARA15", "JON15", "mara15 "]) == {"mara15": TAKEN}
    assert client.make_codes(SPRING, ["MARA15", "ANN15"]) == {}

    assert in_shop(store) == {"Spring offer": ["ANN15", "JON15", "MARA15"]}
    (discount,) = store.store.discounts.values()
    assert discount["percentage"] == 0.15
    next(iter(discount["codes"].values()))["asyncUsageCount"] = 7
    found = {one.code: (one.is_active, one.times_used) for one in client.codes(SPRING)}
    assert found == {"MARA15": (True, 7), "JON15": (True, 0), "ANN15": (True, 0)}
    discount["status"] = "EXPIRED"
    assert not any(one.is_active for one in client.codes(SPRING))


TAKEN = "Another discount in Shopify has this code already."


def test_a_discount_with_a_similar_name_is_another_one(
    store: ShopifyStandIn, client: ShopifyClient
) -> None:
    client.make_codes(Discount("Spring offer 2", 1_000), ["A1"])
    client.make_codes(SPRING, ["B1"])

    assert in_shop(store) == {"Spring offer 2": ["A1"], "Spring offer": ["B1"]}
    assert [one.code for one in client.codes(SPRING)] == ["B1"]
    assert list(client.codes(Discount("Autumn", 1_000))) == []


def test_hundreds_of_codes_are_made_and_listed_in_pages(
    store: ShopifyStandIn, client: ShopifyClient
) -> None:
    codes = [f"C{n}" for n in range(250)]

    assert client.make_codes(SPRING, codes) == {}

    assert sorted(one.code for one in client.codes(SPRING)) == sorted(codes)
    assert store.operations.count("TributaryAddCodes") == 3
    assert max(store.costs) <= 1_000


def test_a_code_that_another_discount_has_is_told_and_the_others_are_made(
    store: ShopifyStandIn, client: ShopifyClient
) -> None:
    client.make_codes(Discount("Autumn", 1_000), ["MARA15", "LEE15"])

    failed = client.make_codes(SPRING, ["mara15", "JON15", "Lee15", "ANN15"])

    assert failed == {"mara15": TAKEN, "Lee15": TAKEN}
    assert in_shop(store)["Spring offer"] == ["ANN15", "JON15"]


def test_a_job_that_takes_too_long_is_told(store: ShopifyStandIn, client: ShopifyClient) -> None:
    client.make_codes(SPRING, ["MARA15"])
    store.store.job_seconds = 3_600.0

    made = client.make_codes(SPRING, ["JON15"])
    ended = client.end_codes(SPRING, ["MARA15"])

    assert made.keys() == {"JON15"}
    assert ended.keys() == {"MARA15"}
    assert all("has not finished" in said for said in (made["JON15"], ended["MARA15"]))
    assert sum(store.clock.slept) < 120


def test_codes_are_removed_and_one_that_is_gone_is_fine(
    store: ShopifyStandIn, client: ShopifyClient
) -> None:
    client.make_codes(SPRING, ["MARA15", "JON15", "ANN15"])

    assert client.end_codes(SPRING, ["mara15", "JON15", "GONE"]) == {}
    assert client.end_codes(Discount("Autumn", 1_000), ["ANN15"]) == {}

    assert in_shop(store) == {"Spring offer": ["ANN15"]}


def test_what_shopify_refuses_is_told_for_each_code(
    store: ShopifyStandIn, client: ShopifyClient
) -> None:
    client.make_codes(SPRING, ["MARA15"])
    store.store.is_refusing = "Discounts are not allowed"

    assert client.make_codes(SPRING, ["A", "B"]) == {
        "A": "Shopify did not make this code: Discounts are not allowed",
        "B": "Shopify did not make this code: Discounts are not allowed",
    }
    assert client.make_codes(Discount("Autumn", 1_000), ["A"]) == {
        "A": "Shopify did not make this code: Discounts are not allowed"
    }
    assert client.end_codes(SPRING, ["MARA15"]) == {
        "MARA15": "Shopify did not remove this code: Discounts are not allowed"
    }


def test_without_the_scope_codes_are_refused(store: ShopifyStandIn, client: ShopifyClient) -> None:
    store.scopes.remove("write_discounts")

    with pytest.raises(AccessRefusedError, match="read_discounts"):
        client.make_codes(SPRING, ["MARA15"])
