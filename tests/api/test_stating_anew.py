"""PUT says what an order or a refund is now; DELETE undoes a refund."""

from __future__ import annotations

import pytest

from tests.api.shop import ORDERS, REFUNDS, Shop, key_for
from tests.cast import Cast, raw_order, raw_refund
from tests.snapshot import snapshot


def test_an_order_is_stated_anew_and_its_answer_tells_the_state(shop: Shop) -> None:
    shop.send(ORDERS, raw_order())

    answer = shop.put(f"{ORDERS}/api/1001", raw_order(amount="10") | {"payment_status": "pending"})

    assert (answer.status_code, answer.json()["outcome"]) == (200, "revised")
    found = shop.ask(f"{ORDERS}/1001").json()
    assert (found["total"], found["status"], found["revision"]) == ("10.00", "pending", 2)
    assert found["commission"]["reason"] == "The order is not paid yet."


def test_an_unknown_order_is_recorded(shop: Shop) -> None:
    answer = shop.put(f"{ORDERS}/till/A/17", {**raw_order(), "order_id": "A/17"})

    assert (answer.status_code, answer.json()["outcome"]) == (201, "recorded")
    assert shop.ask(f"{ORDERS}/till/A/17").status_code == 200


def test_the_address_names_the_order_and_the_body_need_not(shop: Shop) -> None:
    body = raw_order()
    del body["order_id"]

    assert shop.put(f"{ORDERS}/api/1001", body).status_code == 201


@pytest.mark.parametrize("field", ["order_id", "source"])
def test_a_body_that_names_another_order_than_the_address_is_refused(
    shop: Shop, field: str
) -> None:
    answer = shop.put(f"{ORDERS}/api/1001", raw_order() | {field: "other"})

    assert answer.status_code == 422
    assert [found["field"] for found in answer.json()["problems"]] == [field]


def test_an_older_statement_is_answered_superseded(shop: Shop) -> None:
    shop.send(ORDERS, raw_order() | {"updated_at": "2026-11-20T11:30:00Z"})

    older = raw_order(amount="1") | {"updated_at": "2026-11-20T11:20:00Z"}
    answer = shop.put(f"{ORDERS}/api/1001", older)

    assert (answer.status_code, answer.json()["outcome"]) == (200, "superseded")
    assert shop.ask(f"{ORDERS}/1001").json()["total"] == "84.20"


def test_many_are_stated_anew_at_once(shop: Shop) -> None:
    shop.send(ORDERS, raw_order())

    batch = {"orders": [raw_order(amount="10"), raw_order("1002"), {"order_id": "1003"}]}
    results = shop.put(ORDERS, batch).json()["results"]

    assert [one["status"] for one in results] == [200, 201, 422]


def test_a_refund_is_replaced_and_undone(shop: Shop) -> None:
    shop.send(ORDERS, raw_order())
    shop.send(REFUNDS, raw_refund())

    conflict = shop.send(REFUNDS, raw_refund(amount="20.00"))
    assert conflict.status_code == 409
    assert "PUT it to /api/v1/refunds/api/R1" in conflict.json()["detail"]
    replaced = shop.put(f"{REFUNDS}/api/R1", raw_refund(amount="20.00"))
    assert (replaced.status_code, replaced.json()["outcome"]) == (200, "replaced")
    assert shop.ask(f"{ORDERS}/1001").json()["commission"]["amount"] == "6.42"

    for _ in range(2):
        undone = shop.delete(f"{REFUNDS}/api/R1")
        assert (undone.status_code, undone.json()["outcome"]) == (200, "undone")
    found = shop.ask(f"{ORDERS}/1001").json()
    assert (found["commission"]["amount"], found["refunds"][0]["state"]) == ("8.42", "undone")


def test_a_refund_that_was_undone_stays_so_until_it_is_stated_anew(shop: Shop) -> None:
    shop.send(ORDERS, raw_order())
    shop.send(REFUNDS, raw_refund())
    shop.delete(f"{REFUNDS}/api/R1")
    before = snapshot()

    again = shop.send(REFUNDS, raw_refund())
    [in_batch] = shop.send(REFUNDS, {"refunds": [raw_refund()]}).json()["results"]

    assert (again.status_code, again.json()["outcome"], again.json()["applied"]) == (
        200, "duplicate", "0.00",
    )  # fmt: skip
    assert (
        again.json()["reasons"]
        == in_batch["reasons"]
        == [{"field": "refund_id", "code": "undone", "message": "was undone; PUT states it anew"}]
    )
    assert snapshot() == before
    anew = shop.put(f"{REFUNDS}/api/R1", raw_refund()).json()
    assert (anew["outcome"], anew["applied"], anew["reasons"]) == ("replaced", "10.00", [])


def test_a_refund_of_another_brand_and_an_unknown_one_are_not_undone(
    shop: Shop, cast: Cast
) -> None:
    shop.send(ORDERS, raw_order())
    shop.send(REFUNDS, raw_refund())
    other = Shop(key_for(cast.saltmarsh))

    foreign, missing = other.delete(f"{REFUNDS}/api/R1"), shop.delete(f"{REFUNDS}/api/R2")

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert shop.ask(f"{ORDERS}/1001").json()["commission"]["amount"] == "7.42"


def test_a_refund_without_its_order_is_shown_as_applied_once_the_order_is_there(
    shop: Shop,
) -> None:
    """Too large for the order: it used to vanish."""
    waiting = shop.send(REFUNDS, raw_refund(amount="99"))
    shop.send(ORDERS, raw_order())

    [refund] = shop.ask(f"{ORDERS}/1001").json()["refunds"]
    assert waiting.status_code == 202
    assert (refund["state"], refund["amount"]) == ("applied", "84.20")
    assert refund["reason"] == "99.00 GBP is more than the 84.20 GBP left on GLOW-1"
