"""The ranges of days that readers choose among, on the brand's pages and the affiliate's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tracking.metrics import Period

LABELS = {
    "today": gettext_noop("Today"),
    "7d": gettext_noop("7 days"),
    "30d": gettext_noop("30 days"),
    "month": gettext_noop("This month"),
    "6m": gettext_noop("6 months"),
    "all": gettext_noop("All time"),
    "custom": gettext_noop("Custom"),
}
BRAND_CHOICES = ("30d", "month", "6m", "all", "custom")
MEMBER_CHOICES = ("today", "7d", "30d", "month", "all", "custom")


@dataclass(frozen=True, slots=True)
class ChosenPeriod:
    """What the address asks for: `problem` says why a custom range was not taken."""

    key: str
    period: Period
    choices: tuple[tuple[str, str], ...]  # key and label
    problem: str = ""


def choose(
    query: Mapping[str, str], *, choices: Sequence[str], default: str, today: date
) -> ChosenPeriod:
    """The period of ?range=…&first=…&last=…; the default for anything unknown."""
    labelled = tuple((key, _(LABELS[key])) for key in choices)
    key = query.get("range", default)
    if key not in choices:
        key = default
    if key != "custom":
        return ChosenPeriod(key, preset(key, today=today), labelled)
    try:
        first = date.fromisoformat(query.get("first", ""))
        last = date.fromisoformat(query.get("last", ""))
    except ValueError:
        return ChosenPeriod(key, preset(default, today=today), labelled, _("Choose both days"))
    if last < first:
        problem = _("The last day is before the first")
        return ChosenPeriod(key, preset(default, today=today), labelled, problem)
    return ChosenPeriod(key, Period(first, last), labelled)


def preset(key: str, *, today: date) -> Period:
    """The days of a preset, ending today."""
    match key:
        case "today":
            return Period(today, today)
        case "7d":
            return Period.of_days(7, today=today)
        case "30d":
            return Period.of_days(30, today=today)
        case "month":
            return Period(today.replace(day=1), today)
        case "6m":
            return Period(_six_months_before(today), today)
        case _:
            return Period()


def _six_months_before(day: date) -> date:
    month = day.month - 6
    year, month = (day.year, month) if month > 0 else (day.year - 1, month + 12)
    first_of_month = date(year, month, 1)
    return first_of_month + timedelta(days=min(day.day, 28) - 1)
