"""Forms for payments: recording, marking as returned, and adjustments."""

from __future__ import annotations

from typing import Any

from django import forms

from brand_admin.amounts import AmountField, read_amount
from brand_admin.forms import DayFilters
from core.form_fields import OneLineField
from core.money import Money, UnknownCurrencyError, exponent
from payouts.models import PayoutState


class DueQueryForm(forms.Form):
    """The member and the currency in the address of Send payment."""

    member = forms.IntegerField()
    currency = forms.CharField(max_length=3)

    def clean_currency(self) -> str:
        currency = str(self.cleaned_data["currency"])
        try:
            exponent(currency)
        except UnknownCurrencyError as error:
            raise forms.ValidationError("That is not a currency.") from error
        return currency


class RecordPaymentForm(forms.Form):
    """The entries that the page showed, and the bank's reference."""

    entries = forms.CharField(widget=forms.HiddenInput)
    reference = OneLineField(
        required=False,
        max_length=120,
        help_text="What your bank or PayPal calls it. The member sees it.",
    )

    def clean_entries(self) -> list[int]:
        try:
            return [int(part) for part in str(self.cleaned_data["entries"]).split(",")]
        except ValueError as error:
            raise forms.ValidationError("Open the payment again from the list.") from error


OF_PAYMENTS = [choice for choice in PayoutState.choices if choice[0] != PayoutState.DRAFT]


class PaymentFilters(DayFilters):
    """Which payments to list. Without a filter, all of them."""

    state = forms.ChoiceField(required=False, choices=[("", "All"), *OF_PAYMENTS])
    member = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def chosen(self) -> dict[str, Any]:
        """Return keyword arguments for `payouts.selectors.payouts`; ignore invalid values."""
        self.is_valid()
        return {
            "state": self.cleaned_data.get("state") or "",
            "member_id": self.cleaned_data.get("member"),
            **self.days(),
        }


class ReturnPaymentForm(forms.Form):
    """Whether a payment failed or was cancelled, and why."""

    state = forms.ChoiceField(
        label="What happened",
        choices=[
            (PayoutState.FAILED, "It failed: the money came back"),
            (PayoutState.CANCELLED, "It was cancelled: no money was sent"),
        ],
        widget=forms.RadioSelect,
        initial=PayoutState.FAILED,
    )
    reason = OneLineField(max_length=300, help_text="The member sees it.")


class WriteOffForm(forms.Form):
    """Why a debt is written off, and the debt that the page showed, in minor units."""

    note = OneLineField(label="Reason", max_length=300, help_text="The member sees it.")
    debt = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    confirmation = forms.UUIDField(widget=forms.HiddenInput)


class AdjustmentForm(forms.Form):
    """A bonus or a correction in the currency of the offer."""

    kind = forms.ChoiceField(
        choices=[("bonus", "Bonus: add to what is due"), ("correction", "Correction: take off")],
        widget=forms.RadioSelect,
        initial="bonus",
    )
    amount = AmountField()
    note = OneLineField(label="Reason", max_length=300, help_text="The member sees it.")
    confirmation = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean_amount(self) -> Money:
        return read_amount(self.cleaned_data["amount"], self.currency, more_than_zero=True)

    @property
    def amount_minor(self) -> int:
        """Return the amount with its sign: a correction is negative."""
        minor = int(self.cleaned_data["amount"].minor)
        return minor if self.cleaned_data["kind"] == "bonus" else -minor
