"""The filters of what came from shops."""

from __future__ import annotations

from typing import Any

from django import forms

from brand_admin.forms import DayFilters
from integrations.models import EventOrigin, EventState
from integrations.selectors import connections


class ConnectionFilter(forms.Form):
    """Of which connection; ended ones too."""

    connection = forms.TypedChoiceField(
        required=False, label="Connection", coerce=int, empty_value=None
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(one.pk), one.name) for one in connections()]
        self.fields["connection"].choices = [("", "All"), *choices]  # type: ignore[attr-defined]

    def connection_id(self) -> int | None:
        self.is_valid()
        chosen: int | None = self.cleaned_data.get("connection")
        return chosen


class EventFilters(DayFilters, ConnectionFilter):
    field_order = ["connection", "state", "origin", "first", "last"]

    state = forms.ChoiceField(
        required=False, label="State", choices=[("", "All"), *EventState.choices]
    )
    origin = forms.ChoiceField(
        required=False, label="Origin", choices=[("", "All"), *EventOrigin.choices]
    )

    def chosen(self) -> dict[str, Any]:
        """Return keyword arguments for the selector of events; ignore invalid values."""
        self.is_valid()
        return {
            "connection": self.connection_id(),
            "state": self.cleaned_data.get("state") or "",
            "origin": self.cleaned_data.get("origin") or "",
            **self.days(),
        }


class DataRequestFilters(forms.Form):
    state = forms.ChoiceField(
        required=False,
        label="State",
        choices=[("", "All"), ("open", "Open"), ("answered", "Answered")],
    )

    def chosen(self) -> str:
        self.is_valid()
        return self.cleaned_data.get("state") or ""
