"""Connecting: the check of the key, the webhook endpoint, and members' codes."""

from __future__ import annotations

import time

import pytest

from integrations.shop import AccessRefusedError, Discount, ShopAwayError
from integrations.stripe.api import VERSION
from integrations.stripe.client import StripeShopClient
from integrations.stripe.endpoints import TOPICS
from integrations.stripe.shop import NEW_KEY_ADDRESS, StripeShop
from tests.integrations.stand_in import Fault
from tests.integrations.stripe.objects import BEGUN, promotion_code
from tests.integrations.stripe.stand_in import ACCOUNT, KEY, WANTED, StripeStandIn

ADDRESS = "https://tributary.example/webhooks/one"
SPRING, AUTUMN = Discount("Spring", 1_250), Discount("Autumn", 1_000)


def problems(client: StripeShopClient) -> dict[str, str]:
    return {one.title: one.advice for one in client.check() if not one.is_ok}


@pytest.fixture
def punctual(client: StripeShopClient) -> StripeShopClient:
    """A client with this machine's clock, as the stand-in has."""
    client.clock = time.time
    return client


def test_a_key_with_all_permissions_is_right(
    stripe: StripeStandIn, punctual: StripeShopClient
) -> None:
    assert problems(punctual) == {}
    assert len(punctual.check()) == len(WANTED) + 3
    assert all(not stored for stored in stripe.stored.values())  # trying makes nothing


@pytest.mark.parametrize("lacks", sorted(WANTED))
def test_each_permission_that_is_missing_is_named(
    lacks: str, stripe: StripeStandIn, punctual: StripeShopClient
) -> None:
    stripe.permissions[KEY] = WANTED - {lacks}

    ((title, advice),) = problems(punctual).items()

    resource, level = title.split(": ")
    assert f"“{resource}” to “{level}”" in advice
    assert lacks.endswith(level.lower())


def test_a_key_that_may_only_read_codes_is_not_enough(
    stripe: StripeStandIn, punctual: StripeShopClient
) -> None:
    stripe.permissions[KEY] = WANTED - {"rak_coupon_write"} | {"rak_coupon_read"}

    assert list(problems(punctual)) == ["Coupons: Write"]


def test_the_key_of_another_account_is_said(punctual: StripeShopClient) -> None:
    """The key may not read its account: the refusal names it."""
    punctual.account = "acct_another"

    assert f"belongs to account {ACCOUNT}" in problems(punctual)["Account"]


def test_an_account_that_the_key_may_read_is_compared(
    stripe: StripeStandIn, punctual: StripeShopClient
) -> None:
    stripe.permissions[KEY] = WANTED | {"rak_accounts_kyc_basic_read"}

    assert problems(punctual) == {}
    punctual.account = "acct_another"
    assert list(problems(punctual)) == ["Account"]


@pytest.mark.parametrize(("ahead", "side"), [(400, "behind"), (-400, "ahead of")])
def test_a_wrong_clock_is_said(
    ahead: float, side: str, stripe: StripeStandIn, punctual: StripeShopClient
) -> None:
    stripe.clock_ahead = ahead

    assert f"seconds {side} Stripe's" in problems(punctual)["Clock"]


def test_a_test_key_says_that_its_orders_earn_nothing(
    stripe: StripeStandIn, punctual: StripeShopClient
) -> None:
    punctual.key = "rk_test_standinkey0001"
    stripe.permissions[punctual.key] = WANTED

    (mode,) = [one for one in punctual.check() if "mode" in one.title]
    assert (mode.title, mode.is_ok) == ("Test mode", True)
    assert "earn nothing" in mode.advice


def test_a_key_that_stripe_does_not_know_ends_the_check(
    stripe: StripeStandIn, punctual: StripeShopClient
) -> None:
    stripe.permissions.clear()

    with pytest.raises(AccessRefusedError):
        punctual.check()
    assert len(stripe.requests) == 1


def test_the_page_for_a_new_key_chooses_the_permissions() -> None:
    assert all(f"%5B%5D={slug}" in NEW_KEY_ADDRESS for slug in WANTED)
    key_help = next(one.help for one in StripeShop().fields if one.name == "key")
    assert "Webhook Endpoints (Write)" in key_help


# The webhook endpoint


def test_an_endpoint_is_made_once_and_its_secret_handed_over(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    (finding,) = client.subscribe(ADDRESS)

    (endpoint,) = stripe.stored["webhook_endpoints"]
    assert finding.is_ok
    assert client.chosen_secret == stripe.secrets[endpoint["id"]]
    assert (endpoint["url"], endpoint["api_version"]) == (ADDRESS, VERSION)
    assert endpoint["enabled_events"] == list(TOPICS)

    client.subscribe(ADDRESS)

    assert stripe.stored["webhook_endpoints"] == [endpoint]
    assert client.chosen_secret == ""  # the one that is known stays


def test_an_endpoint_whose_secret_was_never_stored_is_made_anew(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    """Such as after a crash between making it and storing its secret."""
    client.subscribe(ADDRESS)
    (lost,) = stripe.stored["webhook_endpoints"]
    client.webhook_secret = "a-secret-of-ours"  # made before Stripe chose one

    client.subscribe(ADDRESS)

    (endpoint,) = stripe.stored["webhook_endpoints"]
    assert endpoint["id"] != lost["id"]
    assert client.chosen_secret == stripe.secrets[endpoint["id"]]


def test_an_endpoint_that_is_disabled_or_lacks_events_is_mended(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    client.subscribe(ADDRESS)
    (endpoint,) = stripe.stored["webhook_endpoints"]
    endpoint["status"] = "disabled"
    endpoint["enabled_events"] = ["invoice.paid", "customer.created"]

    assert client.subscribe(ADDRESS)[0].is_ok

    assert endpoint["status"] == "enabled"
    assert set(endpoint["enabled_events"]) == {*TOPICS, "customer.created"}


def test_an_endpoint_that_was_deleted_in_stripe_is_made_again(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    client.subscribe(ADDRESS)
    stripe.stored["webhook_endpoints"].clear()

    client.subscribe(ADDRESS)

    (endpoint,) = stripe.stored["webhook_endpoints"]
    assert client.chosen_secret == stripe.secrets[endpoint["id"]]


def by_hand(**more: object) -> dict[str, object]:
    return {"id": "we_hand", "object": "webhook_endpoint", "created": BEGUN, "url": ADDRESS,
            "status": "enabled", "enabled_events": ["*"], "metadata": {}, **more}  # fmt: skip


def test_an_endpoint_made_by_hand_stays(stripe: StripeStandIn, client: StripeShopClient) -> None:
    stripe.stored["webhook_endpoints"].append(by_hand())
    client.webhook_secret = "whsec_entered00001"

    assert client.subscribe(ADDRESS)[0].is_ok
    client.unsubscribe(ADDRESS)

    assert stripe.stored["webhook_endpoints"] == [by_hand()]
    assert client.chosen_secret == ""


def test_an_endpoint_made_by_hand_beside_ours_is_said(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    stripe.stored["webhook_endpoints"] += [
        by_hand(),
        by_hand(id="we_elsewhere", url="https://other.example/", metadata={"made_by": "Tributary"}),
    ]

    (finding,) = client.subscribe(ADDRESS)

    assert (finding.is_ok, "we_hand" in finding.advice) == (False, True)
    assert client.chosen_secret
    assert len(stripe.stored["webhook_endpoints"]) == 3
    client.unsubscribe(ADDRESS)
    kept = [one["id"] for one in stripe.stored["webhook_endpoints"]]
    assert kept == ["we_hand", "we_elsewhere"]


def test_a_key_that_may_not_make_endpoints_leaves_it_to_a_person(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    stripe.permissions[KEY] = WANTED - {"rak_webhook_write"}

    (finding,) = client.subscribe(ADDRESS)
    assert not finding.is_ok
    assert ADDRESS in finding.advice
    assert "invoice.paid" in finding.advice

    client.webhook_secret = "whsec_entered00001"
    client.clock = time.time
    assert client.subscribe(ADDRESS)[0].is_ok
    assert problems(client) == {}


# Members' codes


def test_codes_are_made_counted_and_ended(stripe: StripeStandIn, client: StripeShopClient) -> None:
    assert client.make_codes(SPRING, ["MARA15", "Sam-10"]) == {}

    (coupon,) = stripe.stored["coupons"]
    assert (coupon["percent_off"], coupon["duration"], coupon["name"]) == ("12.5", "once", "Spring")
    stripe.sell(code="MARA15")
    assert {one.code: (one.is_active, one.times_used) for one in client.codes(SPRING)} == {
        "MARA15": (True, 1),
        "Sam-10": (True, 0),
    }

    assert client.end_codes(SPRING, ["mara15", "NOBODY"]) == {}

    assert {one.code: one.is_active for one in client.codes(SPRING)} == {
        "MARA15": False,
        "Sam-10": True,
    }
    assert list(client.codes(AUTUMN)) == []  # no coupon yet: no codes


def test_making_codes_again_changes_nothing(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    client.make_codes(SPRING, ["MARA15"])
    before = len(stripe.stored["promotion_codes"]), len(stripe.answered)

    assert client.make_codes(SPRING, ["mara15", "MARA15"]) == {}

    assert (len(stripe.stored["promotion_codes"]), len(stripe.answered)) == before


def test_an_ended_code_is_made_active_again(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    client.make_codes(SPRING, ["MARA15"])
    client.end_codes(SPRING, ["MARA15"])

    assert client.make_codes(SPRING, ["MARA15"]) == {}

    (code,) = stripe.stored["promotion_codes"]
    assert code["active"]


def test_a_code_that_another_coupon_has_is_said_and_stops_no_other(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    stripe.stored["promotion_codes"].append(promotion_code(code="TAKEN"))

    failed = client.make_codes(SPRING, ["taken", "MARA 15", "SAM"])

    assert sorted(failed) == ["MARA 15", "taken"]
    assert "of another coupon" in failed["taken"]
    assert "letters from A to Z" in failed["MARA 15"]
    assert [one.code for one in client.codes(SPRING)] == ["SAM"]


def test_a_code_that_was_made_twice_is_counted_together(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    client.make_codes(SPRING, ["MARA15"])
    (first,) = stripe.stored["promotion_codes"]
    again = {**first, "id": "promo_again", "times_redeemed": 2}
    first |= {"active": False, "times_redeemed": 3}
    stripe.stored["promotion_codes"].append(again)

    (code,) = client.codes(SPRING)

    assert (code.is_active, code.shop_id, code.times_used) == (True, "promo_again", 5)


def test_hundreds_of_codes_are_listed(stripe: StripeStandIn, client: StripeShopClient) -> None:
    wanted = [f"MEMBER{number}" for number in range(230)]
    client.make_codes(SPRING, wanted[:1])
    (first,) = stripe.stored["promotion_codes"]
    stripe.stored["promotion_codes"] += [
        {**first, "id": f"promo_{code}", "code": code} for code in wanted[1:]
    ]

    assert sorted(one.code for one in client.codes(SPRING)) == sorted(wanted)


def test_codes_are_made_after_a_dropped_connection(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    stripe.faults.append(Fault(drops=True))
    with pytest.raises(ShopAwayError):
        client.make_codes(SPRING, ["MARA15"])

    assert client.make_codes(SPRING, ["MARA15"]) == {}
    assert len(stripe.stored["promotion_codes"]) == 1
