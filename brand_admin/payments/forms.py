"""What is posted about payments: exactly which entries, a reference, a reason, an amount."""

from __future__ import annotations

from typing import Any

from django import forms

from brand_admin.amounts import AmountField, read_amount
from brand_admin.forms import DayFilters
from core.money import Money, UnknownCurrencyError, exponent
from payouts.models import PayoutState


class DueQueryForm(forms.Form):
    """Whom to pay, in which currency: what the address of Send payment names."""

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
    """The entries that were shown, and the bank's word for the payment."""

    entries = forms.CharField(widget=forms.HiddenInput)
    reference = forms.CharField(
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
    """Which payments to list; all of them unless the address says otherwise."""

    state = forms.ChoiceField(required=False, choices=[("", "All"), *OF_PAYMENTS])
    member = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def chosen(self) -> dict[str, Any]:
        """Keyword arguments for `payouts.selectors.payouts`; nonsense is ignored."""
        self.is_valid()
        return {
            "state": self.cleaned_data.get("state") or "",
            "member_id": self.cleaned_data.get("member"),
            **self.days(),
        }


class ReturnPaymentForm(forms.Form):
    """What became of a payment that came to nothing, and why."""

    state = forms.ChoiceField(
        label="What happened",
        choices=[
            (PayoutState.FAILED, "It failed: the money came back"),
            (PayoutState.CANCELLED, "It was cancelled: no money was sent"),
        ],
        widget=forms.RadioSelect,
        initial=PayoutState.FAILED,
    )
    reason = forms.CharField(max_length=300, help_text="The member sees it.")


class AdjustmentForm(forms.Form):
    """A bonus or a correction in the currency of the offer."""

    kind = forms.ChoiceField(
        choices=[("bonus", "Bonus: add to what is due"), ("correction", "Correction: take off")],
        widget=forms.RadioSelect,
        initial="bonus",
    )
    amount = AmountField()
    note = forms.CharField(label="Reason", max_length=300, help_text="The member sees it.")
    confirmation = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean_amount(self) -> Money:
        return read_amount(self.cleaned_data["amount"], self.currency, more_than_zero=True)

    @property
    def amount_minor(self) -> int:
        """With its sign: a correction is negative."""
        minor = int(self.cleaned_data["amount"].minor)
        return minor if self.cleaned_data["kind"] == "bonus" else -minor
