"""Numbers as people type them."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from brand_admin.amounts import PercentField, read_amount


@pytest.mark.parametrize(
    ("typed", "minor"),
    [
        ("12.5", 1_250), ("12,5", 1_250), ("12,50", 1_250), ("1,234.50", 123_450),
        ("1.234,50", 123_450), ("1 234,50", 123_450), ("1\u202f234\u202f567", 123_456_700),
        ("1'234.50", 123_450), ("1,234,567.8", 123_456_780), ("1234", 123_400),
        ("\u20ac12,50", 1_250), ("12.50 EUR", 1_250), ("EUR 12", 1_200), ("0,05", 5), (".5", 50),
        ("12 eur", 1_200), ("1,234,567", 123_456_700), ("1.234.567", 123_456_700), ("0.100", 10),
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_write_them(typed: str, minor: int) -> None:
    assert read_amount(typed, "EUR").minor == minor


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("1,234", "If you mean 1234, write it without a mark: EUR has at most 2 decimals."),
        ("1.234", "If you mean 1234, write it without a mark: EUR has at most 2 decimals."),
        ("25.000", "Write 25000 or 25.00: 25.000 could mean both."),
        ("25,000 \u20ac", "Write 25000 or 25.00: 25,000 could mean both."),
        ("1.2345", "EUR has at most 2 decimals."),
        ("1,2,3", "Write a number, like 12.5."),
        ("1.2.3", "Write a number, like 12.5."),
        ("12,5,", "Write a number, like 12.5."),
        ("1 2", "Write a number, like 12.5."),
        ("-5", "The amount can't be negative."),
    ],
)
def test_what_could_mean_two_numbers_is_refused(typed: str, said: str) -> None:
    with pytest.raises(ValidationError) as error:
        read_amount(typed, "EUR")
    assert error.value.messages == [said]


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("\u00a35", "GBP", 500), ("GBP5", "GBP", 500), ("$5", "USD", 500), ("US$ 5", "USD", 500),
        ("CA$5", "CAD", 500), ("\u00a5500", "JPY", 500), ("JP\u00a51,234,567", "JPY", 1_234_567),
        ("1 234", "JPY", 1_234), ("1.234", "KWD", 1_234), ("10.000 KWD", "KWD", 10_000),
    ],
)  # fmt: skip
def test_an_amount_may_name_its_own_currency(typed: str, currency: str, minor: int) -> None:
    assert read_amount(typed, currency).minor == minor


OTHER = "Write the amount in {}, as a number without {}, like {}."
NO_DECIMALS = "JPY has no decimals. Write a whole number, like 1250."


@pytest.mark.parametrize(
    ("typed", "currency", "said"),
    [
        ("$5", "GBP", OTHER.format("GBP", "$", "12.50")),
        ("5 USD", "GBP", OTHER.format("GBP", "USD", "12.50")),
        ("\u20ac5", "GBP", OTHER.format("GBP", "\u20ac", "12.50")),
        ("ABC 7", "GBP", OTHER.format("GBP", "ABC", "12.50")),
        ("100 kr", "GBP", OTHER.format("GBP", "kr", "12.50")),
        ("US$5", "CAD", OTHER.format("CAD", "US$", "12.50")),
        ("$5", "JPY", OTHER.format("JPY", "$", "1250")),
        ("10.000", "JPY", "Write 10000 or 10: 10.000 could mean both."),
        ("10,000", "JPY", "Write 10000 or 10: 10,000 could mean both."),
        ("10,00", "JPY", NO_DECIMALS),
        ("10.0", "JPY", NO_DECIMALS),
        ("1,000.00", "JPY", NO_DECIMALS),
        ("1 000,00", "JPY", NO_DECIMALS),
        ("1,234", "KWD", "Write 1234 or 1.234: 1,234 could mean both."),
    ],
)
def test_another_currency_and_the_marks_of_another_one_are_refused(
    typed: str, currency: str, said: str
) -> None:
    with pytest.raises(ValidationError) as error:
        read_amount(typed, currency)
    assert error.value.messages == [said]


def test_a_rate_may_have_a_comma_and_a_sign() -> None:
    assert [PercentField().clean(text) for text in ("12,5", "12.5 %", "12,5%")] == [1_250] * 3
