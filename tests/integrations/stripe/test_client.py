"""The client against a stand-in: what it asks, and what it says when Stripe does not answer."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from core.outgoing import Caller
from integrations.shop import (
    AccessRefusedError,
    CredentialError,
    Discount,
    Shop,
    ShopAwayError,
    ShopClient,
)
from integrations.stripe.api import RefusedRequestError, StripeApi
from integrations.stripe.client import StripeShopClient
from integrations.stripe.shop import StripeShop
from tests.integrations.stand_in import Fault, Reply
from tests.integrations.stripe.objects import BEGUN, dispute, invoice, promotion_code, refund
from tests.integrations.stripe.stand_in import ACCOUNT, KEY, WANTED, StripeStandIn
from tests.integrations.stripe.work import understand
from tracking.orders.reading import read_order

SINCE = datetime.fromtimestamp(BEGUN, tz=UTC)
MEMBERS = Discount("Spring", 1_500)


def as_shop(shop: StripeShop) -> Shop:
    return shop


def as_client(client: StripeShopClient) -> ShopClient:
    return client


def test_it_says_its_key_and_version_and_nothing_of_this_machine(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    assert as_shop(StripeShop()).kind == "stripe"
    assert as_client(client).make_codes(MEMBERS, ["MARA15"]) == {}

    for sent in stripe.requests:
        assert sent.headers["authorization"] == f"Bearer {KEY}"
        assert sent.headers["stripe-version"] == "2026-10-28.endive"
        assert "telemetry" not in json.dumps(dict(sent.headers)).lower()
    keys = [sent.headers["idempotency-key"] for sent in stripe.requests if sent.method == "POST"]
    assert len(set(keys)) == 2  # the coupon and the promotion code


def test_an_answer_with_impossible_ids_is_no_answer(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    address = "https://tributary.example/webhooks/one"
    ours = {"id": "../x", "url": address, "metadata": {"made_by": "Tributary"}}
    stripe.faults.append(Fault(Reply.of({"data": [ours], "has_more": False})))

    with pytest.raises(ShopAwayError, match="not an id"):
        client.unsubscribe(address)
    assert len(stripe.requests) == 1


# What a session lacks


def test_a_code_is_looked_up_and_the_lines_are_fetched(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    client.make_codes(MEMBERS, ["MARA15"])
    sold = stripe.sell(code="MARA15", items=2, client_reference_id="click")

    (order,) = understand(sold, client).orders

    assert (order["promo_codes"], order["click_id"]) == (["MARA15"], "click")
    assert [line["line_id"] for line in order["lines"]] == ["li_1", "li_2"]
    assert read_order(order).total_minor == 10_000


def test_all_pages_are_read(stripe: StripeStandIn, client: StripeShopClient) -> None:
    sold = stripe.sell(items=250, amount_total=100_000, amount_subtotal=100_000)

    (order,) = understand(sold, client).orders

    assert len(order["lines"]) == 250
    pages = [one for one in stripe.requests if one.path.endswith("/line_items")]
    assert [one.query.get("starting_after") for one in pages] == [None, ["li_100"], ["li_200"]]
    assert {one.query["limit"][0] for one in pages} == {"100"}


def test_what_stripe_does_not_know_is_left_out(client: StripeShopClient) -> None:
    sold = {"coupon": None, "promotion_code": "promo_gone"}
    unknown = StripeStandIn().sell(discounts=[sold])

    (order,) = understand(unknown, client).orders

    assert order["promo_codes"] == []
    assert [line["line_id"] for line in order["lines"]] == ["whole"]


def test_the_first_invoice_is_the_sessions(stripe: StripeStandIn, client: StripeShopClient) -> None:
    first = invoice(1, billing_reason="subscription_create")
    paid = stripe.happen("invoice.paid", first)
    assert understand(paid, client).orders[0]["order_id"] == "in_1"  # by the shop's own program

    sold = stripe.sell(mode="subscription", payment_intent=None, invoice="in_1",
                       subscription="sub_1")  # fmt: skip

    assert understand(paid, client).ignored
    assert understand(sold, client).orders[0]["order_id"] == "in_1"
    assert understand(stripe.happen("invoice.paid", invoice(2)), client).orders


def test_an_invoices_codes_are_looked_up(stripe: StripeStandIn, client: StripeShopClient) -> None:
    stripe.stored["promotion_codes"].append(promotion_code())
    renewal = invoice(3, discounts=["di_1"])
    stripe.stored["invoices"].append(renewal)

    (order,) = understand(stripe.happen("invoice.paid", renewal), client).orders

    assert order["promo_codes"] == ["MARA15"]


# When Stripe does not answer as it should


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(drops=True), "broke the connection"),
        (Fault(is_endless=True), "more than can be read"),
        (Fault(Reply(500, b'{"error": {"message": "oh"}}')), "status 500"),
        (Fault(Reply(502, b"<html>")), "status 502"),
        (Fault(Reply(302, b"", {"location": "http://elsewhere.example"})), "status 302"),
        (Fault(Reply(200, b"<html>")), "no valid JSON"),
        (Fault(Reply(200, b"[]")), "documentation"),
        (Fault(Reply(200, b"{}")), "documentation"),
        (Fault(Reply(200, b'{"data": [1]}')), "documentation"),
        (Fault(Reply(400, b'{"error": []}')), "documentation"),
        (Fault(Reply(409, b'{"error": {"message": "busy"}}')), "status 409"),
    ],
)
def test_no_usable_answer_is_said_and_may_pass(
    fault: Fault, said: str, stripe: StripeStandIn, client: StripeShopClient
) -> None:
    sold = stripe.sell()
    stripe.faults.append(fault)

    with pytest.raises(ShopAwayError, match=said):
        understand(sold, client)
    assert understand(sold, client).orders  # the next time
    assert len(stripe.requests) == 2  # the library repeats nothing by itself


@pytest.mark.parametrize("fault", [Fault(stalls=True), Fault(drips=True)])
def test_a_call_ends_in_time(
    fault: Fault, stripe: StripeStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    stripe.faults.append(fault)
    begun = time.monotonic()
    with Caller(seconds=0.3) as caller, pytest.raises(ShopAwayError, match=r"within 0\.3 seconds"):
        StripeApi(KEY, caller).get("/v1/events")
    assert time.monotonic() - begun < 5


def test_a_rate_limit_says_how_long_to_wait(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    limited = Reply(429, b'{"error": {"message": "slow"}}', {"Retry-After": "7"})
    stripe.faults += [Fault(limited), Fault(Reply(429, limited.body))]

    for seconds in (7.0, None):
        with pytest.raises(ShopAwayError, match="too many requests") as raised:
            client.line_items("cs_1")
        assert raised.value.retry_after == seconds


def test_a_key_that_expired_or_was_deleted_is_said(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    stripe.expired.add(KEY)
    with pytest.raises(AccessRefusedError, match="has expired"):
        client.line_items("cs_1")
    stripe.expired.clear()
    stripe.permissions.clear()
    with pytest.raises(AccessRefusedError, match="does not know this key") as raised:
        client.line_items("cs_1")
    assert KEY[:12] not in str(raised.value)


@pytest.mark.parametrize(
    ("lacks", "said"),
    [
        ("rak_checkout_session_read", "“Checkout Sessions” to “Read”"),
        ("rak_promotion_code_write", "“Promotion Codes” to “Read”"),
    ],
)
def test_a_permission_that_is_missing_is_named_as_stripe_names_it(
    lacks: str, said: str, stripe: StripeStandIn, client: StripeShopClient
) -> None:
    stripe.permissions[KEY] = WANTED - {lacks}
    sold = stripe.sell(discounts=[{"coupon": None, "promotion_code": "promo_1"}])

    with pytest.raises(AccessRefusedError, match=said):
        understand(sold, client)


def test_a_refused_request_is_said(stripe: StripeStandIn) -> None:
    with Caller() as caller:
        api = StripeApi(KEY, caller)
        with pytest.raises(RefusedRequestError, match="unknown parameter: color"):
            api.get("/v1/events", color="red")
        with pytest.raises(RefusedRequestError, match="No such object") as raised:
            api.get("/v1/coupons/none")
    assert raised.value.is_about_unknown


def test_the_key_is_in_no_representation(client: StripeShopClient) -> None:
    client.webhook_secret = client.chosen_secret = "whsec_standinsecret9"

    assert KEY not in repr(client)
    assert "whsec" not in repr(client)


# What happened since a moment


def test_events_since_a_moment_are_deliveries_from_old_to_new(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    sold = [stripe.sell(number) for number in range(1, 131)]
    stripe.stored["events"] += [
        {**stripe.happen("customer.created", {"id": "cus_1"})},
        {**sold[0], "id": "evt_before", "created": BEGUN - 1},
        {**sold[0], "id": "evt_later", "created": BEGUN + 80_000},
        {**sold[0], "id": "evt_soon", "created": BEGUN + 10},
    ]
    shop = StripeShop()

    found = list(client.changed_since(SINCE))

    ids = [shop.read_headers(raw.headers, raw.body).event_id for raw in found]
    assert len(ids) == 132
    assert ids[-2:] == ["evt_soon", "evt_later"]
    assert set(ids[:-2]) == {one["id"] for one in sold}
    for one in sold:  # what Stripe counts there changes, and is no news
        one["pending_webhooks"] = 0
    assert list(client.changed_since(SINCE)) == found


def test_what_is_older_than_stripes_events_is_listed(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    stripe.sell(1)
    stripe.sell(2, status="open", payment_status="unpaid", amount_total=10_000)
    stripe.stored["invoices"].append(invoice(7, created=BEGUN + 60))
    stripe.stored["refunds"].append(refund())
    stripe.stored["disputes"].append(dispute(status="won"))
    stripe.stored["events"].clear()
    later = BEGUN + timedelta(days=40).total_seconds()
    client.clock = lambda: later
    shop = StripeShop()

    found = list(client.changed_since(SINCE))

    read = [shop.read_headers(raw.headers, raw.body) for raw in found]
    assert [one.event_id for one in read] == [
        "listed_cs_live_1_paid", "listed_in_7_paid", "listed_re_1_succeeded", "listed_du_1_won",
    ]  # fmt: skip
    stated = [
        shop.understand(one, raw.body, client=client) for one, raw in zip(read, found, strict=True)
    ]
    assert [one["order_id"] for each in stated for one in each.orders] == ["pi_1", "in_7"]
    assert [each.whole_refunds_of for each in stated[2:]] == [("pi_1",), ("pi_1",)]
    assert list(client.changed_since(SINCE)) == found


# Deliveries, from endpoint to statement


def test_a_test_order_holds_all_that_is_asked_for() -> None:
    shop, now = StripeShop(), datetime(2026, 11, 25, 9, 0, tzinfo=UTC)

    for currency, minor in [("GBP", 10_000), ("JPY", 100), ("KWD", 100_000), ("ISK", 100)]:
        raw = shop.test_delivery(
            order_id="test-1", code="MARA15", currency=currency, secret="whsec_x", now=now
        )
        assert shop.is_signed(raw.headers, raw.body, secrets=["whsec_x"], now=now)
        assert not shop.is_signed(raw.headers, raw.body, secrets=["whsec_y"], now=now)
        delivery = shop.read_headers(raw.headers, raw.body)
        assert (delivery.event_id, delivery.happened_at) == ("evt_test_test-1", now)
        (order,) = shop.understand(delivery, raw.body, client=None).orders
        facts = read_order(order)
        assert (facts.external_id, facts.promo_codes) == ("test-1", ("MARA15",))
        assert (facts.total_minor, facts.currency, facts.is_test) == (minor, currency, True)


def test_the_stand_ins_deliveries_are_signed(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    """The endpoint here is the stand-in itself, which has no such page and answers 401."""
    client.subscribe(f"{stripe.address}/webhooks/one")
    sold = stripe.sell()

    assert stripe.deliver(sold, now=BEGUN) == [401]
    received = stripe.requests[-1]
    now = datetime.fromtimestamp(BEGUN, tz=UTC)
    shop, secrets = StripeShop(), [client.chosen_secret]
    assert shop.is_signed(received.headers, received.body, secrets=secrets, now=now)
    late = now + timedelta(minutes=6)
    assert not shop.is_signed(received.headers, received.body, secrets=secrets, now=late)
    assert stripe.deliver(stripe.happen("customer.created", {"id": "cus_1"})) == []


def test_the_stand_in_refuses_what_stripe_refuses(stripe: StripeStandIn) -> None:
    address, headers = f"{stripe.address}/v1/coupons", {"stripe-version": "2026-10-28.endive"}
    assert httpx.get(address, headers=headers).status_code == 401
    headers["authorization"] = f"Bearer {KEY}"
    assert (
        httpx.get(address, headers={**headers, "stripe-version": "2020-08-27"}).status_code == 400
    )
    assert httpx.post(address, headers=headers, data={"percent_off": "5"}).status_code == 400
    headers["idempotency-key"] = "one"
    made = httpx.post(address, headers=headers, data={"percent_off": "5"})
    again = httpx.post(address, headers=headers, data={"percent_off": "5"})
    other = httpx.post(address, headers=headers, data={"percent_off": "6"})
    assert (made.status_code, again.json(), other.status_code) == (200, made.json(), 400)
    assert len(stripe.stored["coupons"]) == 1


def test_the_account_is_the_store() -> None:
    shop = StripeShop()
    cleaned = shop.clean(
        {
            "account": " https://dashboard.stripe.com/acct_1StandIn/settings ",
            "key": "\u200b“rk_live_standinkey0001”\n",
            "webhook_secret": "",
        }
    )

    assert cleaned == {"account": ACCOUNT, "key": KEY, "webhook_secret": ""}
    assert shop.store_of(cleaned) == ACCOUNT


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"account": "shop.example.com"}, "account", "begins with acct_"),
        ({"account": ""}, "account", "begins with acct_"),
        ({"key": "sk_live_standinkey0001"}, "key", "secret key, which may do everything"),
        ({"key": "pk_live_standinkey0001"}, "key", "publishable"),
        ({"key": "whsec_standinkey0001"}, "key", "signing secret"),
        ({"key": "rk_live_ümlaut00001"}, "key", "begins with rk_live_"),
        ({"key": ""}, "key", "begins with rk_live_"),
        ({"webhook_secret": KEY}, "webhook_secret", "begins with whsec_"),
    ],
)
def test_what_cannot_be_a_credential_is_said(wrong: dict[str, str], field: str, said: str) -> None:
    entered = {"account": ACCOUNT, "key": KEY, "webhook_secret": "whsec_standin0001", **wrong}

    with pytest.raises(CredentialError, match=said) as raised:
        StripeShop().clean(entered)
    assert raised.value.field == field
