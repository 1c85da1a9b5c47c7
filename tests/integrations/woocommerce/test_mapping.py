"""Orders of WooCommerce as statements. The figures are worked out by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from integrations.shop import NotUnderstoodError
from integrations.woocommerce import values
from integrations.woocommerce.mapping import statements
from tests.integrations.woocommerce.orders import FIXTURES, a_line, an_order, fixture
from tracking.orders.facts import OrderFacts
from tracking.orders.reading import read_order


def facts(order: Any) -> OrderFacts:
    """What our own reader makes of the order's statement, after its way through JSON."""
    body = json.dumps(order, default=str).encode()
    return read_order(statements(values.parse(body), []).orders[0])


def test_an_order_of_the_documented_shape() -> None:
    body = (FIXTURES / "order.json").read_bytes()
    order = read_order(statements(values.parse(body), []).orders[0])
    assert order.external_id == "723"
    assert order.ordered_at == datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
    assert order.updated_at == datetime(2026, 11, 20, 10, 16, 30, tzinfo=UTC)
    assert (order.currency, order.customer_ref, order.payment_status) == ("GBP", "26", "paid")
    assert order.promo_codes == ("mara15", "welcome")
    assert order.click_id == "AbC-_123"
    assert (order.is_test, order.cancelled_at) == (False, None)
    assert [
        (one.line_id, one.sku, one.product, one.quantity, one.net_minor, one.is_commissionable)
        for one in order.lines
    ] == [
        ("311", "OIL-1", "Face oil", Decimal(2), 4500, True),
        ("312", "", "Linen by the metre", Decimal("1.5"), 1750, True),
        ("316", "", "Gift wrap", Decimal(1), 600, False),
    ]
    assert order.commissionable_minor == 6250


def test_a_guest_with_a_negative_fee_and_prices_with_tax() -> None:
    """£15.00: the net total of the line. The fee and shipping neither earn nor lower anything."""
    order = facts(fixture("guest_with_fee"))
    assert [(one.sku, one.quantity, one.net_minor) for one in order.lines] == [
        ("", Decimal(1), 1500)
    ]
    assert order.commissionable_minor == 1500
    assert order.promo_codes == ("mara15",)
    assert order.customer_ref == ""
    assert order.updated_at is None


@pytest.mark.parametrize("shows_tax", [True, False])
def test_whether_prices_are_shown_with_tax_changes_nothing(shows_tax: bool) -> None:
    assert facts(an_order(prices_include_tax=shows_tax)) == facts(an_order())


@pytest.mark.parametrize(
    ("quantity", "subtotal", "total", "minor"),
    [
        (3, "10.00", "10.00", 1000),  # a price of 3.333…
        (7, "100.00", "99.99", 9999),
        ("0.333", "5.00", "4.01", 401),
        (Decimal("0.0004"), "5.00", "5.00", 500),  # less than our three places
        (0, "5.00", "5.00", 500),
        (1, "5.00", "0.00", 0),  # free by coupon
        (1, "0.00", "5.00", 500),  # a price that staff raised
        (2, "", "", 0),
        (1, "-5.00", "-5.00", 0),  # a discount that a plugin wrote as a product
        (1, 5, Decimal("5.0000000000000001"), 500),
        (1, "1.0E-6", "1.0E-6", 0),
    ],
)
def test_a_line_is_worth_its_total(quantity: Any, subtotal: Any, total: Any, minor: int) -> None:
    line = a_line(total, quantity=quantity, subtotal=subtotal)
    stated = statements(an_order(line_items=[line], fee_lines=[]), None).orders[0]
    assert read_order(stated).total_minor == minor


def test_an_order_of_900_lines() -> None:
    lines = [a_line("1.11", id=number) for number in range(1, 901)]
    assert facts(an_order(line_items=lines, fee_lines=[])).total_minor == 99_900


def test_an_order_without_products_is_worth_nothing() -> None:
    assert facts(an_order(line_items=[], fee_lines=[])).total_minor == 0


@pytest.mark.parametrize(
    ("status", "date_paid", "payment", "is_cancelled"),
    [
        ("processing", None, "paid", False),
        ("wc-completed", None, "paid", False),
        ("refunded", None, "paid", False),
        ("pending", None, "pending", False),
        ("on-hold", "2026-11-20T10:16:00", "pending", False),
        ("failed", None, "voided", False),
        ("cancelled", None, "voided", True),
        ("cancelled", "2026-11-20T10:16:00", "paid", True),
        ("trash", "2026-11-20T10:16:00", "paid", True),
        ("shipped", "2026-11-20T10:16:00", "paid", False),
        ("awaiting-stock", None, "pending", False),
    ],
)
def test_statuses(status: str, date_paid: str | None, payment: str, is_cancelled: bool) -> None:
    order = facts(an_order(status=status, date_paid_gmt=date_paid))
    assert order.payment_status == payment
    changed_at = datetime(2026, 11, 20, 10, 16, 30, tzinfo=UTC)
    assert order.cancelled_at == (changed_at if is_cancelled else None)


@pytest.mark.parametrize("status", ["checkout-draft", "auto-draft"])
def test_an_order_that_is_not_placed_is_ignored(status: str) -> None:
    stated = statements(an_order(status=status), [])
    assert (stated.orders, stated.refunds) == ((), ())
    assert stated.whole_refunds_of == ()
    assert "not placed" in stated.ignored


@pytest.mark.parametrize(
    ("address", "click_id"),
    [
        ("https://shop.example.com/?trb=A-1", "A-1"),
        ("https://shop.example.com/?a=b&amp;trb=A-1", "A-1"),
        ("https://shop.example.com/?a=b&#038;trb=A-1", "A-1"),
        ("/oils?trb=A-1#top", "A-1"),
        ("https://shop.example.com/?trb=", ""),
        ("https://shop.example.com/", ""),
        ("https://[::1", ""),
        (["?trb=A-1"], ""),
        (None, ""),
    ],
)
def test_the_click_id_of_the_landing_address(address: Any, click_id: str) -> None:
    meta = [{"key": "_wc_order_attribution_session_entry", "value": address}]
    assert facts(an_order(meta_data=meta)).click_id == click_id


def test_a_list_with_gaps_comes_as_an_object() -> None:
    line = a_line("15.00")
    assert facts(an_order(line_items={"3": line}, fee_lines=[])).total_minor == 1500


def test_what_cannot_be_stored_in_a_name_is_replaced() -> None:
    line = a_line("1.00", name="Oil\x00\ud800" + "x" * 400, sku="s" * 130)
    found = facts(an_order(line_items=[line])).lines[0]
    assert found.product == ("Oil\ufffd\ufffd" + "x" * 400)[:300]
    assert len(found.sku) == 120


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": None}, "no id of an order"),
        ({"id": 0}, "no id of an order"),
        ({"date_created_gmt": None}, "no date_created_gmt"),
        ({"date_created_gmt": "yesterday"}, "not a time"),
        ({"currency": "ZZZ"}, "no known currency"),
        ({"line_items": "none"}, "not a list"),
        ({"line_items": [7]}, "not a JSON object"),
        ({"line_items": [a_line("1,000.00")]}, "total is not a number"),
        ({"line_items": [a_line("1e999")]}, "total is too large"),
        ({"line_items": [a_line("\uff11\uff12")]}, "total is not a number"),
        ({"line_items": [a_line("1.00", quantity=True)]}, "quantity is not a number"),
    ],
)
def test_what_is_not_understood_says_why(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(NotUnderstoodError, match=said):
        statements(an_order(**changes), [])


def test_an_error_in_place_of_an_order() -> None:
    error = {
        "code": "woocommerce_rest_cannot_view",
        "message": "Sorry, you cannot view this resource.",
        "data": {"status": 401},
    }
    with pytest.raises(NotUnderstoodError, match=r"cannot view .* an administrator"):
        statements(error, None)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"id": ' + b"9" * 5_000 + b"}", b"webhook"]
)
def test_a_body_that_is_no_json(body: bytes) -> None:
    with pytest.raises(NotUnderstoodError):
        statements(values.parse(body), None)
