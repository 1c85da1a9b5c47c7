"""Numbers as JSON writes them: 5001.0 is the whole number 5001, and a text is no number."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from core.tenancy import acting_for
from tests.api.nouns.conftest import stage
from tests.api.nouns.stage import Stage
from tests.api.shop import ORDERS, REFUNDS, Shop
from tests.cast import NOW, Cast, raw_order, raw_refund
from tests.snapshot import snapshot
from tracking.models import Order, OrderLine

__all__ = ["stage"]


def written(order: object, number: str) -> bytes:
    """The order as JSON, with a number written as told in the place of "@@"."""
    return json.dumps(order).replace('"@@"', number).encode()


def test_an_order_is_one_however_its_number_is_written(shop: Shop) -> None:
    outcomes = [
        shop.send(ORDERS, written(raw_order("@@", promo_code="MARA15"), number)).status_code
        for number in ("5001", "5001.0", "5.001e3", "5001.00", "50010e-1")
    ]
    refunded = shop.send(REFUNDS, written(raw_refund("R1", "@@", amount="1"), "5001.0"))

    assert outcomes == [201, 200, 200, 200, 200]
    assert refunded.status_code == 201


@pytest.mark.parametrize("number", ["0", "0.0", "0e0", "-0.0", '"0"', '"0.00"'])
def test_customer_nought_is_nobody_however_it_is_written(
    cast: Cast, shop: Shop, number: str
) -> None:
    assert shop.send(ORDERS, written(raw_order("1", customer_id="@@"), number)).status_code == 201

    with acting_for(cast.juniper):
        assert Order.objects.get().customer_ref == ""


@pytest.mark.parametrize(
    ("name", "number", "stored"),
    [
        ("unit_price", "1e1", 1_000),
        ("unit_price", "1E-7", 0),
        ("unit_price", "84.20", 8_420),
        ("unit_price", "0.30000000000000004", 30),
        ("unit_price", "0.00499999999999999999999999999999999999999", 0),
        ("unit_price", "2e-400", 0),
        ("quantity", "1e0", 1),
        ("quantity", "2.0", 2),
        ("quantity", '".5"', Decimal("0.5")),
        ("discount", "5.551115123125783e-17", 8_420),
    ],
)
def test_an_amount_may_have_an_exponent_and_a_long_tail(
    cast: Cast, shop: Shop, name: str, number: str, stored: object
) -> None:
    line = {"sku": "G", "quantity": 1, "unit_price": "84.20"} | {name: "@@"}

    answer = shop.send(ORDERS, written(raw_order("1", lines=[line]), number))

    assert answer.status_code == 201, answer.json()
    column = "quantity" if name == "quantity" else "net_minor"
    with acting_for(cast.juniper):
        assert OrderLine.objects.values_list(column, flat=True).get() == stored


@pytest.mark.parametrize(
    ("field", "number"),
    [
        ("order_id", "1.5"), ("order_id", "1e400"), ("number", "0.5"), ("customer_id", "0.5"),
        ("promo_code", "1.5"), ("click_id", "1.5"), ("promo_codes", "[0.5]"),
        ("ordered_at", "1700000000.5"), ("payment_status", '" "'), ("is_test", "2"),
        ("order_id", "1e9999999999999999999"),
    ],
)  # fmt: skip
def test_a_number_with_a_fraction_is_no_text(shop: Shop, field: str, number: str) -> None:
    shop.send(ORDERS, raw_order("1"))
    before = snapshot()

    answer = shop.send(ORDERS, written(raw_order("2") | {field: "@@"}, number))

    assert answer.status_code == 422
    assert {one["field"].split(".")[0] for one in answer.json()["problems"]} == {field}
    assert snapshot() == before


@pytest.mark.parametrize("number", ["1e16", "1e400", "1e9999999999999999999", "9" * 41])
def test_a_price_beyond_all_prices_is_refused(shop: Shop, number: str) -> None:
    lines = [{"sku": "G", "quantity": 1, "unit_price": "@@"}]

    answer = shop.send(ORDERS, written(raw_order("1", lines=lines), number))

    assert answer.status_code == 422
    assert "lines.0.unit_price" in {one["field"] for one in answer.json()["problems"]}


@pytest.mark.parametrize("yes", ["1", "true", '"1"', '"yes"'])
def test_shops_that_write_one_for_yes_are_understood(cast: Cast, shop: Shop, yes: str) -> None:
    assert shop.send(ORDERS, written(raw_order("1") | {"is_test": "@@"}, yes)).status_code == 201

    with acting_for(cast.juniper):
        assert Order.objects.get().is_test


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"first_name": -0.0}', 422),
        ('{"first_name": 1.5}', 422),
        ('{"first_name": "Ada", "version": "1.0"}', 422),
        ('{"first_name": "Ada", "version": 1.5}', 422),
        ('{"first_name": "Ada", "version": @@.0}', 200),
        ('{"first_name": "Ada", "version": @@e0}', 200),
    ],
)
def test_a_noun_takes_numbers_as_its_document_says(stage: Stage, body: str, status: int) -> None:
    member = f"/members/{stage.id('member')}"
    version = stage.get(member).json()["version"]

    answer = stage.send("PATCH", member, body.replace("@@", str(version)))

    assert answer.status_code == status, answer.json()


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("1e1", "10.00"), ("10.5", "10.50"), ("7.250000000001", "7.25"), ("1e16", None)],
)
def test_an_amount_of_a_noun_may_have_an_exponent(
    stage: Stage, amount: str, shown: str | None
) -> None:
    body = {"enrollment": stage.id("enrollment"), "amount": "@@", "note": "thanks"}

    answer = stage.send("POST", "/adjustments", written(body, amount).decode())

    assert answer.status_code == (201 if shown else 422), answer.json()
    if shown:
        assert answer.json()["amount"]["amount"] == shown


@pytest.mark.parametrize("header", ['"99"', "1", "garbage"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_version_is_refused_where_there_is_none(shop: Shop, method: str, header: str) -> None:
    shop.send(ORDERS, raw_order("1"))
    shop.send(REFUNDS, raw_refund("R1", "1", amount="1"))
    before = snapshot()
    path = "/api/v1/refunds/api/R1" if method == "DELETE" else ORDERS
    changed = raw_order("1", lines=[]) | {"updated_at": NOW.isoformat()}

    answer = shop.client.generic(
        method, path, json.dumps(changed), content_type="application/json",
        headers=shop.headers | {"If-Match": header},
    )  # fmt: skip

    assert answer.status_code == 422
    assert snapshot() == before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", ORDERS), ("PUT", ORDERS), ("PUT", f"{ORDERS}/api/1"), ("GET", f"{ORDERS}/1"),
        ("GET", f"{ORDERS}/api/1"), ("POST", REFUNDS), ("DELETE", f"{REFUNDS}/api/R1"),
    ],
)  # fmt: skip
def test_a_name_in_the_query_that_is_unknown_is_named(shop: Shop, method: str, path: str) -> None:
    shop.send(ORDERS, raw_order("1"))

    answer = shop.client.generic(
        method, f"{path}?foo=1", json.dumps(raw_order("1")), content_type="application/json",
        headers=shop.headers,
    )  # fmt: skip

    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, "foo")
