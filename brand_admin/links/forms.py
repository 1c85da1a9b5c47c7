"""The filters of the list of links, and the form of one."""

from __future__ import annotations

from typing import Any

from django import forms

from brand_admin.forms import OfferFilters
from core.form_fields import OneLineField
from tracking.links.link_list import DEEP, MAIN
from tracking.models import MAX_LABEL

IN_USE = {"active": True, "inactive": False}
MAX_TYPED_SLUG = 120  # the service says what is too long once it is in its stored form


class LinkFilters(OfferFilters):
    """Which links to list; all unless the address says otherwise."""

    field_order = ["kind", "status"]

    kind = forms.ChoiceField(
        required=False,
        label="Leads to",
        choices=[("", "Anywhere"), (MAIN, "The offer's page"), (DEEP, "Another page")],
    )
    status = forms.ChoiceField(
        required=False, choices=[("", "All"), ("active", "Active"), ("inactive", "Inactive")]
    )

    def chosen(self) -> dict[str, Any]:
        """Keyword arguments for `link_list.links`; invalid values are ignored."""
        self.is_valid()
        given = self.cleaned_data
        return {
            "kind": given.get("kind") or "",
            "in_use": IN_USE.get(given.get("status") or ""),
            **self.offer_and_member(),
        }


class LinkForm(forms.Form):
    """The label and the end of a link. The service says what is wrong with them."""

    label = OneLineField(
        required=False,
        max_length=MAX_LABEL,
        help_text="To tell the member's links apart. The member sees it too, shoppers don't.",
    )
    slug = OneLineField(
        label="End of the link",
        max_length=MAX_TYPED_SLUG,
        help_text="3 to 40 letters and digits. The link as it was goes on working.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}
        ),
    )
