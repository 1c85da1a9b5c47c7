"""What a member may enter on the dashboard."""

from __future__ import annotations

from django import forms

from offers.models import Offer


class DeepLinkForm(forms.Form):
    """The address of one page of the shop. Whether it is the shop's is the service's business."""

    page = forms.URLField(
        label="Page of the shop",
        max_length=2000,
        assume_scheme="https",
        error_messages={"invalid": "Paste the whole address of the page, as your browser shows it"},
        widget=forms.URLInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )

    def __init__(self, *args: object, offer: Offer, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["page"].widget.attrs["placeholder"] = offer.destination_url


class RangeForm(forms.Form):
    """The first and the last day of a custom range."""

    first = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label="To", widget=forms.DateInput(attrs={"type": "date"}))
