"""Read amounts and rates that staff type: exactly, without floats and without rounding."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import Any

from babel.numbers import get_currency_symbol
from django import forms
from django.core.exceptions import ValidationError

from core.money import Money, MoneyError, exponent, parse_decimal, plain_percent
from core.text import sentence

# What stands before or after a number: letters and signs, but no digit and no mark of a number.
SIGNS = r"[^\d\s.,'\u2019-]*"
AROUND_NUMBER = re.compile(rf"({SIGNS})\s*(.*?)\s*({SIGNS})", re.DOTALL)
SPACES = re.compile(r"[\s\u2019']")
GROUPED_BY_SPACES = re.compile(r"-?\d{1,3}(?:[\s\u2019']\d{3})+(?:[.,]\d+)?")
GROUPED = re.compile(r"-?\d{1,3}(?:,\d{3})+\.\d+|-?\d{1,3}(?:\.\d{3})+,\d+")
GROUPED_TWICE = re.compile(r"-?\d{1,3}(?:(?:,\d{3}){2,}|(?:\.\d{3}){2,})")
AMBIGUOUS = re.compile(r"-?[1-9]\d{0,2}[.,]\d{3}")
DIGITS_OF_A_GROUP = 3


class AmountField(forms.CharField):
    """An amount as text. `read_amount` parses it once the form knows the currency."""

    def __init__(self, **kwargs: Any) -> None:
        digits = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(max_length=20, widget=forms.TextInput(attrs=digits), **kwargs)


class PercentField(forms.CharField):
    """A percentage with at most two decimals, as basis points. Empty is None."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        basis_points = read_decimal(text.removesuffix("%").rstrip()) * 100
        if basis_points != int(basis_points):
            raise ValidationError("Use at most two decimals.")
        if not 0 <= basis_points <= 10_000:
            raise ValidationError("The rate must be between 0% and 100%.")
        return int(basis_points)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            return plain_percent(value) if value else ""
        return value


def read_amount(text: str, currency: str, *, more_than_zero: bool = False) -> Money:
    """Return the typed amount; an empty text is zero. Raises ValidationError for anything else.

    Only this currency may stand before or after the number: its code, or its symbol.
    """
    amount = _read_in(_without_currency(text, currency), currency) if text.strip() else Decimal(0)
    if amount < 0 or (more_than_zero and not amount):
        least = "must be more than zero" if more_than_zero else "can't be negative"
        raise ValidationError(f"The amount {least}.")
    try:
        return Money.exact(f"{amount:f}", currency)
    except MoneyError as error:
        raise ValidationError(sentence(error)) from error


def read_decimal(text: str) -> Decimal:
    """Return a number as people write it: 12.5, 12,5, 1,234.50, 1.234,50, 1 234,50, with a sign.

    With both marks, the last one begins the decimals. A single mark begins them too, but "1,234"
    could be either, and is refused. A mark that stands twice is for thousands. Raises
    ValidationError.
    """
    plain = text.strip()
    if AMBIGUOUS.fullmatch(plain) and "," in plain:
        whole, decimals = plain.replace(",", ""), plain.replace(",", ".")
        raise ValidationError(f"Write {whole} or {decimals}: {plain} could mean both.")
    if GROUPED_BY_SPACES.fullmatch(plain):
        plain = SPACES.sub("", plain)
    marks = [mark for mark in plain if mark in ".,"]
    if len(set(marks)) == 2 and GROUPED.fullmatch(plain):
        plain = plain.replace(marks[0], "").replace(marks[-1], ".")
    elif GROUPED_TWICE.fullmatch(plain):
        plain = plain.replace(marks[0], "")
    elif marks == [","]:
        plain = plain.replace(",", ".")
    try:
        return parse_decimal(plain)
    except MoneyError as error:
        raise ValidationError("Write a number, like 12.5.") from error


def _read_in(plain: str, currency: str) -> Decimal:
    """Read the number of an amount. How many decimals a currency has says what a mark may mean."""
    digits = exponent(currency)
    if AMBIGUOUS.fullmatch(plain) and digits < DIGITS_OF_A_GROUP:
        raise ValidationError(_which_of_two(plain, currency))
    amount = read_decimal(plain)
    has_mark = "." in plain or "," in plain
    if not digits and has_mark and not GROUPED_TWICE.fullmatch(plain):
        raise ValidationError(f"{currency} has no decimals. Write a whole number, like 1250.")
    return amount


def _which_of_two(plain: str, currency: str) -> str:
    """Say what to type instead of a number such as 25.000, which may be 25 thousand or 25."""
    whole, decimals = re.sub("[.,]", "", plain), plain.replace(",", ".")
    try:
        also = Money.exact(decimals, currency).plain()
    except MoneyError as error:
        return f"If you mean {whole}, write it without a mark: {error}."
    return f"Write {whole} or {also}: {plain} could mean both."


def _without_currency(text: str, currency: str) -> str:
    """Return the number without the field's currency. Raises ValidationError for another one."""
    parts = AROUND_NUMBER.fullmatch(text.strip())
    before, plain, after = parts.groups() if parts else ("", text.strip(), "")
    for sign in (before, after):
        if plain and sign and sign.upper() not in _signs_of(currency):
            like = Money(1_250, currency).plain()
            raise ValidationError(
                f"Write the amount in {currency}, as a number without {sign}, like {like}."
            )
    return plain or before


@cache
def _signs_of(currency: str) -> frozenset[str]:
    """The code of a currency and its symbols: JPY, JP\u00a5 and \u00a5."""
    symbols = {get_currency_symbol(currency, locale=locale) for locale in ("en", "en_GB")}
    short = {symbol[-1] for symbol in symbols if not symbol[-1].isalpha()}
    return frozenset(sign.upper() for sign in {currency, *symbols, *short})
