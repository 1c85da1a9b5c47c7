"""Links to choose a range of days or a status. Each leads back to its card on the page."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import pgettext

from tracking.figures.periods import ChosenPeriod
from tracking.models import ConversionStatus


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice."""

    label: str
    href: str
    is_current: bool


def range_choices(chosen: ChosenPeriod) -> list[Choice]:
    """Return the choices for the range of days."""
    return [
        Choice(label, f"?range={key}#numbers", key == chosen.key) for key, label in chosen.choices
    ]


def status_choices(status: str) -> list[Choice]:
    """Return the choices for the status of conversions."""
    labels = {
        "": pgettext("conversions", "All"),
        ConversionStatus.PENDING.value: pgettext("conversions", "Pending"),
        ConversionStatus.ACCEPTED.value: pgettext("conversions", "Accepted"),
        ConversionStatus.REJECTED.value: pgettext("conversions", "Rejected"),
    }
    return [
        Choice(label, f"?status={value}#conversions" if value else "?#conversions", value == status)
        for value, label in labels.items()
    ]
