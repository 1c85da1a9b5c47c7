"""Decimal commas and thousands: read where the whole column says so unmistakably."""

from __future__ import annotations

import pytest

from tests.cast import NOW, SYSTEM
from tracking.importing.csv_rows import ImportReport
from tracking.importing.entries import ORDER_COLUMNS
from tracking.importing.number_styles import NumberStyle, add_votes, decided, plain_number
from tracking.importing.orders import import_orders
from tracking.importing.tables import Table
from tracking.models import Order

pytestmark = pytest.mark.usefixtures("at_juniper")
HEADER = "order_id;ordered_at;currency;customer_id;discount_code;sku;product;quantity;unit_price"


def style_of(*values: str) -> NumberStyle:
    votes: dict[str, set[NumberStyle]] = {"price": set()}
    for value in values:
        add_votes(votes, {"price": value})
    return decided(votes)["price"]


@pytest.mark.parametrize(
    ("values", "style"),
    [
        (["12,50"], NumberStyle.COMMA),
        (["0,125"], NumberStyle.COMMA),
        (["1.234,50"], NumberStyle.COMMA),
        (["1.234.567"], NumberStyle.COMMA),
        (["1234,567"], NumberStyle.COMMA),
        (["1 234,50"], NumberStyle.COMMA),
        (["12.50"], NumberStyle.POINT),
        (["1,234.50"], NumberStyle.POINT),
        (["1,234,567"], NumberStyle.POINT),
        (["0.30000000000000004"], NumberStyle.POINT),
        (["1'234.50"], NumberStyle.POINT),
        (["1,234"], NumberStyle.UNSAID),
        (["1.234", "12"], NumberStyle.UNSAID),
        (["twelve", ""], NumberStyle.UNSAID),
        (["12,50", "12.50"], NumberStyle.BOTH),
        (["12.50", "12,50"], NumberStyle.BOTH),
    ],
)
def test_a_column_says_how_it_is_written(values: list[str], style: NumberStyle) -> None:
    assert style_of(*values) is style


@pytest.mark.parametrize(
    ("value", "style", "plain"),
    [
        ("1.234,50", NumberStyle.COMMA, "1234.50"),
        ("1.234", NumberStyle.COMMA, "1234"),
        ("1,234", NumberStyle.COMMA, "1.234"),
        ("12", NumberStyle.COMMA, "12"),
        ("-12,5", NumberStyle.COMMA, "-12.5"),
        ("1\u202f234,50", NumberStyle.COMMA, "1234.50"),
        ("1,234.50", NumberStyle.POINT, "1234.50"),
        ("1,234", NumberStyle.POINT, "1234"),
        ("1.234", NumberStyle.POINT, "1.234"),
        ("1’234.50", NumberStyle.POINT, "1234.50"),  # noqa: RUF001
        ("1.234", NumberStyle.POINT_BESIDE, "1.234"),
        ("1.234\u2007", NumberStyle.UNSAID, "1.234"),  # a spreadsheet's own number
        ("1.234\u2007", NumberStyle.BOTH, "1.234"),
        (" 7 ", NumberStyle.UNSAID, "7"),
        ("five", NumberStyle.COMMA, "five"),
        ("12.50", NumberStyle.BOTH, "12.50"),
    ],
)
def test_a_number_is_read_as_its_column_says(value: str, style: NumberStyle, plain: str) -> None:
    assert plain_number(value, style) == plain


@pytest.mark.parametrize(
    ("value", "style"),
    [
        ("1,234", NumberStyle.UNSAID),
        ("1.234", NumberStyle.UNSAID),
        ("1,234", NumberStyle.POINT_BESIDE),
        ("12,50", NumberStyle.BOTH),
        ("1.234", NumberStyle.BOTH),
    ],
)
def test_a_number_with_two_meanings_is_refused(value: str, style: NumberStyle) -> None:
    with pytest.raises(ValueError, match=value):
        plain_number(value, style)


def orders(*prices: str, quantity: str = "1", currency: str = "GBP") -> ImportReport:
    rows = [
        f"{number};2026-11-18T09:50:26Z;{currency};;MARA15;GLOW;Glow oil;{quantity};{price}"
        for number, price in enumerate(prices)
    ]
    table = Table.of_lines([f"{line}\r\n" for line in (HEADER, *rows)], ORDER_COLUMNS)
    return import_orders(table, source="shop", by=SYSTEM, now=NOW, counted=lambda _: None)


def totals() -> list[int]:
    return list(Order.objects.order_by("pk").values_list("total_minor", flat=True))


def test_orders_with_decimal_commas_come_in_to_the_penny() -> None:
    report = orders("12,50", "1.234,50", "1.000", "3", quantity="1,5")

    assert report.errors == []
    assert totals() == [1875, 185175, 150000, 450]


def test_a_file_that_can_be_read_in_two_ways_is_not_guessed_at() -> None:
    report = orders("1,234", "5")

    [error] = report.errors
    assert str(error) == (
        "line 2: unit_price: 1,234: the comma may stand for thousands or for decimals; write it"
        " with a point or without"
    )
    assert totals() == [500]


def test_a_column_that_mixes_both_takes_neither() -> None:
    report = orders("12,50", "12.50", "1.234")

    assert [error.line for error in report.errors] == [2, 4]
    assert totals() == [1250]


def test_a_point_that_can_be_read_in_two_ways_is_not_guessed_at_either() -> None:
    """£1,234.00 used to come in as £1.23."""
    report = orders("1.234", "2.500", "5")

    said = "the point may stand for thousands or for decimals; write it as"
    assert [str(error) for error in report.errors] == [
        f"line 2: unit_price: 1.234: {said} 1.2340 or as 1234",
        f"line 3: unit_price: 2.500: {said} 2.5000 or as 2500",
    ]
    assert totals() == [500]


@pytest.mark.parametrize(
    ("prices", "minor"),
    [
        (["1.234", "2.50"], [123, 250]),
        (["1.234", "0.995"], [123, 100]),
        (["1.234", "2,50"], [123400, 250]),
        (["1.234", "1,234.50"], [123, 123450]),
    ],
)
def test_another_number_of_the_column_says_what_a_point_is(
    prices: list[str], minor: list[int]
) -> None:
    assert orders(*prices).errors == []
    assert totals() == minor


def test_another_column_with_decimal_points_says_what_a_point_is() -> None:
    """Tills write quantities as 1.000, and their prices with two decimals."""
    report = orders("12.50", "3.00", quantity="2.000")

    assert report.errors == []
    assert totals() == [2500, 600]


def test_another_column_with_decimal_points_does_not_say_what_a_comma_is() -> None:
    report = orders("12.50", quantity="2,000")

    assert [(error.line, error.field) for error in report.errors] == [(2, "quantity")]


def test_a_currency_with_three_decimals_says_what_a_point_is() -> None:
    report = orders("12.500", "3.750", currency="kwd")

    assert report.errors == []
    assert totals() == [12500, 3750]


def test_a_currency_says_nothing_of_quantities() -> None:
    report = orders("12", quantity="2.000", currency="KWD")

    assert [(error.line, error.field) for error in report.errors] == [(2, "quantity")]
