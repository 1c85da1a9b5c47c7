"""Orders that the page script reports with a publishable key, which anybody can read."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.api_keys import revoke_api_key
from accounts.models import ApiKey
from accounts.order_keys import change_publishable_key, create_publishable_key, publishable_text
from accounts.test_mode import open_test_brand
from api import order_key
from core.rate_limits import RateLimits
from core.tenancy import acting_for
from offers.services import supersede_terms
from offers.terms import TermsValues
from tests.answers import Answer
from tests.api.shop import Shop, key_for
from tests.cast import NOW, SYSTEM, Cast
from tests.cast import order as order_facts
from tracking.links import click_ids
from tracking.models import Conversion, Order, TrackingLink
from tracking.orders.approval import accept_conversions
from tracking.orders.recording import record_orders
from tracking.orders.sharing import Share, share_order
from tracking.reconciliation.differences import differences

pytestmark = pytest.mark.django_db
SHOP = "https://shop.juniper.example"
ORDER = {"order_id": "W-1", "currency": "GBP", "amount": "84.20", "promo_code": "MARA15"}


def key(cast: Cast, **chosen: Any) -> ApiKey:
    with acting_for(cast.juniper):
        told: dict[str, Any] = {"origins": [SHOP], "by": SYSTEM, "now": NOW}
        return create_publishable_key(label="Pages", **told | chosen)


def report(text: str, sent: Any = None, *, origin: str | None = SHOP, **changes: Any) -> Answer:
    body = sent if isinstance(sent, bytes) else json.dumps(ORDER if sent is None else sent)
    headers = {} if origin is None else {"Origin": origin}
    options = {"content_type": "text/plain;charset=UTF-8", "headers": headers} | changes
    return Client(enforce_csrf_checks=True).post(
        f"/api/v1/script/orders?key={text}", body, **options
    )


def text_of(key: ApiKey) -> str:
    return publishable_text(key, is_test=False)


def test_an_order_waits_for_review_and_the_page_may_read_the_answer(cast: Cast) -> None:
    answer = report(text_of(key(cast)))

    assert (answer.status_code, answer.json()) == (202, {"order_id": "W-1", "outcome": "received"})
    assert answer["Access-Control-Allow-Origin"] == SHOP
    assert "Origin" in answer["Vary"]
    with acting_for(cast.juniper):
        [conversion] = Conversion.objects.select_related("order")
        assert (conversion.status, conversion.member_id) == ("pending", cast.mara.pk)
        assert (conversion.order.source, conversion.order.total_minor) == ("script", 8420)


def test_a_trusted_key_s_order_counts_at_once(cast: Cast) -> None:
    report(text_of(key(cast, is_trusted=True)))

    with acting_for(cast.juniper):
        assert Conversion.objects.get().status == "accepted"


def test_a_click_id_credits_its_member(cast: Cast) -> None:
    with acting_for(cast.juniper):
        link = TrackingLink.objects.get(enrollment=cast.mara_in_glow)
    click = click_ids.make(link_id=link.pk, clicked_at=timezone.now() - timedelta(hours=1))
    report(text_of(key(cast)), {**ORDER, "promo_code": "", "click_id": click})

    with acting_for(cast.juniper):
        assert Conversion.objects.get().evidence == "click"


def test_the_same_order_again_changes_nothing_and_tells_nothing(cast: Cast) -> None:
    text = text_of(key(cast))
    answers = [report(text), report(text), report(text, {**ORDER, "amount": "999.00"})]

    assert {(one.status_code, one.content) for one in answers} == {(202, answers[0].content)}, (
        "the answer tells what is recorded"
    )
    with acting_for(cast.juniper):
        assert Order.objects.get().total_minor == 8420


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", None, "", f"{SHOP}.evil.example", f"{SHOP}:8443",
     "http://shop.juniper.example", SHOP.upper(), f"{SHOP}/", "https://shop.juniper.example\x00"],
)  # fmt: skip
def test_other_origins_are_refused(cast: Cast, origin: str | None) -> None:
    answer = report(text_of(key(cast)), origin=origin)

    assert answer.status_code == 403
    assert answer.json()["code"] == "origin_not_allowed"
    assert not answer.has_header("Access-Control-Allow-Origin")
    with acting_for(cast.juniper):
        assert not Order.objects.exists()


def test_a_browser_may_ask_first(cast: Cast) -> None:
    address = f"/api/v1/script/orders?key={text_of(key(cast))}"
    allowed = Client().options(address, headers={"Origin": SHOP})
    refused = Client().options(address, headers={"Origin": "https://evil.example"})

    assert (allowed.status_code, allowed["Access-Control-Allow-Origin"]) == (204, SHOP)
    assert allowed["Access-Control-Allow-Headers"] == "content-type"
    assert (refused.status_code, refused.has_header("Access-Control-Allow-Origin")) == (403, False)


def test_the_key_opens_nothing_else_and_no_other_key_opens_this(cast: Cast) -> None:
    text, secret = text_of(key(cast)), key_for(cast.juniper)

    assert Shop(text).ask("/api/v1/members").status_code == 401
    assert Shop(text).send("/api/v1/orders", {}).status_code == 401
    assert Client().get("/api/v1/postback", {"key": text, "order_id": "1"}).status_code == 401
    for other in (secret, "", "trb_pub_", "trb_pub_000000000000", f"{text}_x", f"{text}\x00"):
        assert report(other).status_code == 401, other


def test_a_revoked_key_is_refused(cast: Cast) -> None:
    made = key(cast)
    with acting_for(cast.juniper):
        revoke_api_key(key=made, by=SYSTEM, now=NOW)

    assert report(text_of(made)).status_code == 401


def test_changed_origins_hold_at_once(cast: Cast) -> None:
    made, other = key(cast), "https://juniper.example"
    with acting_for(cast.juniper):
        change_publishable_key(key=made, origins=[other], is_trusted=True, by=SYSTEM, now=NOW)

    assert report(text_of(made)).status_code == 403
    assert report(text_of(made), origin=other).status_code == 202
    with acting_for(cast.juniper):
        assert Conversion.objects.get().status == "accepted"


def test_a_test_key_records_in_the_test_brand(cast: Cast) -> None:
    made = key(cast, is_for_test=True)
    text = publishable_text(made, is_test=True)
    assert text.startswith("trb_pub_test_")

    assert report(text).status_code == 202
    with acting_for(cast.juniper):
        assert not Order.objects.exists()
        test_brand = open_test_brand(brand=cast.juniper, by=SYSTEM, now=NOW)
    with acting_for(test_brand):
        assert Order.objects.get().external_id == "W-1"


@pytest.mark.parametrize(
    ("sent", "status", "field"),
    [
        ({**ORDER, "currency": "XXQ"}, 422, "currency"),
        ({**ORDER, "order_id": "a\x00b"}, 422, "order_id"),
        ({**ORDER, "order_id": None}, 422, "order_id"),
        ({**ORDER, "amount": "-1"}, 422, "amount"),
        ({**ORDER, "amount": "1e9"}, 422, "amount"),
        ({**ORDER, "amount": ["1"]}, 422, "amount"),
        ({**ORDER, "amount": ""}, 422, "amount"),
        ({**ORDER, "lines": [{"quantity": 1, "unit_price": "1"}]}, 422, "amount"),
        ({**ORDER, "ordered_at": "2020-01-01T00:00:00Z"}, 422, "ordered_at"),
        ({**ORDER, "payment_status": "paid"}, 422, "payment_status"),
        ({**ORDER, "source": "shopify"}, 422, "source"),
        (b'{"order_id": "1", "order_id": "2"}', 422, "order_id"),
        (b"[]", 422, "body"),
        (b"[" * 60_000, 400, "body"),
        (b"\xff", 400, "body"),
        (b'"' + b"x" * 70_000 + b'"', 413, None),
    ],
)
def test_what_can_not_be_read_is_refused(
    cast: Cast, sent: Any, status: int, field: str | None
) -> None:
    answer = report(text_of(key(cast)), sent)

    assert answer.status_code == status, answer.content
    problems = [problem["field"] for problem in answer.json()["problems"]]
    assert problems == ([] if field is None else [field])
    with acting_for(cast.juniper):
        assert not Order.objects.exists()


def test_a_form_is_no_report(cast: Cast) -> None:
    answer = report(text_of(key(cast)), b"a=1", content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 415


def test_one_client_can_not_flood_a_brand(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    few = RateLimits("script-client-test", rate=0.001, size=3, block=1)
    monkeypatch.setattr(order_key, "CLIENTS", few)
    text = text_of(key(cast))
    statuses = [report(text, {**ORDER, "order_id": str(n)}).status_code for n in range(5)]

    assert statuses == [202, 202, 202, 429, 429]


def shop_sends(cast: Cast, **changes: Any) -> str:
    with acting_for(cast.juniper):
        facts = order_facts("W-1", ordered_at=timezone.now().isoformat(), **changes)
        [result] = record_orders(source="shop", orders=[facts], by=SYSTEM, now=timezone.now())
    return result.status


def statuses(cast: Cast) -> dict[str, str]:
    with acting_for(cast.juniper):
        rows = Conversion.objects.order_by("pk")
        return dict(rows.values_list("order__source", "status"))


def test_the_shop_s_own_order_takes_the_place_of_one_that_waits(cast: Cast) -> None:
    report(text_of(key(cast)))

    assert shop_sends(cast) == "recorded"
    assert statuses(cast) == {"script": "rejected", "shop": "accepted"}
    with acting_for(cast.juniper):
        rejected = Conversion.objects.get(status="rejected")
    assert rejected.decision_reason == "The shop sent this order itself: it is W-1 of shop."


@pytest.mark.parametrize("amount", ["1.00", "84.20", "99.60"])
@pytest.mark.parametrize("is_trusted", [False, True])
def test_the_shop_s_own_order_counts_whatever_a_page_said_of_it(
    cast: Cast, amount: str, is_trusted: bool
) -> None:
    """A page shows the total with tax; and everybody could report an order before the shop does."""
    report(text_of(key(cast, is_trusted=is_trusted)), ORDER | {"amount": amount})

    assert shop_sends(cast) == "recorded"
    assert statuses(cast) == {"script": "rejected", "shop": "accepted"}


def test_the_shop_s_own_order_of_a_reviewed_one_needs_no_second_review(cast: Cast) -> None:
    with acting_for(cast.juniper):
        supersede_terms(
            offer=cast.glow,
            values=TermsValues(percent_bp=1_000, approval="by_hand"),
            starts_at=NOW + timedelta(minutes=1),
            by=SYSTEM,
            now=NOW,
        )
    report(text_of(key(cast)))
    with acting_for(cast.juniper):
        ids = list(Conversion.objects.values_list("pk", flat=True))
        accept_conversions(conversion_ids=ids, by=SYSTEM, now=timezone.now())

    assert shop_sends(cast) == "recorded"
    assert statuses(cast) == {"script": "rejected", "shop": "accepted"}
    with acting_for(cast.juniper):
        assert list(differences(cast.juniper)) == []


def test_what_staff_gave_to_somebody_stays(cast: Cast) -> None:
    report(text_of(key(cast, is_trusted=True)))
    with acting_for(cast.juniper):
        to_diego = [Share(cast.diego_in_glow, 10_000)]
        share_order(
            order_id=Order.objects.get().pk, shares=to_diego, reason="His", by=SYSTEM, now=NOW
        )

    assert shop_sends(cast) == "unattributed"
    with acting_for(cast.juniper):
        assert Conversion.objects.get(status="accepted").member_id == cast.diego.pk


@pytest.mark.parametrize("amount", ["84.20", "99.60"])
def test_a_report_never_takes_the_place_of_the_shop_s_order(cast: Cast, amount: str) -> None:
    shop_sends(cast)
    report(text_of(key(cast, is_trusted=True)), ORDER | {"amount": amount})

    assert statuses(cast) == {"shop": "accepted"}
