"""The name of a list's file, which says what it was filtered by: short, and safe everywhere."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from anyascii import anyascii
from django import forms

from tracking.figures.metrics import DateRange

MAX_WORD_LENGTH = 24
MAX_NAME_LENGTH = 110  # with the brand and the ending


def file_name_of(
    *,
    brand: str,
    name: str,
    form: forms.Form | None,
    search: str,
    period: DateRange,
    more: Iterable[str],
) -> str:
    """Return such as "juniper-conversions_pending_2026-10.csv"."""
    words = [*_choices(form), *more, days_in_name(period.first, period.last), search]
    parts = [f"{brand}-{name}", *(word for word in map(_word, words) if word)]
    return f"{'_'.join(parts)[: MAX_NAME_LENGTH - 4]}.csv"


def _choices(form: forms.Form | None) -> Iterator[str]:
    """Yield the filters that are set, as words; days apart."""
    if form is None:
        return
    form.is_valid()
    for name, field in form.fields.items():
        value = form.cleaned_data.get(name)
        is_apart = isinstance(value, date) or isinstance(field.widget, forms.HiddenInput)
        if value and not is_apart:
            yield _label(field, str(value))


def _label(field: Any, value: str) -> str:
    """A choice by its value if that is a word, and by its label if it is the number of a row."""
    if not value.isdecimal():
        return value
    labels = {str(key): str(label) for key, label in getattr(field, "choices", ())}
    return labels.get(value, value)


def days_in_name(first: date | None, last: date | None) -> str:
    """Return a range of days as "2026", "2026-10", "2026-10-05", or both of its ends."""
    if first is None or last is None:
        return f"from-{first}" if first else f"until-{last}" if last else ""
    if first == last:
        return str(first)
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31) and first.year == last.year:
        return str(first.year)
    is_month = first.day == 1 and last.day == monthrange(last.year, last.month)[1]
    if is_month and (first.year, first.month) == (last.year, last.month):
        return f"{first:%Y-%m}"
    return f"{first}-to-{last}"


def _word(text: str) -> str:
    """Return a text as letters, digits and hyphens: no space, point or slash."""
    plain = re.sub(r"[^a-z0-9]+", "-", anyascii(text).lower())
    return plain[:MAX_WORD_LENGTH].strip("-")
