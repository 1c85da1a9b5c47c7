"""Refunds of WooCommerce as statements. The figures are worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from integrations.shop import NotUnderstoodError
from integrations.woocommerce.mapping import statements
from tests.integrations.woocommerce.orders import a_line, a_refund, an_order, fixture, refunded
from tracking.orders.reading import read_refund


def stated(order: dict[str, Any], *refunds: dict[str, Any]) -> list[tuple[str, Any]]:
    """Each refund's id, and its amount or those of its lines, in minor units."""
    found = [read_refund(one) for one in statements(order, refunds).refunds]
    assert all(one.order_external_id == str(order["id"]) for one in found)
    return [
        (
            one.external_id,
            {part.line_id: part.amount_minor for part in one.parts} or one.amount_minor,
        )
        for one in found
    ]


def simple_order(**changes: Any) -> dict[str, Any]:
    """Two lines of 10.00 and 30.00 with 20% tax, and shipping of 6.00: 54.00 paid."""
    lines = [
        a_line("10.00", id=1, total_tax="2.00", product_id=5),
        a_line("30.00", id=2, total_tax="6.00", product_id=6),
    ]
    return an_order(**{"line_items": lines, "fee_lines": [], "total": "54.00", **changes})


def test_refunds_of_the_documented_shape() -> None:
    """730 is shipping alone; 731 one of two oils, 22.50 net; 732 is an amount of 11.04.

    Of the 87.00 that were paid, 4.80 and 27.00 are back: 55.20 are left. Of the sale of 68.50 with
    the fee, 46.00 are left. So 11.04 take 11.04 * 46.00 / 55.20 = 9.20.
    """
    found = statements(fixture("order"), fixture("refunds"))
    assert found.whole_refunds_of == ("723",)
    facts = [read_refund(one) for one in found.refunds]
    assert [(one.external_id, one.asked_minor) for one in facts] == [("731", 2250), ("732", 920)]
    part = facts[0].parts[0]
    assert (part.line_id, part.quantity, part.amount_minor) == ("311", Decimal(1), 2250)
    assert facts[1].parts == ()


def test_once_all_is_paid_back_nothing_of_the_sale_is_left() -> None:
    """After 9.20 of 46.00, the other 44.16 take the other 36.80, shipping or not."""
    last = a_refund("44.16", id=733)
    found = stated(fixture("order"), *fixture("refunds"), last)
    assert found == [("731", {"311": 2250}), ("732", 920), ("733", 3680)]


def test_no_refunds_undo_those_that_were_recorded() -> None:
    found = statements(simple_order(), [])
    assert (found.refunds, found.whole_refunds_of) == ((), ("723",))


def test_without_the_list_nothing_is_said_of_refunds() -> None:
    found = statements(simple_order(refunds=[{"id": 1, "total": "-5.00"}]), None)
    assert (found.refunds, found.whole_refunds_of) == ((), ())


def test_the_whole_order_at_once() -> None:
    shipping = {"id": 3, "total": "-5.00", "total_tax": "-1.00"}
    items = [refunded(1, "-10.00", "-2.00"), refunded(2, "-30.00", "-6.00")]
    refund = a_refund("54.00", line_items=items, shipping_lines=[shipping])
    assert stated(simple_order(), refund) == [("800", {"1": 1000, "2": 3000})]


def test_a_status_of_refunded_makes_a_refund_without_lines() -> None:
    assert stated(simple_order(status="refunded"), a_refund("54.00")) == [("800", 4000)]


def test_an_amount_lowers_the_sale_in_proportion_to_all_that_was_paid() -> None:
    """27.00 are half of 54.00, so half of the sale of 40.00."""
    assert stated(simple_order(), a_refund("27.00")) == [("800", 2000)]


@pytest.mark.parametrize(
    "refund",
    [
        a_refund("6.00", shipping_lines=[{"total": "-5.00", "total_tax": "-1.00"}]),
        a_refund("2.00", line_items=[refunded(1, "0.00", "-2.00", 0)]),  # the tax of a line
        a_refund("0.00"),
        a_refund("0.00", line_items=[refunded(1, "0.00")]),  # taken back into stock
    ],
)
def test_what_lowers_no_sale_is_left_out(refund: dict[str, Any]) -> None:
    """A refund without lines and without an amount would be one of the whole order."""
    assert stated(simple_order(), refund) == []


def test_money_beyond_the_lines_is_a_second_statement() -> None:
    """12.00 of 21.00 are line 1; then 42.00 are left of what was paid, and 30.00 of the sale.

    9.00 * 30.00 / 42.00 = 6.43
    """
    refund = a_refund("21.00", line_items=[refunded(1, "-10.00", "-2.00")])
    assert stated(simple_order(), refund) == [("800", {"1": 1000}), ("800-rest", 643)]


def test_a_cent_of_rounding_is_no_refund() -> None:
    refund = a_refund("12.01", line_items=[refunded(1, "-10.00", "-2.00")])
    assert stated(simple_order(), refund) == [("800", {"1": 1000})]


def test_less_money_than_the_lines_say_takes_what_the_lines_say() -> None:
    refund = a_refund("5.00", line_items=[refunded(1, "-10.00", "-2.00")])
    assert stated(simple_order(), refund) == [("800", {"1": 1000})]


def test_an_older_version_lists_products_alone() -> None:
    """The 6.00 that are missing there are shipping: they lower no sale."""
    refund = a_refund("18.00", line_items=[refunded(1, "-10.00", "-2.00")])
    for name in ("shipping_lines", "fee_lines", "tax_lines"):
        del refund[name]
    assert stated(simple_order(), refund) == [("800", {"1": 1000})]


def test_a_line_is_found_by_its_product_without_the_mark() -> None:
    item = {"id": 9, "product_id": 6, "quantity": -1, "total": "-30.00", "total_tax": "-6.00"}
    assert stated(simple_order(), a_refund("36.00", line_items=[item])) == [("800", {"2": 3000})]


def test_money_of_an_item_that_names_no_line_lowers_the_sale_in_proportion() -> None:
    item = {"id": 9, "quantity": -1, "total": "-22.50", "total_tax": "-4.50"}
    assert stated(simple_order(), a_refund("27.00", line_items=[item])) == [("800", 2000)]


def test_a_fee_is_given_back_on_its_own_line() -> None:
    order = simple_order(
        fee_lines=[{"id": 4, "name": "Wrap", "total": "5.00", "total_tax": "1.00"}], total="60.00"
    )
    refund = a_refund("6.00", fee_lines=[refunded(4, "-5.00", "-1.00")])
    assert stated(order, refund) == [("800", {"4": 500})]


def test_a_negative_fee_that_is_taken_back_lowers_no_line() -> None:
    """A voucher of 9.00 paid a part: 45.00 were paid, and line 1 comes back less 2.00 of it."""
    order = simple_order(fee_lines=[{"id": 4, "total": "-9.00", "total_tax": "0"}], total="45.00")
    refund = a_refund(
        "10.00", line_items=[refunded(1, "-10.00", "-2.00")], fee_lines=[refunded(4, "2.00")]
    )
    assert stated(order, refund) == [("800", {"1": 1000})]


def test_refunds_are_gone_through_in_their_sequence() -> None:
    """First 6.00 of shipping (48.00 left), then an amount of 24.00: half of the sale."""
    shipping = a_refund(
        "6.00", id=801, date_created_gmt="2026-11-24T09:00:00",
        shipping_lines=[{"total": "-5.00", "total_tax": "-1.00"}],
    )  # fmt: skip
    amount = a_refund("24.00", id=800, date_created_gmt="2026-11-25T09:00:00")
    expected = [("800", 2000)]
    assert stated(simple_order(), amount, shipping) == expected
    assert stated(simple_order(), shipping, amount) == expected


def test_a_currency_without_decimals() -> None:
    order = simple_order(currency="JPY", total="54")
    assert stated(order, a_refund("27")) == [("800", 20)]


def test_an_order_that_was_paid_by_voucher_alone() -> None:
    assert stated(simple_order(total="0.00"), a_refund("1.00")) == [("800", 4000)]


@pytest.mark.parametrize(
    "changes", [{"id": None}, {"date_created_gmt": ""}, {"amount": "x"}, {"line_items": [1]}]
)
def test_a_refund_that_is_not_understood(changes: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstoodError):
        statements(simple_order(), [{**a_refund("1.00"), **changes}])
