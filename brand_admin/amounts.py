"""Read amounts and rates that staff type: exactly, without floats and without rounding."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from core.money import Money, MoneyError, parse_decimal, plain_percent
from core.text import sentence

# A currency before or after the number: "€12,50", "12.50 EUR".
AROUND_NUMBER = re.compile(
    r"^(?:[A-Z]{3}\s*|[$\u20ac\u00a3\u00a5]\s*)|\s*(?:[A-Z]{3}|[$\u20ac\u00a3\u00a5])$"
)
SPACES = re.compile(r"[\s\u2019']")
GROUPED_BY_SPACES = re.compile(r"-?\d{1,3}(?:[\s\u2019']\d{3})+(?:[.,]\d+)?")
GROUPED = re.compile(r"-?\d{1,3}(?:,\d{3})+\.\d+|-?\d{1,3}(?:\.\d{3})+,\d+")
AMBIGUOUS = re.compile(r"-?[1-9]\d{0,2},\d{3}")


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
    """Return the typed amount; an empty text is zero. Raises ValidationError for anything else."""
    amount = read_decimal(text) if text.strip() else Decimal(0)
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
    could be either, and is refused. Raises ValidationError.
    """
    plain = AROUND_NUMBER.sub("", text.strip())
    if GROUPED_BY_SPACES.fullmatch(plain):
        plain = SPACES.sub("", plain)
    marks = [mark for mark in plain if mark in ".,"]
    if len(set(marks)) == 2 and GROUPED.fullmatch(plain):
        plain = plain.replace(marks[0], "").replace(marks[-1], ".")
    elif AMBIGUOUS.fullmatch(plain):
        whole, decimals = plain.replace(",", ""), plain.replace(",", ".")
        raise ValidationError(f"Write {whole} or {decimals}: {plain} could mean both.")
    elif marks == [","]:
        plain = plain.replace(",", ".")
    try:
        return parse_decimal(plain)
    except MoneyError as error:
        raise ValidationError("Write a number, like 12.5.") from error
