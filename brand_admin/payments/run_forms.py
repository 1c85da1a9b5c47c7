"""Forms for payout runs: members and minimum, a reference, a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms

from brand_admin.amounts import AmountField, read_amount
from brand_admin.forms import DayFilters
from brand_admin.payments.forms import OF_PAYMENTS, ReturnPaymentForm
from core.form_fields import OneLineField
from core.money import Money, UnknownCurrencyError, exponent
from payouts.models import PayoutState


@dataclass(frozen=True, slots=True)
class Chosen:
    """The selected members with their currencies; an empty selection means all members.

    With `search`, these are all members that the list of amounts due shows for this search.
    """

    picks: tuple[tuple[int, str], ...]
    search: str = ""

    @classmethod
    def of(cls, boxes: list[str]) -> Chosen:
        """Parse values like "12-GBP"; ignore everything else."""
        parts = [box.partition("-") for box in boxes]
        return cls(
            tuple((int(pk), code) for pk, _, code in parts if pk.isdecimal() and len(pk) < 19)
        )

    def members(self, currency: str) -> set[int] | None:
        """Return the ids selected in this currency; None for all members."""
        if not self.picks and not self.search:
            return None
        return {pk for pk, code in self.picks if code == currency}

    def fields(self) -> list[tuple[str, str]]:
        """Return hidden fields that make the same selection again."""
        if self.search:
            return [("all", "1"), ("q", self.search)]
        return [("selected", f"{pk}-{code}") for pk, code in self.picks]


def known_currency(text: str) -> str:
    """Return the currency code; "" for an unknown one."""
    try:
        exponent(text)
    except UnknownCurrencyError:
        return ""
    return text


class RunFilters(DayFilters):
    """Which runs to list. Without a filter, all of them."""

    state = forms.ChoiceField(required=False, choices=[("", "All"), *PayoutState.choices])

    def chosen(self) -> dict[str, Any]:
        """Return keyword arguments for `payouts.selectors.runs`; ignore invalid values."""
        self.is_valid()
        return {"state": self.cleaned_data.get("state") or "", **self.days()}


class LineFilters(forms.Form):
    """Which members of a run to list: those that it pays, or those that it leaves out."""

    show = forms.ChoiceField(
        required=False, choices=[("", "In this run"), ("left_out", "Left out")]
    )
    state = forms.ChoiceField(required=False, choices=[("", "All"), *OF_PAYMENTS])

    def chosen(self) -> dict[str, Any]:
        """Return keyword arguments for `payouts.selectors.run_members`; ignore invalid values."""
        self.is_valid()
        left_out = self.cleaned_data.get("show") == "left_out"
        state = "" if left_out else self.cleaned_data.get("state") or ""
        return {"left_out": left_out, "state": state}


class NewRunForm(forms.Form):
    """A run in the currency of the address. Members below the minimum are not paid."""

    minimum = AmountField(
        label="Minimum amount",
        required=False,
        help_text="Members who are due less are left out. Leave it empty for no minimum.",
    )
    confirmation = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean_minimum(self) -> Money:
        return read_amount(str(self.cleaned_data["minimum"]), self.currency)


class MarkPaidForm(forms.Form):
    """The bank's reference for a payment, or for all payments of a run."""

    reference = OneLineField(
        required=False,
        max_length=120,
        help_text="What your bank or PayPal calls it. The members see it.",
    )


class MarkRunPaidForm(MarkPaidForm):
    """The same for a run's payments in processing, and `seen`, which payments the page showed."""

    seen = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)


class ReturnRunForm(ReturnPaymentForm):
    """Whether a run's open payments failed or were cancelled, and why."""

    reason = OneLineField(max_length=300, help_text="The members see it.")

    field_order = ["state", "reason"]

    @property
    def chosen_state(self) -> PayoutState:
        return PayoutState(self.cleaned_data["state"])
