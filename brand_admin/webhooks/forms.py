"""Forms of webhooks: an endpoint, sending again since a time, and the filters of deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import OutboxEvent
from brand_admin.forms import DayFilters
from core.form_fields import OneLineField
from webhooks.events import TEST_EVENT, TEST_TITLE, events_in_words
from webhooks.models import DeliveryState, Endpoint
from webhooks.models.endpoints import MAX_ADDRESS
from webhooks.selectors import endpoints

ALL, CHOSEN = "all", "chosen"
TO_THE_SECOND = "%Y-%m-%dT%H:%M:%S"


def _event_choices() -> list[tuple[str, SafeString]]:
    return [
        (
            one.event,
            format_html(
                '<span>{}<br><span class="small muted">{} <code>{}</code></span></span>',
                one.title, one.when, one.event,
            ),
        )
        for one in events_in_words()
    ]  # fmt: skip


class EndpointForm(forms.Form):
    """Where an endpoint is, and what it receives."""

    address = OneLineField(
        max_length=MAX_ADDRESS,
        help_text="Such as https://example.com/webhooks. We send to it with POST.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )
    description = OneLineField(
        max_length=120, required=False, label="Name", help_text="What uses it, such as Warehouse."
    )
    which = forms.ChoiceField(
        label="What it receives",
        choices=[(ALL, "All events, also kinds that are new later"), (CHOSEN, "Chosen events")],
        widget=forms.RadioSelect,
        initial=ALL,
    )
    events = forms.MultipleChoiceField(
        label="Events",
        required=False,
        choices=_event_choices,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: Any = None, *, endpoint: Endpoint | None = None) -> None:
        initial = {}
        if endpoint is not None:
            initial = {
                "address": endpoint.address,
                "description": endpoint.description,
                "which": CHOSEN if endpoint.events else ALL,
                "events": endpoint.events,
            }
        super().__init__(data, initial=initial)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("which") == CHOSEN and not cleaned.get("events") and not self.errors:
            self.add_error("events", "Choose at least one event, or all events.")
        return cleaned

    def values(self) -> dict[str, Any]:
        """Return keyword arguments for the services."""
        chosen = self.cleaned_data
        return {
            "address": chosen["address"],
            "description": chosen["description"],
            "events": chosen["events"] if chosen["which"] == CHOSEN else [],
        }


class SinceForm(forms.Form):
    """From when on deliveries are sent again, in the brand's time zone."""

    since = forms.DateTimeField(
        label="What happened since",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=TO_THE_SECOND),
        input_formats=["%Y-%m-%dT%H:%M", TO_THE_SECOND, "%Y-%m-%d"],
        error_messages={"invalid": "Enter a day and a time."},
    )
    which = forms.ChoiceField(
        label="Which deliveries",
        choices=[
            ("missed", "Those that were not delivered"),
            ("all", "All, also those that were delivered"),
        ],
        widget=forms.RadioSelect,
        initial="missed",
    )

    def clean_since(self) -> datetime:
        since: datetime = self.cleaned_data["since"]
        if since > timezone.now():
            raise forms.ValidationError("Enter a time that has passed.")
        return since


class DeliveryFilters(DayFilters):
    field_order = ["endpoint", "state", "event", "first", "last"]

    endpoint = forms.TypedChoiceField(
        required=False, label="Endpoint", coerce=int, empty_value=None
    )
    state = forms.ChoiceField(
        required=False, label="State", choices=[("", "All"), *DeliveryState.choices]
    )
    event = forms.ChoiceField(
        required=False,
        label="Event",
        choices=[("", "All"), *OutboxEvent.choices, (TEST_EVENT, TEST_TITLE)],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(one.pk), str(one)) for one in endpoints()]
        self.fields["endpoint"].choices = [("", "All"), *choices]  # type: ignore[attr-defined]

    def chosen(self) -> dict[str, Any]:
        """Return keyword arguments for the selector of deliveries; ignore invalid values."""
        self.is_valid()
        return {
            "endpoint": self.cleaned_data.get("endpoint"),
            "state": self.cleaned_data.get("state") or "",
            "event": self.cleaned_data.get("event") or "",
            **self.days(),
        }
