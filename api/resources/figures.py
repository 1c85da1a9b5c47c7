"""Figures by offer, member, day or source of clicks, with the definitions of tracking.figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from ninja import Query

from api.authentication import Scope
from api.problems import invalid
from api.resources.operations import Noun
from api.resources.reading import filter_id, page_of, row_id_named, row_named, shown_id
from api.schemas.figures import (
    AskedFigures,
    AskedSources,
    Day,
    FigureRow,
    FiguresShown,
    SourceRow,
    SourcesShown,
)
from api.schemas.parts import AskedPage, money
from core.public_ids import IdKind
from offers.models import Enrollment, Offer
from tracking.figures.by_source import (
    LinkTable,
    SourceFigures,
    SourceTable,
    links_of_enrollments,
    links_of_offers,
    sources_of_enrollments,
    sources_of_offers,
)
from tracking.figures.metrics import (
    DateRange,
    offers_totals_by_day,
    totals_by_day,
    totals_by_enrollment,
    totals_by_offer,
)
from tracking.figures.periods import bounds
from tracking.models import Dimension, TrackingLink
from tracking.models.totals import NOTHING, Totals
from tracking.orders.facts import FieldProblem

NOUN = Noun("figures", changes=Scope.ORDERS)
# The filters that are refused, and why.
MISPLACED: dict[str, dict[str, str]] = {
    "offer": {
        "member": "needs by=member or by=day: by=member returns each offer of a member",
        "cursor": "needs by=member: all offers are one page",
        "limit": "needs by=member: all offers are one page",
    },
    "day": {
        "cursor": "needs by=member: all days are one page",
        "limit": "needs by=member: all days are one page",
    },
}


@NOUN.get("/figures", FiguresShown)
def show_figures(request: HttpRequest, asked: Query[AskedFigures]) -> FiguresShown:
    """Return the figures of a period by offer, by member of an offer, or by day.

    A filter that `by` does not take is refused with 422 (misplaced).
    """
    _refuse_misplaced(asked)
    period = _period(asked)
    if asked.by == "offer":
        data, cursor = _by_offer(asked, period), None
    elif asked.by == "day":
        data, cursor = _by_day(asked, period), None
    else:
        data, cursor = _by_member(request, asked, period)
    return FiguresShown(
        by=asked.by,
        **_days(period),
        data=data,
        next_cursor=cursor,
    )


@NOUN.get("/figures/sources", SourcesShown)
def show_sources(request: HttpRequest, asked: Query[AskedSources]) -> SourcesShown:
    """Return the figures of clicks by link, sub-id, referrer, country or kind of device."""
    period = _period(asked)
    order = "value" if asked.order == "source" else f"-{asked.order}"
    how: Any = {"period": period, "order": order, "limit": asked.limit}
    table: LinkTable | SourceTable
    if asked.by == "link":
        table = _links(asked, how)
        data = [_source(row.figures, link=row.link) for row in table.rows]
    else:
        table = _sources(asked, how | {"dimension": Dimension(asked.by)})
        data = [_source(row) for row in table.rows]
    return SourcesShown(by=asked.by, **_days(period), data=data, has_more=table.has_more)


def _links(asked: AskedSources, how: Any) -> LinkTable:
    if asked.member:
        return links_of_enrollments(_of_member(asked), **how)
    return links_of_offers([_offer(asked).pk], **how)


def _sources(asked: AskedSources, how: Any) -> SourceTable:
    if asked.member:
        return sources_of_enrollments(_of_member(asked), **how)
    return sources_of_offers([_offer(asked).pk], **how)


def _of_member(asked: AskedSources) -> list[int]:
    """The member's enrollments, or the one in an offer."""
    rows = Enrollment.objects.filter(member=filter_id(IdKind.MEMBER, asked, "member"))
    rows = rows.filter(offer=_offer(asked)) if asked.offer else rows
    return list(rows.values_list("pk", flat=True))


def _source(figures: SourceFigures, *, link: TrackingLink | None = None) -> SourceRow:
    currency, per_click = figures.currency, figures.earnings_per_click
    return SourceRow(
        source=link.slug if link else figures.value,
        link=shown_id(IdKind.LINK, link.pk) if link else None,
        clicks=figures.clicks,
        visitors=figures.visitors,
        robots=figures.robots,
        inactive=figures.inactive,
        conversions=figures.conversions,
        conversion_rate_bp=figures.conversion_rate_bp,
        sales=money(figures.sales_minor, currency),
        commission=money(figures.commission_minor, currency),
        earnings_per_click=None if per_click is None else money(per_click.minor, currency),
    )


def _period(asked: AskedFigures | AskedSources) -> DateRange:
    """The days within the brand's history, so that no period costs more than that."""
    if asked.first is None and asked.last is None:
        return DateRange()
    within = bounds()
    first, last = within.clamped(asked.first or within.first, asked.last or within.last)
    if last < first:
        message = f"there are figures from {within.first} to {within.last}"
        raise invalid([FieldProblem("first", "no_such_period", message)])
    return DateRange(first, last)


def _days(period: DateRange) -> Any:
    """Return the first and last day, as they are shown."""
    return {
        "first": period.first.isoformat() if period.first else None,
        "last": period.last.isoformat() if period.last else None,
    }


def _refuse_misplaced(asked: AskedFigures) -> None:
    """Refuse filters that this `by` would ignore. An empty one is none, as in every list."""
    problems = [
        FieldProblem(name, "misplaced", message)
        for name, message in MISPLACED.get(asked.by, {}).items()
        if name in asked.model_fields_set and getattr(asked, name) != ""
    ]
    if problems:
        raise invalid(problems)


def _by_offer(asked: AskedFigures, period: DateRange) -> list[FigureRow]:
    chosen = filter_id(IdKind.OFFER, asked, "offer")
    rows = Offer.objects.order_by("-created_at", "-pk")
    offers = list(rows if chosen is None else rows.filter(pk=chosen))
    totals = totals_by_offer([row.pk for row in offers], period=period)
    return [_row(totals.get(row.pk, NOTHING), row) for row in offers]


def _by_day(asked: AskedFigures, period: DateRange) -> list[FigureRow]:
    """The days of one offer, or of one member in it.

    Amounts of several offers may be in several currencies.
    """
    offer, member = _offer(asked), None
    if asked.member:
        chosen = row_id_named(IdKind.MEMBER, asked.member, field="member")
        enrollments = Enrollment.objects.filter(offer=offer, member=chosen)
        days = totals_by_day(list(enrollments.values_list("pk", flat=True)), period=period)
        member = shown_id(IdKind.MEMBER, chosen)
    else:
        days = offers_totals_by_day([offer.pk], period=period)
    return [
        _row(totals, offer, member=member, day=day.isoformat())
        for day, totals in sorted(days.items())
    ]


def _by_member(
    request: HttpRequest, asked: AskedFigures, period: DateRange
) -> tuple[list[FigureRow], str | None]:
    """The members of an offer, or all offers of a member."""

    def show(rows: Sequence[Enrollment]) -> list[FigureRow]:
        totals = totals_by_enrollment([row.pk for row in rows], period=period)
        return [
            _row(
                totals.get(row.pk, NOTHING),
                row.offer,
                member=shown_id(IdKind.MEMBER, row.member_id),
            )
            for row in rows
        ]

    found = Enrollment.objects.select_related("offer")
    if asked.offer or not asked.member:
        found = found.filter(offer=_offer(asked))
    if asked.member:
        found = found.filter(member=filter_id(IdKind.MEMBER, asked, "member"))
    paged = _AskedMembers(**asked.model_dump(mode="json", exclude={"by"}))
    page = page_of(request, paged, found, column="joined_at", show=show)
    return page.data, page.next_cursor


class _AskedMembers(AskedPage):
    """The query of the list by member; a cursor is for one offer or member, and one period."""

    offer: str
    member: str
    first: Day | None
    last: Day | None


def _offer(asked: AskedFigures | AskedSources) -> Offer:
    if not asked.offer:
        raise invalid([FieldProblem("offer", "missing", f"is needed by {asked.by}")])
    return row_named(IdKind.OFFER, asked.offer, Offer.objects.all(), field="offer")


def _row(
    totals: Totals, offer: Offer, *, member: str | None = None, day: str | None = None
) -> FigureRow:
    currency = offer.currency
    return FigureRow(
        offer=shown_id(IdKind.OFFER, offer.pk),
        member=member,
        day=day,
        clicks=totals.clicks,
        conversions=totals.conversions,
        pending=totals.pending,
        sales=money(totals.sales_minor, currency),
        refunds=money(totals.refunds_minor, currency),
        net_sales=money(totals.sales_minor - totals.refunds_minor, currency),
        commission=money(totals.commission_minor, currency),
        pending_commission=money(totals.pending_minor, currency),
    )
