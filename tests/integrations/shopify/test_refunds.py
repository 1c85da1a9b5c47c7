"""What refunds of the documented shape take from a sale; worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.shop import NotUnderstoodError
from integrations.shopify import mapping
from integrations.shopify.mapping import order_statements, refund_statements
from tests.integrations.shopify.payloads import (
    adjustment,
    both,
    line,
    order,
    paid_back,
    refund,
    refunded,
    shipping_line,
)
from tests.integrations.shopify.test_mapping import by_webhook, fetched
from tracking.orders.reading import read_refund


def inside(one: dict[str, Any], *lines: dict[str, Any], **more: Any) -> dict[str, Any] | None:
    """The refund as its order states it, None if it takes nothing. It reads the same fetched."""
    payload = order(*lines, refunds=[one], **more)
    stated = order_statements(payload)
    assert fetched(payload).refunds == stated.refunds
    for raw in stated.refunds:
        read_refund(raw)
    return dict(stated.refunds[0]) if stated.refunds else None


def taken(one: dict[str, Any], *lines: dict[str, Any], **more: Any) -> Any:
    """What it takes: parts by line, or an amount of the whole order."""
    stated = inside(one, *lines, **more)
    return stated and (stated.get("lines") or stated["amount"])


def test_a_refund_of_lines_takes_their_subtotals() -> None:
    one = refund(
        refunded(1, subtotal="19.00"),
        refunded(2, quantity=2, subtotal="30.00"),
        transactions=[paid_back("49.00")],
    )

    assert inside(one, line(1), line(2, quantity=2)) == {
        "refund_id": "801",
        "order_id": "6012345678901",
        "refunded_at": "2026-11-28T10:00:00+00:00",
        "currency": "GBP",
        "lines": [{"line_id": "1", "amount": "19.00"}, {"line_id": "2", "amount": "30.00"}],
    }


def test_alone_and_inside_its_order_a_refund_says_the_same() -> None:
    one = refund(refunded(subtotal="20.00", tax="4.00"), transactions=[paid_back("24.00")])

    assert refund_statements(one).refunds == (inside(one, line(taxes=["4.00"])),)
    assert refund_statements(one).whole_refunds_of == ()
    assert order_statements(order(refunds=[one])).whole_refunds_of == ("6012345678901",)


def test_the_money_tells_whether_the_subtotal_holds_the_tax() -> None:
    included = line(price="24.00", taxes=["4.00"])
    with_tax = refund(refunded(subtotal="24.00", tax="4.00"), transactions=[paid_back("24.00")])
    without = refund(refunded(subtotal="20.00", tax="4.00"), transactions=[paid_back("24.00")])

    for one in (with_tax, without):
        assert taken(one, included, taxes_included=True) == [{"line_id": "1", "amount": "20.00"}]
        assert refund_statements(one).refunds[0]["lines"] == [{"line_id": "1", "amount": "20.00"}]


def test_a_cent_of_rounding_is_no_disagreement() -> None:
    one = refund(refunded(subtotal="20.00", tax="4.00"), transactions=[paid_back("24.01")])

    assert taken(one, line()) == [{"line_id": "1", "amount": "20.00"}]


@pytest.mark.parametrize(
    "transactions",
    [[], [paid_back("7.77")], [paid_back("24.00", status="failure")],
     [paid_back("24.00", kind="capture")]],
)  # fmt: skip
def test_where_no_reading_agrees_the_quantity_counts(transactions: list[dict[str, Any]]) -> None:
    one = refund(refunded(quantity=2, subtotal="24.00", tax="4.00"), transactions=transactions)

    assert taken(one, line(quantity=3)) == [{"line_id": "1", "quantity": "2"}]


def test_without_tax_both_readings_agree() -> None:
    one = refund(refunded(subtotal="20.00"), transactions=[])

    assert taken(one) == [{"line_id": "1", "amount": "20.00"}]


def test_money_in_the_shoppers_currency_is_not_compared() -> None:
    foreign = {**paid_back("27.50", currency="EUR")}
    del foreign["amount_set"]
    one = refund(refunded(subtotal="20.00", tax="4.00"), transactions=[foreign])

    stated = refund_statements(one).refunds[0]

    assert (stated["currency"], stated["lines"]) == ("GBP", [{"line_id": "1", "quantity": "1"}])


@pytest.mark.parametrize(
    "shipping",
    [
        {"order_adjustments": [adjustment("-5.00", "shipping_refund", "-1.00")]},
        {"refund_shipping_lines": [shipping_line("5.00", "1.00")]},
    ],
)
def test_shipping_never_lowers_the_sale(shipping: dict[str, Any]) -> None:
    with_lines = refund(
        refunded(subtotal="20.00", tax="4.00"), transactions=[paid_back("30.00")], **shipping
    )
    alone = refund(transactions=[paid_back("6.00")], **shipping)

    assert refund_statements(with_lines).refunds[0]["lines"] == [
        {"line_id": "1", "amount": "20.00"}
    ]
    assert order_statements(order(refunds=[alone])).refunds == ()
    assert refund_statements(alone).ignored == mapping.NO_EFFECT


def test_a_discrepancy_without_lines_lowers_the_sale_in_proportion() -> None:
    one = refund(order_adjustments=[adjustment("-12.00")], transactions=[paid_back("12.00")])

    # 100.00 and 20.00 of tax: of 12.00, 10.00 are the sale's.
    assert taken(one, line(price="100.00", taxes=["20.00"])) == "10.00"
    included = line(price="120.00", taxes=["20.00"])
    assert taken(one, included, taxes_included=True) == "10.00"
    assert taken(one, line(price="100.00")) == "12.00"


@pytest.mark.parametrize(
    "one",
    [
        refund(transactions=[paid_back("12.00")]),
        refund(refunded(subtotal="0.00", quantity=0), transactions=[paid_back("12.00")]),
        refund(
            refunded(subtotal="0.00", tax="0.40"),
            transactions=[paid_back("12.40")],
            order_adjustments=[adjustment("-12.00")],
        ),
        refund(transactions=[paid_back("17.00")], refund_shipping_lines=[shipping_line("5.00")]),
        refund(transactions=[], order_adjustments=[adjustment("-12.00")]),
    ],
)
def test_money_back_for_no_lines_or_lines_worth_nothing(one: dict[str, Any]) -> None:
    assert taken(one, line(price="50.00"), line(2, price="50.00")) == "12.00"
    alone = refund_statements(one)
    assert (alone.refunds, alone.ignored) == ((), mapping.ANOTHER_WAY)


def test_it_is_never_more_than_the_sale() -> None:
    one = refund(transactions=[paid_back("500.00")])

    assert taken(one, line(price="20.00")) == "20.00"
    assert taken(one, line(price="0.00")) is None


def test_lines_count_although_less_was_paid_back() -> None:
    one = refund(
        refunded(subtotal="20.00"),
        order_adjustments=[adjustment("5.00")],
        transactions=[paid_back("15.00")],
    )

    assert taken(one) == [{"line_id": "1", "amount": "20.00"}]


def test_a_removed_line_is_taken_once_though_its_money_comes_later() -> None:
    """Editing an order makes a refund without money; paying it back makes one without lines."""
    waits = {**adjustment("20.00"), "reason": "Pending refund discrepancy"}
    pays = {**adjustment("-20.00"), "reason": "Pending refund discrepancy"}
    first = refund(refunded(subtotal="20.00"), order_adjustments=[waits])
    second = refund(order_adjustments=[pays], transactions=[paid_back("20.00")], id=802)
    edited = order(line(1, current_quantity=0), line(2), refunds=[first, second])

    stated = order_statements(edited)

    assert [one["refund_id"] for one in stated.refunds] == ["801"]
    assert stated.refunds[0]["lines"] == [{"line_id": "1", "amount": "20.00"}]
    assert stated.orders[0]["lines"][0]["quantity"] == "1"
    assert fetched(edited) == by_webhook(edited)


def test_a_refund_of_nothing_is_left_out_and_the_list_stays_whole() -> None:
    stated = order_statements(order(refunds=[refund()]))

    assert (stated.refunds, stated.whole_refunds_of) == ((), ("6012345678901",))


def test_a_refund_alone_that_names_no_currency_waits_for_its_order() -> None:
    one = refund({"line_item_id": 1, "quantity": 1, "subtotal": "20.00"})

    assert refund_statements(one).ignored == mapping.NO_CURRENCY


def test_a_refund_of_an_old_version_takes_the_currency_of_its_transaction() -> None:
    money = {"kind": "refund", "status": "success", "amount": "23.98", "currency": "USD"}
    old = {
        "id": "509562969",
        "order_id": "450789469",
        "created_at": "2019-01-14T10:34:55-05:00",
        "refund_line_items": [
            {"line_item_id": "703073504", "quantity": "1", "subtotal": "20.0",
             "total_tax": "3.98"},
        ],
        "transactions": [money],
    }  # fmt: skip

    stated = refund_statements(old).refunds[0]

    assert (stated["currency"], stated["refund_id"]) == ("USD", "509562969")
    assert stated["lines"] == [{"line_id": "703073504", "amount": "20.00"}]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"id": None}, "The refund has no `id`."),
        ({"order_id": None}, "The refund has no `order_id`."),
        ({"created_at": None, "processed_at": None}, "does not say when it was made"),
        ({"refund_line_items": [refunded(subtotal="-1")]}, "has a negative `subtotal`"),
        ({"refund_line_items": "x"}, "`refund_line_items` that is not a list of objects"),
        ({"order_adjustments": [{"amount_set": both("1.00"), "tax_amount": []}]}, "not a number"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NotUnderstoodError) as caught:
        refund_statements(refund(**{"refund_line_items": [refunded()], **changes}))

    assert sentence in str(caught.value)
