"""Figures of clicks by where they came from: link, sub-id, referrer, country and device.

The only definition of each, for staff, members, exports and API:

- clicks: visits, without robots and without clicks while offer or link was not active.
- visitors: unique per member, source and day. Who comes on two days counts twice.
- robots, inactive: the clicks that don't count. They are kept for links alone, for staff.
- conversions: accepted ones whose order came with a click of this member's link; on the day of the
  order. A code may have won over the click: the click led there all the same.
- sales: of these conversions, net of refunds. Commission: what they earn now. The commission that
  an offer pays for clicks is in neither.
- conversion rate: conversions by clicks. Earnings per click: their commission by clicks.

Sub-ids and countries have no row for clicks without one; an empty referrer is a direct visit.
Orders by code alone came with no click: they are in no row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import DecimalField, F, QuerySet, Sum, TextField
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, NullIf

from core.money import BASIS_POINTS, Money, round_half_up
from tracking.figures.metrics import ALL_TIME, DateRange
from tracking.models import (
    SOURCE_FIGURES,
    Dimension,
    LinkTotal,
    OfferSource,
    SourceTotal,
    TrackingLink,
)

MAX_ROWS = 500
DEFAULT_ROWS = 50
# What rows can be sorted by. With a "-" the largest come first.
ORDERS = (
    "value", "clicks", "visitors", "robots", "conversions", "conversion_rate", "sales",
    "commission", "earnings_per_click",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """The figures of one source in one currency and one period.

    `value` is the sub-id, the referrer's host, the country's two letters, the kind of device
    (tracking.models.Device) or the link's id.
    """

    value: str
    currency: str
    clicks: int = 0
    visitors: int = 0
    robots: int = 0
    inactive: int = 0
    conversions: int = 0
    sales_minor: int = 0
    commission_minor: int = 0

    @property
    def sales(self) -> Money:
        return Money(self.sales_minor, self.currency)

    @property
    def commission(self) -> Money:
        return Money(self.commission_minor, self.currency)

    @property
    def conversion_rate_bp(self) -> int | None:
        """Conversions by clicks in basis points, 125 is 1.25 %; None without clicks.

        It can be above 10,000: an order counts on its own day, which may be after the click's.
        """
        return round_half_up(self.conversions * BASIS_POINTS, self.clicks) if self.clicks else None

    @property
    def earnings_per_click(self) -> Money | None:
        """Commission by clicks, rounded to minor units; None without clicks."""
        return self._earnings_per(1)

    @property
    def earnings_per_100_clicks(self) -> Money | None:
        """The same for a hundred clicks, where one click earns less than a minor unit."""
        return self._earnings_per(100)

    def _earnings_per(self, number: int) -> Money | None:
        if not self.clicks:
            return None
        return Money(round_half_up(self.commission_minor * number, self.clicks), self.currency)


@dataclass(frozen=True, slots=True)
class LinkFigures:
    """The figures of one tracking link, with its enrollment, member and offer."""

    link: TrackingLink
    figures: SourceFigures


@dataclass(frozen=True, slots=True)
class SourceTable:
    """The first rows in the chosen order; `has_more` says that there are others."""

    rows: tuple[SourceFigures, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class LinkTable:
    """The same of links."""

    rows: tuple[LinkFigures, ...]
    has_more: bool


def sources_of_offers(
    offer_ids: Iterable[int],
    *,
    dimension: Dimension,
    period: DateRange = ALL_TIME,
    order: str = "-clicks",
    limit: int = DEFAULT_ROWS,
) -> SourceTable:
    """Return the figures of these offers by source, for staff. One query.

    A source of offers in two currencies has a row for each. `dimension` is any but the link, of
    which `links_of_offers` has the figures. An unknown `order` is by clicks.
    """
    found = OfferSource.objects.filter(
        period.where(), offer__in=list(offer_ids), dimension=dimension
    )
    return _table(found.values("value", currency=F("offer__currency")), order, limit)


def sources_of_enrollments(
    enrollment_ids: Iterable[int],
    *,
    dimension: Dimension,
    period: DateRange = ALL_TIME,
    order: str = "-clicks",
    limit: int = DEFAULT_ROWS,
) -> SourceTable:
    """Return the figures of these enrollments by source: for a member, or staff of one member."""
    found = SourceTotal.objects.filter(
        period.where(), enrollment__in=list(enrollment_ids), dimension=dimension
    )
    currency = F("enrollment__offer__currency")
    return _table(found.values("value", currency=currency), order, limit)


def links_of_offers(
    offer_ids: Iterable[int],
    *,
    period: DateRange = ALL_TIME,
    order: str = "-clicks",
    limit: int = DEFAULT_ROWS,
) -> LinkTable:
    """Return the figures of these offers by link, for staff. Links without any are left out."""
    return _links("enrollment__offer__in", offer_ids, period, order, limit)


def links_of_enrollments(
    enrollment_ids: Iterable[int],
    *,
    period: DateRange = ALL_TIME,
    order: str = "-clicks",
    limit: int = DEFAULT_ROWS,
) -> LinkTable:
    """Return the figures of these enrollments by link. Links without any are left out."""
    return _links("enrollment__in", enrollment_ids, period, order, limit)


def figures_of_links(
    links: Mapping[int, str], *, period: DateRange = ALL_TIME
) -> dict[int, SourceFigures]:
    """Return the figures of each of these links, by link id, empty ones too. One query.

    `links` gives the currency of each link's offer.
    """
    found: QuerySet[Any, Any]
    if period == ALL_TIME:
        totals = LinkTotal.objects.filter(link__in=list(links))
        found = totals.values(value=Cast("link_id", TextField()))
    else:
        found = SourceTotal.objects.filter(
            period.where(),
            enrollment__in=TrackingLink.objects.filter(pk__in=list(links)).values("enrollment"),
            dimension=Dimension.LINK,
            value__in=[str(link_id) for link_id in links],
        ).values("value")
    sums = {int(row["value"]): row for row in found.annotate(**_sums())}
    return {
        link_id: _figures(sums[link_id] | {"currency": currency})
        if link_id in sums
        else SourceFigures(str(link_id), currency)
        for link_id, currency in links.items()
    }


def days_of_source(
    enrollment_ids: Iterable[int], *, dimension: Dimension, value: str, period: DateRange
) -> dict[date, SourceFigures]:
    """Return one source's figures by day, without empty days, for a chart of one currency."""
    found = SourceTotal.objects.filter(
        period.where(), enrollment__in=list(enrollment_ids), dimension=dimension, value=value
    )
    rows = found.values("day", "value", currency=F("enrollment__offer__currency"))
    return {row["day"]: _figures(row) for row in rows.annotate(**_sums()).order_by("day")}


def _table(grouped: QuerySet[Any, Any], order: str, limit: int) -> SourceTable:
    shown = max(1, min(limit, MAX_ROWS))
    # What came and was taken back, such as a rejected order, is no source of anything.
    with_any = grouped.annotate(**_sums()).exclude(**dict.fromkeys(_sums(), 0))
    rows = list(_sorted(with_any, order)[: shown + 1])
    return SourceTable(tuple(_figures(row) for row in rows[:shown]), len(rows) > shown)


def _links(whose: str, ids: Iterable[int], period: DateRange, order: str, limit: int) -> LinkTable:
    """`whose` is the lookup that finds enrollments by `ids`. Of all time, the links' kept sums."""
    grouped: QuerySet[Any, Any]
    if period == ALL_TIME:
        grouped = LinkTotal.objects.filter(**{f"link__{whose}": list(ids)}).values(
            value=Cast("link_id", TextField()), currency=F("link__enrollment__offer__currency")
        )
    else:
        grouped = SourceTotal.objects.filter(
            period.where(), dimension=Dimension.LINK, **{whose: list(ids)}
        ).values("value", currency=F("enrollment__offer__currency"))
    table = _table(grouped, order, limit)
    links = TrackingLink.objects.select_related("enrollment__member", "enrollment__offer").in_bulk(
        [int(row.value) for row in table.rows]
    )
    rows = tuple(LinkFigures(links[int(row.value)], row) for row in table.rows)
    return LinkTable(rows, table.has_more)


def _sums() -> dict[str, Sum]:
    return {f"sum_{name}": Sum(name) for name in SOURCE_FIGURES}


def _figures(row: Mapping[str, Any]) -> SourceFigures:
    sums = {name: int(row[f"sum_{name}"]) for name in SOURCE_FIGURES}
    return SourceFigures(row["value"], row["currency"], **sums)


def _sorted(rows: QuerySet[Any, Any], order: str) -> QuerySet[Any, Any]:
    name = order.removeprefix("-")
    if name not in ORDERS:
        name, order = "clicks", "-clicks"
    key = _sort_key(name)
    by = key.desc(nulls_last=True) if order.startswith("-") else key.asc(nulls_first=True)
    return rows.order_by(by, "value", "currency")


def _sort_key(name: str) -> Any:
    if name == "value":
        return F("value")
    if name == "conversion_rate":
        return _per_click("sum_conversions")
    if name == "earnings_per_click":
        return _per_click("sum_commission_minor")
    columns = {"sales": "sales_minor", "commission": "commission_minor"}
    return F(f"sum_{columns.get(name, name)}")


def _per_click(column: str) -> Combinable:
    # Only for the sequence of rows: what is shown is computed from whole numbers.
    return Cast(F(column), DecimalField(max_digits=40, decimal_places=12)) / NullIf(
        F("sum_clicks"), 0
    )
