"""Forms that several sections of the brand admin use."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from offers.selectors import offer_names
from tracking.figures.periods import Bounds, bounds


class ConfirmationForm(forms.Form):
    """A key per opened form, so that a second click does not repeat the action."""

    confirmation = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("confirmation", uuid.uuid4())


def day_field(label: str) -> forms.DateField:
    """Return a date field for a filter."""
    return forms.DateField(
        required=False,
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}),
    )


class DayFilters(forms.Form):
    """A range of days, both included, in the brand's time zone."""

    first = day_field("From")
    last = day_field("To")

    def days(self) -> dict[str, datetime | None]:
        """Return the range as moments; the second moment is excluded.

        An invalid day sets no limit. The same is true of a day outside of `bounds`.
        """
        self.is_valid()
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if first or last:
            first, last = self.bounds().limits(first, last)
        return {
            "first": start_of(first) if first else None,
            "last": start_of(last + timedelta(days=1)) if last else None,
        }

    def bounds(self) -> Bounds:
        """Return the days that can have rows: from the brand's first fact to today."""
        return bounds()


class OfferFilters(forms.Form):
    """One of the brand's offers, or all; and a member that the address names."""

    offer = forms.ChoiceField(required=False)
    member = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["offer"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
        field.choices = [("", "All offers"), *((str(pk), name) for pk, name in offer_names())]

    def offer_and_member(self) -> dict[str, int | None]:
        """Return the numbers of what was chosen as keyword arguments; nonsense is ignored."""
        self.is_valid()
        offer = self.cleaned_data.get("offer")
        return {
            "offer_id": int(offer) if offer else None,
            "member_id": self.cleaned_data.get("member"),
        }


def start_of(day: date) -> datetime:
    """Return the moment at which the day begins in the brand's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))
