"""What staff enter for a connection: credentials, a code to test, a name, a secret."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms

from brand_admin.forms import ConfirmationForm
from core.form_fields import OneLineField
from integrations.entering import known_credentials, seal_entered, unseal_entered
from integrations.models import Connection
from integrations.shop import CredentialError, CredentialField
from integrations.shops import shop_of
from tracking.models import PromoCode

MAX_PASTED = 2_000  # characters of one credential, with what was copied around it
KEPT = "Entered. Leave it empty to use it again."
KNOWN = "We have it. Leave it empty to keep it."
DAYS_OF_HISTORY = {
    "60": "The last 60 days",
    "365": "The last 12 months",
    "0": "None: begin with the next order",
}
SHOWN_CODES = 200


class CredentialsForm(ConfirmationForm):
    """The credentials of one kind of shop. A secret is never shown again.

    A secret that is left empty is the one of the last try, or of the connection.
    """

    kept = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Any = None,
        *,
        kind: str,
        now: datetime,
        connection: Connection | None = None,
        store: str = "",
    ) -> None:
        super().__init__(data)
        self.kind, self.now = kind, now
        self.shop = shop_of(kind)
        self.known = known_credentials(connection) if connection else {}
        sealed = str(self.data.get("kept", ""))
        self.before = unseal_entered(kind=kind, sealed=sealed, now=now) if sealed else {}
        for field in self.shop.fields:
            self.fields[field.name] = self._field(field)
        for name, value in self.known.items():
            if not self._is_secret(name):
                self.initial[name] = value
        if store:
            self.initial[self.shop.fields[0].name] = store

    @property
    def credentials(self) -> list[forms.BoundField]:
        return [self[field.name] for field in self.shop.fields]

    def entered(self) -> dict[str, str]:
        """Return what was entered; secrets that were left empty are those from before."""
        found = {}
        for field in self.shop.fields:
            value = self.cleaned_data.get(field.name, "")
            if field.is_secret and not value:
                value = self.before.get(field.name) or self.known.get(field.name, "")
            found[field.name] = value
        return found

    def keep(self, entered: Mapping[str, str]) -> None:
        """Have the page that shows the form again bring it back, sealed."""
        sealed = seal_entered(kind=self.kind, entered=entered, now=self.now)
        self.data = {**{name: self.data.get(name) for name in self.data}, "kept": sealed}
        for field in self.shop.fields:
            if field.is_secret and entered[field.name]:
                self.fields[field.name].widget.attrs["placeholder"] = KEPT

    def refuse(self, error: CredentialError) -> None:
        """Show what is wrong beside its field."""
        self.add_error(error.field if error.field in self.fields else None, error.message)

    def _is_secret(self, name: str) -> bool:
        return any(field.is_secret for field in self.shop.fields if field.name == name)

    def _field(self, field: CredentialField) -> forms.CharField:
        attrs = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        shown = KNOWN if field.is_secret and self.known.get(field.name) else field.placeholder
        if shown:
            attrs["placeholder"] = shown
        kind = forms.PasswordInput if field.is_secret else forms.TextInput
        return forms.CharField(
            required=False,  # the shop says what it needs, in its own words
            max_length=MAX_PASTED,
            label=field.label,
            help_text=field.help,
            widget=kind(
                attrs=attrs | ({"autocomplete": "new-password"} if field.is_secret else {})
            ),
        )


class SetupForm(CredentialsForm):
    """The credentials of a new connection, and how much of its past to fetch."""

    history = forms.ChoiceField(
        label="Earlier orders",
        choices=list(DAYS_OF_HISTORY.items()),
        initial="60",
        help_text="Earlier orders that have a member's code are credited to that member, and earn"
        " commission by the terms of their offer.",
    )

    def days_of_history(self) -> int:
        return int(self.cleaned_data["history"])


class HistoryForm(ConfirmationForm):
    """How much of a shop's past to fetch."""

    days = forms.ChoiceField(
        label="Orders of",
        choices=[
            ("30", "The last 30 days"), ("60", "The last 60 days"), ("365", "The last 12 months"),
            ("1095", "The last 3 years"),
        ],
        initial="60",
    )  # fmt: skip


class CodeForm(forms.Form):
    """The code that a test order brings. Any code can be tried, not only those that are listed."""

    code = OneLineField(
        label="Promo code",
        required=False,
        max_length=60,
        help_text="Choose a member's code, or type another one to see what becomes of it.",
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        newest = PromoCode.objects.in_use().order_by("-pk")
        rows = newest.select_related("enrollment__member", "enrollment__offer")[:SHOWN_CODES]
        self.codes = [
            (row.code, f"{row.enrollment.member} in {row.enrollment.offer.name}") for row in rows
        ]
        self.initial["code"] = self.codes[0][0] if self.codes else ""
        self.fields["code"].widget.attrs |= {
            "list": "codes", "autocomplete": "off", "spellcheck": "false",
        }  # fmt: skip


class NameForm(forms.Form):
    name = OneLineField(max_length=120, help_text="Your team sees it. The shop does not.")


class SecretForm(forms.Form):
    """The new secret of a shop that makes it itself."""

    secret = forms.CharField(
        label="New client secret",
        max_length=MAX_PASTED,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
        help_text="Make it in the shop first, and paste it here. The former one is accepted for a"
        " day more.",
    )
