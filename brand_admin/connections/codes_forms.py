"""Forms and filters of codes that are kept in step with a shop."""

from __future__ import annotations

from typing import Any

from django import forms

from brand_admin.amounts import PercentField
from brand_admin.connections.events_forms import ConnectionFilter
from integrations.compared import DECIDE
from integrations.models import CodeState, Connection
from integrations.selectors import live_connections
from offers.models import Offer
from offers.selectors import offers_with_codes


class DiscountFilters(ConnectionFilter):
    """Of which connection the discounts are."""


class CodeFilters(forms.Form):
    state = forms.ChoiceField(
        required=False,
        label="State",
        choices=[("", "All"), (DECIDE, "Differences"), *CodeState.choices],
    )

    def chosen(self) -> str:
        self.is_valid()
        return self.cleaned_data.get("state") or ""


class KeepForm(forms.Form):
    """Which offer's codes are kept in which shop, and what they take off there."""

    connection: forms.ModelChoiceField[Connection] = forms.ModelChoiceField(
        queryset=None, label="Shop", empty_label="Choose a shop"
    )
    offer: forms.ModelChoiceField[Offer] = forms.ModelChoiceField(
        queryset=None, label="Offer", empty_label="Choose an offer"
    )
    percent = PercentField(
        label="What a code takes off",
        help_text="In percent of the shopper's order, such as 15. The shop makes a discount of it.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shops: Any = self.fields["connection"]
        shops.queryset = live_connections()
        offers: Any = self.fields["offer"]
        offers.queryset = offers_with_codes()

    def clean_percent(self) -> int:
        percent = self.cleaned_data["percent"]
        if not percent:
            raise forms.ValidationError("Enter more than 0%.")
        return int(percent)
