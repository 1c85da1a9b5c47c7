"""Forms of the dashboard."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from core.form_fields import OneLineField
from tracking.figures.metrics import today
from tracking.models.questions import MAX_NOTE_LENGTH


class RangeForm(forms.Form):
    """The first and the last day of a custom range."""

    first = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=_("To"), widget=forms.DateInput(attrs={"type": "date"}))


class MissingSaleForm(forms.Form):
    """A question about a missing order. The service checks what may be asked."""

    order_reference = OneLineField(
        label=_("Order number"),
        max_length=120,
        help_text=_("From the shop\N{RIGHT SINGLE QUOTATION MARK}s confirmation, such as #1001"),
        error_messages={"required": _("Enter the number of the order.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off"}),
    )
    ordered_on = forms.DateField(
        label=_("Day of the order"),
        help_text=_("An approximate day is fine"),
        error_messages={"required": _("Choose a day. An approximate day is fine.")},
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    note = forms.CharField(
        label=_("Anything else that helps to find it"),
        required=False,
        max_length=MAX_NOTE_LENGTH,
        help_text=_(
            "For example, how the sale happened. Please give no name or address of the shopper."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["ordered_on"].widget.attrs["max"] = today().isoformat()
