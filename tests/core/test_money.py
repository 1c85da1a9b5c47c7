"""Money: exact, in one currency, rounded once."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import (
    MixedCurrenciesError,
    Money,
    MoneyError,
    UnknownCurrencyError,
    currencies_in_use,
    exponent,
    parse_decimal,
    round_half_up,
    share,
    to_minor,
)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.50", "GBP", 1250),
        ("12.505", "GBP", 1251),
        ("12.504999", "GBP", 1250),
        ("-0.005", "GBP", -1),
        ("100", "JPY", 100),
        ("100.5", "JPY", 101),
        ("1.2345", "KWD", 1235),
    ],
)
def test_an_amount_enters_rounded_half_up_by_its_currency(
    text: str, currency: str, minor: int
) -> None:
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize("text", ["", "1,5", "1e3", "NaN", "inf", "½", "٣", "--1", "1.2.3", "£5"])
def test_only_plain_decimals_are_amounts(text: str) -> None:
    with pytest.raises(MoneyError):
        parse_decimal(text)


@pytest.mark.parametrize("currency", ["", "gbp", "XXQ", "POUNDS"])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    with pytest.raises(UnknownCurrencyError):
        exponent(currency)


def test_currencies_do_not_mix() -> None:
    with pytest.raises(MixedCurrenciesError):
        Money(1, "GBP") + Money(1, "USD")


@given(st.integers(-(10**15), 10**15), st.sampled_from(["JPY", "USD", "KWD"]))
def test_plain_text_and_back_is_the_same_amount(minor: int, currency: str) -> None:
    money = Money(minor, currency)

    assert Money.parse(money.plain(), currency) == money


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_rounding_is_that_of_decimal(numerator: int, denominator: int) -> None:
    exact = Decimal(numerator) / Decimal(denominator)

    rounded = round_half_up(numerator, denominator)

    assert abs(Decimal(rounded) - exact) <= Decimal("0.5")
    if (exact * 2) == int(exact * 2):
        assert rounded == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(st.integers(0, 10**12), st.integers(0, 10_000))
def test_a_share_lies_between_nothing_and_the_whole(amount: int, rate_bp: int) -> None:
    assert 0 <= share(amount, rate_bp) <= amount


@given(st.decimals(min_value=0, max_value=10**9, places=6))
def test_minor_units_are_never_more_than_half_a_unit_off(amount: Decimal) -> None:
    assert abs(Decimal(to_minor(amount, "USD")) - amount * 100) <= Decimal("0.5")


def test_currencies_in_use_are_known_and_leave_out_the_past() -> None:
    codes = [code for code, _ in currencies_in_use()]

    assert {"GBP", "USD", "JPY", "KWD"} <= set(codes)
    assert "DEM" not in codes
    assert codes == sorted(codes)
    assert all(exponent(code) >= 0 for code in codes)
