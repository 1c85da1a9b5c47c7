"""The periods that readers choose, on the brand's pages and the affiliate's.

`Bounds` clamps the days in an address to the time from the brand's first fact to today, for every
page, list and export. So no range costs more than the brand's history.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Brand
from core.templatetags.display import day as day_in_words
from core.tenancy import current_brand_id
from tracking.figures.metrics import DateRange, today
from tracking.models import MonthTotal

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
    """The period in the address; `problem` says why a custom range was refused."""

    key: str
    period: DateRange
    choices: tuple[tuple[str, str], ...]  # key and label
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """From the brand's first fact to today."""

    first: date
    last: date

    def clamped(self, first: date, last: date) -> tuple[date, date]:
        """Return the days from `first` to `last` that lie within the bounds.

        When none does, the returned `last` is before the returned `first`.
        """
        return max(first, self.first), min(last, self.last)

    def limits(self, first: date | None, last: date | None) -> tuple[date | None, date | None]:
        """Return the same for a list's filter; None for a day at or outside the bounds."""
        if first is not None:
            first = None if first <= self.first else min(first, self.last + timedelta(days=1))
        if last is not None:
            last = None if last >= self.last else max(last, self.first - timedelta(days=1))
        return first, last


def bounds() -> Bounds:
    """Return the bounds of the brand in scope.

    They begin with the brand, or with its first month with a click or an order if that is earlier.
    """
    months = MonthTotal.objects.filter(brand=OuterRef("pk")).order_by("month")
    brand = Brand.objects.annotate(first_month=Subquery(months.values("month")[:1])).get(
        pk=current_brand_id()
    )
    made_on = timezone.localdate(brand.created_at)
    return Bounds(min(brand.first_month or made_on, made_on, today()), today())


def choose(
    query: Mapping[str, str],
    *,
    choices: Sequence[str],
    default: str,
    today: date,
    bounds: Callable[[], Bounds] = bounds,
) -> ChosenPeriod:
    """Return the period of ?range=…&first=…&last=…; the default for anything unknown.

    Only a custom range calls `bounds`; it is clamped to them.
    """
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
    within = bounds()
    first, last = within.clamped(first, last)
    if last < first:
        problem = (
            _("This day is in the future")
            if first > within.last
            else _("There is nothing before {day}").format(day=day_in_words(within.first))
        )
        return ChosenPeriod(key, preset(default, today=today), labelled, problem)
    return ChosenPeriod(key, DateRange(first, last), labelled)


def preset(key: str, *, today: date) -> DateRange:
    """Return the days of a preset, which ends today."""
    match key:
        case "today":
            return DateRange(today, today)
        case "7d":
            return DateRange.of_days(7, today=today)
        case "30d":
            return DateRange.of_days(30, today=today)
        case "month":
            return DateRange(today.replace(day=1), today)
        case "6m":
            return DateRange(_six_months_before(today), today)
        case _:
            return DateRange()


def _six_months_before(day: date) -> date:
    month = day.month - 6
    year, month = (day.year, month) if month > 0 else (day.year - 1, month + 12)
    first_of_month = date(year, month, 1)
    return first_of_month + timedelta(days=min(day.day, 28) - 1)
