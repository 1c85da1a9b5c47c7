"""The ranges and the statuses to choose among, as links that lead back to their own card."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import pgettext

from tracking.figures.periods import ChosenPeriod
from tracking.models import ConversionStatus


@dataclass(frozen=True, slots=True)
class Choice:
    """One segment."""

    label: str
    href: str
    is_current: bool


def range_choices(chosen: ChosenPeriod) -> list[Choice]:
    """The ranges of days."""
    return [
        Choice(label, f"?range={key}#numbers", key == chosen.key) for key, label in chosen.choices
    ]


def status_choices(status: str) -> list[Choice]:
    """All conversions, or those of one status."""
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
