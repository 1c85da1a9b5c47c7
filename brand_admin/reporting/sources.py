"""Where an offer's clicks and sales come from, by links, referrers, countries and devices; and the
products sold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.pages import render_page
from core.languages import country_name
from core.templatetags.display import count, money, quantity, rate
from offers.models import Offer
from tracking.figures import top_products
from tracking.figures.by_source import (
    MAX_ROWS,
    LinkFigures,
    SourceFigures,
    links_of_offers,
    sources_of_offers,
)
from tracking.figures.metrics import DateRange, today
from tracking.figures.periods import BRAND_CHOICES, choose
from tracking.figures.top_products import ProductFigures, top_products_of_offers
from tracking.links.items import without_scheme
from tracking.models import MAX_SOURCES_A_DAY, OTHER, Device, Dimension

SECTION = "sales_tracking"
ROWS = (15, 100, MAX_ROWS)  # at first, then as more is asked for
CHOICES = tuple(choice for choice in BRAND_CHOICES if choice != "custom")
KINDS = {
    "links": "Links", "sub1": "Sub-ids", "referrer": "Referrers", "country": "Countries",
    "device": "Devices", "products": "Products",
}  # fmt: skip
HEADS = (
    "Clicks", "Visitors", "Conversions", "Conversion rate", "Sales", "Commission", "Per click",
)  # fmt: skip
PRODUCT_HEADS = ("Orders", "Pieces", "Sales")
OF_CLICKS = (
    "Where clicks and sales come from. Orders by code alone came with no click, and are not here."
)
OF_PRODUCTS = "The products of all orders that members are credited for, by code or by link."
OTHERS = {"sub1": "Other sub-ids", "referrer": "Other referrers"}
BEYOND = f"Beyond the first {MAX_SOURCES_A_DAY} of a member on a day"


@dataclass(frozen=True, slots=True)
class Line:
    """A source: its name, what it belongs to, and its figures as they are shown."""

    name: str
    note: str
    href: str
    figures: tuple[tuple[str, str], ...]  # what each is, and how much


@require_safe
@brand_page(Permission.READ)
def offer_sources(request: BrandRequest, offer_id: int) -> HttpResponse:
    """Show the sources of one kind in a period, those with the most clicks first."""
    offer = get_object_or_404(Offer, pk=offer_id)
    chosen = choose(request.GET.dict(), choices=CHOICES, default="30d", today=today())
    kind = request.GET.get("by", "links")
    kind = kind if kind in KINDS else "links"
    rows = next((limit for limit in ROWS if str(limit) == request.GET.get("rows")), ROWS[0])
    lines, has_more, is_partial = _lines(request, offer, kind, chosen.period, rows)
    more = next((limit for limit in ROWS if limit > rows), None) if has_more else None
    return render_page(
        request,
        "brand_admin/reporting/sources.html",
        section=SECTION,
        offer=offer,
        title=KINDS[kind],
        subtitle=OF_PRODUCTS if kind == "products" else OF_CLICKS,
        only_newest=count(top_products.MAX_CONVERSIONS) if is_partial else "",
        tabs=[(label, _address(name, chosen.key), name == kind) for name, label in KINDS.items()],
        ranges=[(label, _address(kind, key), key == chosen.key) for key, label in chosen.choices],
        heads=PRODUCT_HEADS if kind == "products" else HEADS,
        lines=lines,
        first=count(len(lines)) if has_more else "",
        most="sales" if kind == "products" else "clicks",
        more=_address(kind, chosen.key, more) if more else "",
    )


def _address(kind: str, period: str, rows: int | None = None) -> str:
    more = {"rows": str(rows)} if rows else {}
    return f"?{urlencode({'by': kind, 'range': period} | more)}"


def _lines(
    request: BrandRequest, offer: Offer, kind: str, period: DateRange, limit: int
) -> tuple[list[Line], bool, bool]:
    """The first lines of a kind, whether there are others, and whether not all sales were read."""
    if kind == "products":
        top = top_products_of_offers([offer.pk], period=period, limit=limit + 1)
        return [_product(one) for one in top.rows[:limit]], len(top.rows) > limit, top.is_partial
    if kind == "links":
        links = links_of_offers([offer.pk], period=period, limit=limit)
        return [_link(request, one) for one in links.rows], links.has_more, False
    table = sources_of_offers([offer.pk], dimension=Dimension(kind), period=period, limit=limit)
    return [_source(kind, one) for one in table.rows], table.has_more, False


def _product(row: ProductFigures) -> Line:
    figures = (count(row.orders), quantity(row.quantity), money(row.sales))
    told = tuple(zip(PRODUCT_HEADS, figures, strict=True))
    return Line(row.product or row.sku, row.sku, "", told)


def _link(request: BrandRequest, row: LinkFigures) -> Line:
    name = row.link.label or without_scheme(row.link.destination_url) or row.link.slug
    href = reverse("brand_admin:link", args=[request.brand.slug, row.link.pk])
    return Line(name, str(row.link.enrollment.member), href, _shown(row.figures))


def _source(kind: str, row: SourceFigures) -> Line:
    if row.value == OTHER:
        return Line(OTHERS[kind], BEYOND, "", _shown(row))
    return Line(NAMES[kind](row.value), "", "", _shown(row))


def _shown(figures: SourceFigures) -> tuple[tuple[str, str], ...]:
    per_click = figures.earnings_per_click
    shown = (
        count(figures.clicks),
        count(figures.visitors),
        count(figures.conversions),
        rate(figures.conversion_rate_bp),
        money(figures.sales),
        money(figures.commission),
        money(per_click) if per_click is not None else "",
    )
    return tuple(zip(HEADS, shown, strict=True))


def _device(value: str) -> str:
    return Device(value).label if value in Device.values else value


NAMES: dict[str, Callable[[str], str]] = {
    "sub1": str,
    "referrer": lambda host: host or "Direct",
    "country": country_name,
    "device": _device,
}
