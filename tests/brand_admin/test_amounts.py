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
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_write_them(typed: str, minor: int) -> None:
    assert read_amount(typed, "EUR").minor == minor


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("1,234", "Write 1234 or 1.234: 1,234 could mean both."),
        ("1.234", "EUR has at most 2 decimals."),
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


def test_a_rate_may_have_a_comma_and_a_sign() -> None:
    assert [PercentField().clean(text) for text in ("12,5", "12.5 %", "12,5%")] == [1_250] * 3
