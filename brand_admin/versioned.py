"""Forms that carry the version of the row that they were opened with.

If another person changed the row in the meantime, the form is shown again with the typed values.
Fields that only the other person changed get the new values. In fields that both changed, the typed
value stays and both values are shown. The person can then save again.
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
    """Carries the version, and each field's value as text when the form was opened."""

    version = forms.IntegerField(
        min_value=0,
        widget=forms.HiddenInput,
        error_messages={"required": "Open this page again: the form is incomplete."},
    )
    opened = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def remember(self, version: int) -> None:
        """Store the values of an unbound form in its hidden field."""
        self.initial["version"] = version
        self.initial["opened"] = json.dumps(texts_of(self))


F = TypeVar("F", bound=VersionedForm)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that another person changed. `yours` is the typed value, if both changed it."""

    label: str
    before: str
    now: str
    yours: str
    is_clash: bool


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """The change of another person: who, when, and which fields."""

    who: str
    at: datetime | None
    changes: tuple[FieldChange, ...]


def meanwhile(sent: F, *, current: F, version: int, target: Any) -> tuple[F, Meanwhile]:
    """Return the form to show again, and the other person's changes. `current` is the row now."""
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
    """Return each field's value of an unbound form, as a browser would post it."""
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
    """Return the values with which the form was opened; nothing if they are invalid."""
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
    """Set a value in the posted data; an empty value is removed, as for an unchecked box."""
    data.pop(name, None)
    if text:
        data[name] = text


def _label(form: VersionedForm, name: str) -> str:
    return str(form.fields[name].label or capfirst(name.replace("_", " ")))
