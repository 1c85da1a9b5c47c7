"""Forms that know which version of a row they were opened with.

When somebody else changed the row meanwhile, the form comes back with everything that was typed.
What the other one changed and this one did not touch is taken over; where both changed the same,
what was typed stays and both are shown. Saving again is then a decision.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from django import forms
from django.http import QueryDict
from django.utils.text import capfirst

from accounts.models import AuditEntry
from core.references import Reference


class VersionedForm(forms.Form):
    """Carries the version, and as text what every field held when the form was opened."""

    version = forms.IntegerField(
        min_value=0,
        widget=forms.HiddenInput,
        error_messages={"required": "Open this page again: the form is incomplete."},
    )
    opened = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def remember(self, version: int) -> None:
        """Note what the form, not sent yet, shows."""
        self.initial["version"] = version
        self.initial["opened"] = json.dumps(texts_of(self))


F = TypeVar("F", bound=VersionedForm)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that somebody changed meanwhile. `yours` is what was typed where both did."""

    label: str
    before: str
    now: str
    yours: str
    is_clash: bool


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Who was quicker, when, and what they changed."""

    who: str
    at: datetime | None
    changes: tuple[FieldChange, ...]


def meanwhile(sent: F, *, current: F, version: int, target: Any) -> tuple[F, Meanwhile]:
    """The form to show again, and what to tell. `current` shows the row as it is now."""
    opened, typed, now = _opened(sent), _typed(sent), texts_of(current)
    data = QueryDict(mutable=True)
    data.update(sent.data)
    changes = []
    for name, text in now.items():
        before = opened.get(name, text)
        if before == text:
            continue
        is_clash = typed[name] not in {before, text}
        changes.append(FieldChange(_label(sent, name), before, text, typed[name], is_clash))
        if not is_clash:
            _put(data, name, text)
    data["version"], data["opened"] = str(version), json.dumps(now)
    again = current
    again.data, again.is_bound = data, True
    return again, _told(target, changes)


def texts_of(form: VersionedForm) -> dict[str, str]:
    """What each field of a form that was not sent shows, as a browser would send it."""
    return {
        name: _as_sent(field.prepare_value(form.get_initial_for_field(field, name)))
        for name, field in form.fields.items()
        if _is_text(name, field)
    }


def _told(target: Any, changes: list[FieldChange]) -> Meanwhile:
    last = AuditEntry.objects.filter(target=Reference.to(target)).order_by("-at", "-pk").first()
    who = last.actor.partition(" <")[0] if last else "Somebody"
    return Meanwhile(who, last.at if last else None, tuple(changes))


def _opened(form: VersionedForm) -> Mapping[str, str]:
    """What the form said it was opened with; nothing for what is no form of ours."""
    try:
        found = json.loads(form.data.get("opened", ""))
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _typed(form: VersionedForm) -> dict[str, str]:
    return {
        name: _as_sent(field.widget.value_from_datadict(form.data, form.files, name))
        for name, field in form.fields.items()
        if _is_text(name, field)
    }


def _is_text(name: str, field: forms.Field) -> bool:
    return name not in {"version", "opened"} and not isinstance(field, forms.FileField)


def _as_sent(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else ""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return "\n".join(map(str, value))
    return "" if value is None else str(value).replace("\r\n", "\n")


def _put(data: QueryDict, name: str, text: str) -> None:
    """Put a text into what was sent; an empty box is one that was not sent."""
    data.pop(name, None)
    if text:
        data[name] = text


def _label(form: VersionedForm, name: str) -> str:
    return str(form.fields[name].label or capfirst(name.replace("_", " ")))
