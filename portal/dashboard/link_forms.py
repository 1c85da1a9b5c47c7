"""Forms of a member's links."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from core.form_fields import OneLineField
from offers.models import Offer
from tracking.links.click_lines import SUB_ID_LENGTH
from tracking.links.sub_ids import SUB_IDS
from tracking.models import MAX_LABEL

PLAIN_TEXT = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}
MAX_TYPED_SLUG = 120  # the service says what is too long once it is in its stored form


class LinkForm(forms.Form):
    """The label and the end of a link. The services say what is wrong with them."""

    label = OneLineField(
        label=_("Name"),
        required=False,
        max_length=MAX_LABEL,
        help_text=_("To tell your links apart. Shoppers never see it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    slug = OneLineField(
        label=_("End of the link"),
        required=False,
        max_length=MAX_TYPED_SLUG,
        help_text=_("3 to 40 letters and digits, such as your name."),
        widget=forms.TextInput(attrs=PLAIN_TEXT),
    )

    def __init__(self, *args: object, offer: Offer, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not offer.own_slugs_allowed:
            del self.fields["slug"]


class DeepLinkForm(LinkForm):
    """The address of one page of the shop. The service checks that it belongs to the shop."""

    page = forms.URLField(
        label=_("Page of the shop"),
        max_length=2000,
        assume_scheme="https",
        error_messages={
            "invalid": _("Paste the whole address of the page, as your browser shows it")
        },
        widget=forms.URLInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )
    field_order = ("page", "label", "slug")

    def __init__(self, *args: object, offer: Offer, **kwargs: object) -> None:
        super().__init__(*args, offer=offer, **kwargs)
        self.fields["page"].widget.attrs["placeholder"] = offer.destination_url


class PlacesForm(forms.Form):
    """Where a link is shared: up to five words that go into its address."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for number, name in enumerate(SUB_IDS, start=1):
            self.fields[name] = OneLineField(
                label=_("Where do you share it?")
                if number == 1
                else _("Detail %(number)s") % {"number": number - 1},
                required=False,
                max_length=SUB_ID_LENGTH,
                widget=forms.TextInput(
                    attrs={**PLAIN_TEXT, "placeholder": "youtube" if number == 1 else ""}
                ),
            )

    @property
    def details(self) -> list[forms.BoundField]:
        """The fields behind the fold."""
        return [self[name] for name in SUB_IDS[1:]]

    @property
    def has_details(self) -> bool:
        return any(field.value() or field.errors for field in self.details)

    def places(self) -> dict[str, str]:
        """The words that can be used, by their names in the address."""
        self.is_valid()
        return {name: self.cleaned_data.get(name, "") for name in SUB_IDS}
