"""The form for a new API key."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms

from accounts.models import EVERY_SCOPE, Brand, Scope
from brand_admin.forms import start_of
from core.form_fields import OneLineField

LIVE, TEST = "live", "test"


class NewApiKeyForm(forms.Form):
    """What uses the key, what it may do, until when and from where.

    In test mode every key is a test key, so the choice is left out there.
    """

    label = OneLineField(
        max_length=80, label="What uses it", help_text="Such as the name of your shop."
    )
    mode = forms.ChoiceField(
        label="Kind",
        initial=LIVE,
        choices=[
            (LIVE, "Live: orders count"),
            (TEST, "Test: sees and makes test data only"),
        ],
        widget=forms.RadioSelect,
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        initial=EVERY_SCOPE,
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )
    expires_on = forms.DateField(
        required=False,
        label="Last day",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The key stops working when this day ends. Empty: it works until it is revoked.",
    )
    allowed_addresses = forms.CharField(
        required=False,
        max_length=4_000,
        label="Only from these addresses",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Addresses or networks such as 192.0.2.0/24, one a line. Empty: from anywhere.",
    )

    def __init__(self, data: Any = None, *, brand: Brand) -> None:
        super().__init__(data)
        if brand.is_test:
            del self.fields["mode"]

    @property
    def is_for_test(self) -> bool:
        return self.cleaned_data.get("mode") == TEST

    def values(self) -> dict[str, Any]:
        """What the service that makes a key takes."""
        return {
            "label": self.cleaned_data["label"],
            "scopes": self.cleaned_data["scopes"],
            "expires_at": self._expires_at(),
            "allowed_addresses": self.cleaned_data["allowed_addresses"].split(),
        }

    def _expires_at(self) -> datetime | None:
        """The end of the last day, in the brand's time zone."""
        last = self.cleaned_data["expires_on"]
        return start_of(last + timedelta(days=1)) if last else None
