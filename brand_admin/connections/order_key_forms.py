"""Forms for publishable keys, postback keys, and a postback to try."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from django import forms

from accounts.models import ApiKey, Brand
from brand_admin.connections.developers_forms import LIVE, TEST
from core.form_fields import OneLineField
from tracking.orders.postbacks import NAMES

NOT_READ = frozenset({"key", "format"})
MAX_PARAMETERS = 100
REVIEW, TRUST = "review", "trust"


class _NewKeyForm(forms.Form):
    """A key's name, and whether it is for test data. In test mode every key is a test key."""

    label = OneLineField(max_length=80, label="Name")
    mode = forms.ChoiceField(
        label="Kind",
        initial=LIVE,
        choices=[(LIVE, "Live: orders count"), (TEST, "Test: makes test data only")],
        widget=forms.RadioSelect,
    )

    def __init__(self, data: Any = None, *, brand: Brand) -> None:
        super().__init__(data)
        if brand.is_test:
            del self.fields["mode"]

    def values(self) -> dict[str, Any]:
        """What the service that makes a key takes."""
        return {
            "label": self.cleaned_data["label"],
            "is_for_test": self.cleaned_data.get("mode") == TEST,
        }


def _origins_field() -> forms.CharField:
    return forms.CharField(
        max_length=7_000,
        label="Addresses of the shop",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Such as https://shop.example.com, one a line. It works in their pages only.",
    )


def _trust_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label="Orders that are reported with it",
        initial=REVIEW,
        choices=[
            (REVIEW, "Wait until somebody reviews them (safe)"),
            (TRUST, "Count at once"),
        ],
        widget=forms.RadioSelect,
        help_text="A shopper's browser sends them, and everybody can read the key in the page. So"
        " somebody can invent orders. Let them count at once only if you compare orders in"
        " another way before you pay.",
    )


class NewPageKeyForm(_NewKeyForm):
    """A publishable key: in which pages, and whether its orders count at once."""

    origins = _origins_field()
    review = _trust_field()

    def values(self) -> dict[str, Any]:
        return super().values() | _page_key_values(self.cleaned_data)


class ChangePageKeyForm(forms.Form):
    """The same values of a key that is there."""

    origins = _origins_field()
    review = _trust_field()

    def __init__(self, data: Any = None, *, key: ApiKey) -> None:
        initial = {
            "origins": "\n".join(key.origins),
            "review": TRUST if key.is_trusted else REVIEW,
        }
        super().__init__(data, initial=initial)

    def values(self) -> dict[str, Any]:
        """What the service that changes a key takes."""
        return _page_key_values(self.cleaned_data)


def _page_key_values(cleaned: dict[str, Any]) -> dict[str, Any]:
    return {"origins": cleaned["origins"].split(), "is_trusted": cleaned["review"] == TRUST}


class NewPostbackKeyForm(_NewKeyForm):
    """A postback key, by the system that will call."""

    label = OneLineField(
        max_length=80, label="What calls it", help_text="Such as the name of your network."
    )


class TryPostbackForm(forms.Form):
    """An address as another system would call it, or its parameters alone."""

    address = OneLineField(
        max_length=2_000,
        label="Address or parameters",
        help_text="Recorded as a test order of the source postback-test: it counts in no figure.",
    )

    def parameters(self) -> dict[str, str]:
        """The parameters without key and format; of one that stands twice, the last."""
        return {name: value for name, value in self._pairs() if name not in NOT_READ}

    def ignored(self) -> list[str]:
        """The parameters that are not looked at."""
        return sorted(self.parameters().keys() - NAMES)

    def _pairs(self) -> list[tuple[str, str]]:
        text = self.cleaned_data["address"]
        query = text.partition("?")[2] if "?" in text else text
        return parse_qsl(query.partition("#")[0], keep_blank_values=True)[:MAX_PARAMETERS]
