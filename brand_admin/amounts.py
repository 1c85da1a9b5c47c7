"""Read amounts and rates that staff type: exactly, without floats and without rounding."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from core.money import Money, MoneyError, exponent, parse_decimal, plain_percent

MAX_TYPED_AMOUNT_MINOR = 10**12  # a longer number is a mistake; a bigint holds far more


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
        basis_points = read_decimal(text.removesuffix("%")) * 100
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
    """Return the typed amount; an empty text is zero. Raises ValidationError for anything else."""
    amount = read_decimal(text) if text.strip() else Decimal(0)
    if amount < 0 or (more_than_zero and not amount):
        least = "must be more than zero" if more_than_zero else "can't be negative"
        raise ValidationError(f"The amount {least}.")
    digits = exponent(currency)
    if int(amount.normalize().as_tuple().exponent) < -digits:
        how_many = "no decimals" if digits == 0 else f"at most {digits} decimals"
        raise ValidationError(f"{currency} has {how_many}.")
    money = Money.parse(f"{amount:f}", currency)
    if money.minor >= MAX_TYPED_AMOUNT_MINOR:
        raise ValidationError("The amount is too large.")
    return money


def read_decimal(text: str) -> Decimal:
    """Return a number that is written in plain digits. Raises ValidationError."""
    try:
        return parse_decimal(text)
    except MoneyError as error:
        raise ValidationError("Write a number, like 12.5.") from error
