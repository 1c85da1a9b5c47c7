"""The filters of the list of conversions, and the reason that rejecting needs."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from offers.selectors import offers
from tracking.models import ConversionStatus, Evidence


def a_day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"})


class ConversionFilters(forms.Form):
    """What to list; everything unless the address says otherwise."""

    status = forms.ChoiceField(required=False, choices=[("", "All"), *ConversionStatus.choices])
    offer = forms.ChoiceField(required=False)
    evidence = forms.ChoiceField(
        required=False, label="Won by", choices=[("", "Anything"), *Evidence.choices]
    )
    first = forms.DateField(
        required=False, label="From", widget=forms.DateInput(attrs={"type": "date"})
    )
    last = forms.DateField(
        required=False, label="To", widget=forms.DateInput(attrs={"type": "date"})
    )
    member = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(str(offer.pk), offer.name) for offer in offers()]
        field = self.fields["offer"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
        field.choices = [("", "All offers"), *names]

    def chosen(self) -> dict[str, Any]:
        """Keyword arguments for `tracking.selectors.conversions`; nonsense is ignored."""
        self.is_valid()
        given = self.cleaned_data
        first, last = given.get("first"), given.get("last")
        return {
            "status": given.get("status") or "",
            "offer_id": int(given["offer"]) if given.get("offer") else None,
            "evidence": given.get("evidence") or "",
            "member_id": given.get("member"),
            "first": _start_of(first) if first else None,
            "last": _start_of(last + timedelta(days=1)) if last else None,
        }


class Rejection(forms.Form):
    """Why conversions are rejected."""

    reason = forms.CharField(
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The member reads this on their dashboard.",
        error_messages={"required": "Say why: the member reads it."},
    )


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
