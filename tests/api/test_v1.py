"""Good input: what is recorded, and how it is answered."""

from __future__ import annotations

import json

import pytest

from accounts.models import Scope
from accounts.test_mode import create_test_api_key
from core.tenancy import acting_for
from payouts.models import LedgerEntry
from tests.api.shop import ORDERS, REFUNDS, Shop, key_for
from tests.cast import NOW, SYSTEM, Cast, raw_order, raw_refund
from tests.snapshot import snapshot
from tracking.links import click_ids
from tracking.models import Conversion, Order, TrackingLink


def test_an_order_is_recorded(shop: Shop, cast: Cast) -> None:
    answer = shop.send(ORDERS, raw_order())

    assert answer.status_code == 201
    assert answer.json() == {
        "order_id": "1001",
        "source": "api",
        "outcome": "recorded",
        "reasons": [],
    }
    with acting_for(cast.juniper):
        conversion = Conversion.objects.get()
        assert (conversion.enrollment_id, conversion.commission_minor) == (
            cast.mara_in_glow.pk,
            842,
        )


def test_an_amount_sent_as_a_number_is_read_digit_by_digit(shop: Shop) -> None:
    """1.005 has no exact binary fraction; the half must still round up."""
    line = b'{"sku": "A", "quantity": 1, "unit_price": 1.005}'
    sent = json.dumps(raw_order(lines=["LINE"])).encode().replace(b'"LINE"', line)

    assert shop.send(ORDERS, sent).status_code == 201
    assert json.loads(shop.ask(f"{ORDERS}/1001").content)["total"] == "1.01"


def test_the_same_order_again_is_the_same_conversion(shop: Shop) -> None:
    shop.send(ORDERS, raw_order())
    before = snapshot()

    answer = shop.send(ORDERS, raw_order())

    assert (answer.status_code, answer.json()["outcome"]) == (200, "duplicate")
    assert snapshot() == before


def test_an_order_id_is_one_order_per_source(shop: Shop, cast: Cast) -> None:
    first = shop.send(ORDERS, raw_order())
    second = shop.send(ORDERS, raw_order(amount="20.00") | {"source": "till"})

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json()["source"] == "till"
    with acting_for(cast.juniper):
        assert Conversion.objects.count() == 2


def test_an_order_with_an_unknown_code_is_kept_and_credited_to_nobody(
    shop: Shop, cast: Cast
) -> None:
    answer = shop.send(ORDERS, raw_order(promo_code="NOBODY"))

    assert answer.status_code == 201
    assert answer.json() == {
        "order_id": "1001",
        "source": "api",
        "outcome": "unattributed",
        "reasons": [
            {
                "field": "promo_code",
                "code": "unknown_code",
                "message": "no member has the code NOBODY",
            }
        ],
    }
    with acting_for(cast.juniper):
        assert not Conversion.objects.exists()
        assert not LedgerEntry.objects.exists()


def test_an_order_in_another_currency_is_kept_and_says_so(shop: Shop, cast: Cast) -> None:
    answer = shop.send(ORDERS, raw_order(currency="USD"))

    assert (answer.status_code, answer.json()["outcome"]) == (201, "unattributed")
    assert [reason["code"] for reason in answer.json()["reasons"]] == ["not_the_offers_currency"]
    with acting_for(cast.juniper):
        assert Order.objects.get().currency == "USD"


def test_an_order_without_evidence_says_so(shop: Shop) -> None:
    answer = shop.send(ORDERS, raw_order(promo_code=None))

    assert answer.status_code == 201
    assert [reason["code"] for reason in answer.json()["reasons"]] == ["no_evidence"]


def test_a_forged_click_id_credits_nobody(shop: Shop, cast: Cast) -> None:
    with acting_for(cast.juniper):
        link = TrackingLink.objects.get(enrollment=cast.mara_in_glow)
    forged = click_ids.make(link_id=link.pk, clicked_at=cast.now)[:-1] + "!"

    answer = shop.send(ORDERS, raw_order(promo_code=None, click_id=forged))

    assert answer.json()["reasons"] == [
        {
            "field": "click_id",
            "code": "unknown_click",
            "message": "the click id is not one of ours",
        }
    ]
    with acting_for(cast.juniper):
        assert not Conversion.objects.exists()


def test_a_refund_takes_its_share_of_the_commission(shop: Shop) -> None:
    shop.send(ORDERS, raw_order())

    answer = shop.send(REFUNDS, raw_refund())

    assert answer.status_code == 201
    assert answer.json() == {
        "refund_id": "R1",
        "source": "api",
        "outcome": "recorded",
        "applied": "10.00",
        "reasons": [],
    }
    assert shop.ask(f"{ORDERS}/1001").json()["commission"]["amount"] == "7.42"


def test_a_refund_before_its_order_is_parked_and_applied_with_it(shop: Shop) -> None:
    parked = shop.send(REFUNDS, raw_refund())
    again = shop.send(REFUNDS, raw_refund())
    shop.send(ORDERS, raw_order())

    assert (parked.status_code, parked.json()["outcome"]) == (202, "parked")
    assert (again.status_code, again.json()["outcome"]) == (200, "duplicate")
    order = shop.ask(f"{ORDERS}/1001").json()
    assert order["commission"]["amount"] == "7.42"
    assert [refund["state"] for refund in order["refunds"]] == ["applied"]


def test_a_batch_answers_for_each_item(shop: Shop) -> None:
    shop.send(ORDERS, raw_order("1000"))
    batch = {
        "source": "api",
        "orders": [
            raw_order("1001"),
            raw_order("1002", promo_code="NOBODY"),
            raw_order("1000"),
            raw_order("1000", amount="1.00"),
            raw_order("1003", ordered_at="2099-01-01T00:00:00Z"),
            raw_order("1004", amount="-1"),
            "nonsense",
            raw_order("1005") | {"source": "till"},
        ],
    }

    answer = shop.send(ORDERS, batch)

    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [(row["index"], row["status"]) for row in results] == [
        (0, 201),
        (1, 201),
        (2, 200),
        (3, 409),
        (4, 422),
        (5, 422),
        (6, 422),
        (7, 422),
    ]
    assert [row.get("outcome") for row in results[:3]] == ["recorded", "unattributed", "duplicate"]
    assert results[3]["problem"]["code"] == "recorded_differently"
    assert [row["problem"]["problems"][0]["field"] for row in results[3:]] == [
        "order_id",
        "ordered_at",
        "lines.0.unit_price",
        "body",
        "source",
    ]
    assert shop.ask(f"{ORDERS}/1005").status_code == 404


def test_a_batch_of_refunds_answers_for_each_item(shop: Shop) -> None:
    shop.send(ORDERS, raw_order())
    batch = {"refunds": [raw_refund("R1"), raw_refund("R2", "9999"), raw_refund("R3", amount="99")]}

    results = shop.send(REFUNDS, batch).json()["results"]

    assert [row["status"] for row in results] == [201, 202, 201]
    assert [row.get("applied") for row in results] == ["10.00", None, "74.20"]
    assert results[2]["reasons"] == [
        {
            "field": "amount",
            "code": "not_left",
            "message": "99.00 GBP is more than the 74.20 GBP left on GLOW-1",
        }
    ]


def test_an_order_tells_what_came_of_it(shop: Shop) -> None:
    shop.send(ORDERS, raw_order())

    answer = shop.ask(f"{ORDERS}/1001")

    order = answer.json()
    assert answer.status_code == 200
    assert order.pop("received_at")
    assert order.pop("id").startswith("ord_")
    assert order == {
        "order_id": "1001",
        "source": "api",
        "ordered_at": "2026-11-20T11:00:00+00:00",
        "updated_at": "2026-11-20T11:00:00+00:00",
        "revision": 1,
        "currency": "GBP",
        "payment_status": "paid",
        "cancelled_at": None,
        "is_test": False,
        "total": "84.20",
        "status": "accepted",
        "why": "the order brought the code MARA15",
        "attribution": {
            "evidence": "code",
            "member": "Mara Lindqvist",
            "offer": "Winter Glow creators",
            "claims": [{"evidence": "code", "words": "the code MARA15"}],
        },
        "commission": {
            "amount": "8.42",
            "sale": "84.20",
            "refunded": "0.00",
            "payable_at": "2026-11-20T11:00:00+00:00",
            "reason": "",
        },
        "shares": [
            {
                "member": "Mara Lindqvist",
                "offer": "Winter Glow creators",
                "share_bp": 10_000,
                "status": "accepted",
                "amount": "8.42",
                "currency": "GBP",
                "rate": None,
                "rate_on": None,
            }
        ],
        "refunds": [],
    }


def test_an_unattributed_order_tells_why(shop: Shop) -> None:
    shop.send(ORDERS, raw_order(promo_code="NOBODY"))

    order = shop.ask(f"{ORDERS}/1001").json()

    assert (order["status"], order["attribution"], order["commission"]) == (
        "unattributed",
        None,
        None,
    )
    assert order["why"] == "no member has the code NOBODY"


@pytest.mark.parametrize("order_id", ["1001", "A/17", "Nr. 5 & 6?"])
def test_an_order_is_found_under_any_id_and_source(shop: Shop, order_id: str) -> None:
    shop.send(ORDERS, raw_order(order_id) | {"source": "till"})
    quoted = order_id.replace("?", "%3F")

    assert shop.ask(f"{ORDERS}/till/{quoted}").json()["order_id"] == order_id
    assert shop.ask(f"{ORDERS}/api/{quoted}").status_code == 404


def test_an_order_is_found_by_the_id_that_webhooks_name_it_by(shop: Shop) -> None:
    shop.send(ORDERS, raw_order() | {"source": "till"})
    whole = shop.ask(f"{ORDERS}/till/1001").json()

    assert shop.ask(f"{ORDERS}/{whole['id']}").json() == whole
    for address in (f"api/{whole['id']}", f"till/{whole['id']}"):
        assert shop.ask(f"{ORDERS}/{address}").status_code == 404
    shop.put(f"{ORDERS}/api/{whole['id']}", raw_order(amount="20.00"))
    assert shop.ask(f"{ORDERS}/till/1001").json() == whole, "such an id is for reading alone"


def test_an_id_of_the_shop_is_looked_for_before_that_of_webhooks(shop: Shop) -> None:
    shop.send(ORDERS, raw_order() | {"source": "till"})
    taken = shop.ask(f"{ORDERS}/till/1001").json()["id"]
    shop.send(ORDERS, raw_order(taken))

    assert shop.ask(f"{ORDERS}/{taken}").json()["order_id"] == taken


def test_the_id_of_an_order_is_that_of_one_brand_and_mode(shop: Shop, cast: Cast) -> None:
    with acting_for(cast.juniper):
        test_key = create_test_api_key(
            brand=cast.juniper, label="trying", scopes=[Scope.READ, Scope.ORDERS],
            expires_at=None, allowed_addresses=[], by=SYSTEM, now=NOW,
        ).secret  # fmt: skip
    shop.send(ORDERS, raw_order())
    named = shop.ask(f"{ORDERS}/1001").json()["id"]
    altered = named[:-1] + ("0" if named[-1] != "0" else "1")

    assert shop.ask(f"{ORDERS}/{named}").status_code == 200
    assert shop.ask(f"{ORDERS}/{altered}").status_code == 404
    for secret in (key_for(cast.saltmarsh), test_key):
        assert Shop(secret).ask(f"{ORDERS}/{named}").json()["code"] == "unknown_order"


def test_an_order_of_another_brand_answers_like_one_that_does_not_exist(
    shop: Shop, cast: Cast
) -> None:
    other = Shop(key_for(cast.saltmarsh))
    shop.send(ORDERS, raw_order())

    foreign, missing = other.ask(f"{ORDERS}/1001"), other.ask(f"{ORDERS}/1002")

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.content.replace(b"1001", b"1002") == missing.content
    assert other.send(ORDERS, raw_order(promo_code="MARA15")).json()["outcome"] == "unattributed"


def test_an_order_is_read_as_shops_write_it(cast: Cast, shop: Shop) -> None:
    sent = raw_order("7", currency="gbp", customer_id=0, click_id="x" * 9_000, promo_code="mara 15")

    assert shop.send(ORDERS, sent).json()["outcome"] == "recorded"
