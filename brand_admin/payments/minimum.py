"""Read the least that a payment shall be, as staff write it for a run and under Settings."""

from __future__ import annotations

from django import forms

from core.money import Money, MoneyError

MOST_MINOR = 10**12


def minimum_of(text: str, currency: str) -> Money:
    """The amount; nothing written is no minimum. Raises forms.ValidationError."""
    try:
        amount = Money.parse(text or "0", currency)
    except MoneyError as error:
        raise forms.ValidationError("Enter an amount in digits, such as 50.") from error
    if not 0 <= amount.minor < MOST_MINOR:
        raise forms.ValidationError("Enter an amount of zero or more.")
    return amount
