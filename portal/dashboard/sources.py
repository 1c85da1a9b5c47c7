"""Where a member's clicks and sales come from: links, words, referrers, countries and devices."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from core.languages import country_name
from core.templatetags.display import count, money, rate
from offers.models import Enrollment
from portal.dashboard.access import Visit, dashboard_page, nothing_here
from portal.dashboard.choices import range_choices
from portal.dashboard.frame import render_page
from tracking.figures.by_source import (
    SourceFigures,
    links_of_enrollments,
    sources_of_enrollments,
)
from tracking.figures.metrics import DateRange, today
from tracking.figures.periods import MEMBER_CHOICES, choose
from tracking.links.items import own_items, without_scheme
from tracking.models import OTHER, Device, Dimension

ROWS = 10  # of each group
WITHOUT_DAYS = tuple(choice for choice in MEMBER_CHOICES if choice != "custom")
DEVICES = {
    Device.PHONE.value: pgettext_lazy("device", "Phone"),
    Device.TABLET.value: pgettext_lazy("device", "Tablet"),
    Device.COMPUTER.value: pgettext_lazy("device", "Computer"),
    Device.OTHER.value: pgettext_lazy("device", "Other"),
}


@dataclass(frozen=True, slots=True)
class Source:
    """One source in words, and what it earned."""

    name: str
    figures: str
    earned: str


@dataclass(frozen=True, slots=True)
class Group:
    """The sources of one kind with the most clicks."""

    title: str
    rows: tuple[Source, ...]


@dashboard_page()
def sources(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show the sources in a range of days. Six queries."""
    if not visit.offer.gives_links:
        return nothing_here(request)
    chosen = choose(request.GET.dict(), choices=WITHOUT_DAYS, default="30d", today=today())
    groups = groups_of(visit.enrollment, chosen.period)
    return render_page(
        request,
        "sources",
        visit,
        ranges=range_choices(chosen, request.GET),
        groups=groups,
        link=None if groups else own_items(visit.enrollment.pk).tracking_link,
    )


def groups_of(enrollment: Enrollment, period: DateRange) -> list[Group]:
    """Return the groups that have a source."""
    own = [enrollment.pk]
    links = links_of_enrollments(own, period=period, limit=ROWS)
    named = [
        Source(
            row.link.label or without_scheme(row.link.destination_url) or _("Your link"),
            in_words(row.figures),
            money(row.figures.commission),
        )
        for row in links.rows
    ]

    def of(dimension: Dimension, name: Callable[[str], str]) -> tuple[Source, ...]:
        table = sources_of_enrollments(own, dimension=dimension, period=period, limit=ROWS)
        return tuple(_sources(table.rows, name))

    groups = [
        Group(_("Links"), tuple(named)),
        Group(_("Your words in links"), of(Dimension.SUB1, str)),
        Group(_("Where people came from"), of(Dimension.REFERRER, _host)),
        Group(_("Countries"), of(Dimension.COUNTRY, country_name)),
        Group(_("Devices"), of(Dimension.DEVICE, lambda kind: str(DEVICES.get(kind, kind)))),
    ]
    return [group for group in groups if group.rows]


def in_words(figures: SourceFigures) -> str:
    """Return "12 clicks · 3 sales · 25%"."""
    clicks = ngettext("%(count)s click", "%(count)s clicks", figures.clicks)
    sales = ngettext("%(count)s sale", "%(count)s sales", figures.conversions)
    parts = [
        clicks % {"count": count(figures.clicks)},
        sales % {"count": count(figures.conversions)},
    ]
    if figures.conversion_rate_bp:
        parts.append(rate(figures.conversion_rate_bp))
    return " · ".join(parts)


def _host(host: str) -> str:
    return host or _("Direct")


def _sources(rows: Iterable[SourceFigures], name: Callable[[str], str]) -> Iterable[Source]:
    for row in rows:
        shown = _("All others") if row.value == OTHER else name(row.value)
        yield Source(shown, in_words(row), money(row.commission))
