"""Links to choose a range of days or a status. Each leads back to its card on the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import pgettext

from tracking.figures.periods import ChosenPeriod
from tracking.models import ConversionStatus

RANGE = ("range", "first", "last")
CONVERSIONS = ("status", "show", "at")


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice."""

    label: str
    href: str
    is_current: bool


def range_choices(chosen: ChosenPeriod, asked: QueryDict) -> list[Choice]:
    """Return the choices for the range of days, which keep the conversions that are shown."""
    kept = kept_conversions(asked)
    return [
        Choice(label, f"?{urlencode({'range': key} | kept)}#numbers", key == chosen.key)
        for key, label in chosen.choices
    ]


def kept_conversions(asked: QueryDict) -> dict[str, str]:
    """Return the parameters that say which conversions are shown."""
    return _kept(CONVERSIONS, asked)


def _kept(names: Iterable[str], asked: QueryDict) -> dict[str, str]:
    return {name: value for name in names if (value := asked.get(name)) is not None}


def status_choices(status: str, asked: QueryDict) -> list[Choice]:
    """Return the choices for the status of conversions, which keep the range of days."""
    labels = {
        "": pgettext("conversions", "All"),
        ConversionStatus.PENDING.value: pgettext("conversions", "Pending"),
        ConversionStatus.ACCEPTED.value: pgettext("conversions", "Accepted"),
        ConversionStatus.REJECTED.value: pgettext("conversions", "Rejected"),
    }
    return [
        Choice(label, status_href(value, asked), value == status) for value, label in labels.items()
    ]


def status_href(status: str, asked: QueryDict) -> str:
    """Return the address of the conversions with this status, "" for all, in the same range."""
    return f"?{urlencode(_kept(RANGE, asked) | _shown(status))}#conversions"


def _shown(status: str) -> dict[str, str]:
    return {"status": status} if status else {"show": "all"}
