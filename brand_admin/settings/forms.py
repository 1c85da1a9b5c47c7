"""Forms for the brand's settings, its staff and its API keys."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import CLICK_MONTHS, Brand, Role
from brand_admin.amounts import AmountField, read_amount
from brand_admin.versioned import VersionedForm
from core.colour import parse
from core.form_fields import OneLineField
from core.money import Money
from core.text import MAX_ADDRESS_LENGTH

DEFAULT_ACCENT = "#007a85"  # what the colour field shows if the brand has no colour of its own


class BrandForm(VersionedForm):
    name = OneLineField(max_length=120, help_text="Members and creators see it.")
    has_accent = forms.BooleanField(required=False, label="Use a colour of our own")
    accent = forms.CharField(
        required=False,
        label="Accent colour",
        help_text="Made darker or lighter where text must stay readable.",
        widget=forms.ColorInput,
    )
    sender_name = OneLineField(
        required=False, max_length=120, help_text="The sender's name in mails to members."
    )
    reply_to = forms.EmailField(
        required=False,
        max_length=MAX_ADDRESS_LENGTH,
        help_text="The address for members' replies.",
    )
    postal_address = forms.CharField(
        required=False,
        max_length=300,
        help_text="Shown at the end of every mail to members. Laws on bulk mail ask for it, so "
        "nothing is sent to many members without it.",
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )
    sends_items_automatically = forms.BooleanField(
        required=False,
        label="Send Sales Tracking Items automatically",
        help_text="Each active member who has a code or link is sent it once. Members who were "
        "never sent theirs get it within a minute of saving. The text is the one that you last "
        "sent to two members of the offer or more.",
    )

    minimum_payout = AmountField(
        required=False,
        label="Minimum payment",
        help_text="The minimum that a payout run proposes. Members who are due less stay due until "
        "they reach it. Leave it empty for no minimum.",
    )
    clicks_kept_months = forms.IntegerField(
        min_value=CLICK_MONTHS[0],
        max_value=CLICK_MONTHS[1],
        label="Months that clicks are kept",
        help_text="Older clicks are deleted within a day, for good. Figures stay.",
    )
    currency: str

    @classmethod
    def of(cls, brand: Brand, data: Any = None) -> BrandForm:
        minimum = Money(brand.minimum_payout_minor, brand.currency)
        form = cls(
            data,
            initial={
                "minimum_payout": minimum.plain() if minimum.minor else "",
                "name": brand.name,
                "has_accent": bool(brand.accent),
                "accent": brand.accent or DEFAULT_ACCENT,
                "sender_name": brand.sender_name,
                "reply_to": brand.reply_to,
                "postal_address": brand.postal_address,
                "sends_items_automatically": brand.sends_items_automatically,
                "clicks_kept_months": brand.clicks_kept_months,
            },
        )
        form.currency = brand.currency
        form.remember(brand.version)
        return form

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("sends_items_automatically") and not given.get("postal_address", "-"):
            self.add_error("postal_address", "Mails that are sent automatically need it: enter it.")
        return given

    def clean_minimum_payout(self) -> Money:
        return read_amount(str(self.cleaned_data["minimum_payout"]), self.currency)

    def clean_accent(self) -> str:
        colour = str(self.cleaned_data["accent"])
        if not self.cleaned_data.get("has_accent"):
            return ""
        try:
            parse(colour)
        except ValueError as error:
            raise forms.ValidationError("A colour is # and six digits, such as #007a85.") from error
        return colour


class InviteStaffForm(forms.Form):
    email = forms.EmailField(
        max_length=MAX_ADDRESS_LENGTH, help_text="They get a link that works once, within a week."
    )
    role = forms.ChoiceField(choices=Role.choices, initial=Role.MANAGER)


class ChangeRoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)
