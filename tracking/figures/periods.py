"""The ranges of days that readers choose among, on the brand's pages and the affiliate's.

Whatever days an address names, `Bounds` keeps them between the brand's first fact and today: for
every page, list and export, so that no range costs more than the brand's own history.
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
    """What the address asks for: `problem` says why a custom range was not taken."""

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
        """Those of the days from `first` to `last` that lie within; `last` comes before `first`
        when none does.
        """
        return max(first, self.first), min(last, self.last)

    def limits(self, first: date | None, last: date | None) -> tuple[date | None, date | None]:
        """The same for a list, where a day at or beyond the bounds sets no limit of its own."""
        if first is not None:
            first = None if first <= self.first else min(first, self.last + timedelta(days=1))
        if last is not None:
            last = None if last >= self.last else max(last, self.first - timedelta(days=1))
        return first, last


def bounds() -> Bounds:
    """The bounds of the brand acted for. Nothing is older than its first month with a click or an
    order, and than the brand itself.
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
    """The period of ?range=…&first=…&last=…; the default for anything unknown.

    `bounds` is asked for a custom range alone, which is kept within.
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
            _("This is still to come")
            if first > within.last
            else _("There is nothing before {day}").format(day=day_in_words(within.first))
        )
        return ChosenPeriod(key, preset(default, today=today), labelled, problem)
    return ChosenPeriod(key, DateRange(first, last), labelled)


def preset(key: str, *, today: date) -> DateRange:
    """The days of a preset, ending today."""
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
