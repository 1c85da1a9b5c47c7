"""Reporting → Sales Tracking: the figures of all offers, and an offer's page with its members."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.charts import DrawnMeasure, draw
from brand_admin.listing.changing import change_rows
from brand_admin.listing.views import show_list
from brand_admin.offers.words import in_brief
from brand_admin.reporting.adding import ToAddToOffer
from brand_admin.reporting.addresses import compose_address
from brand_admin.reporting.lists import (
    OfferFigures,
    OfferMembers,
)
from tracking.figures.metrics import DateRange, offers_totals_by_day, today
from tracking.figures.offer_report import CurrencySummary, OfferRow, offer_rows, summaries
from tracking.figures.periods import bounds


@require_safe
@brand_page(Permission.READ)
def sales_tracking(request: BrandRequest) -> HttpResponse:
    """Show every offer's figures in a period, and their sums per currency."""
    listing = OfferFigures(request)
    rows, period = listing.offer_rows, listing.chosen.period
    sums = summaries(rows, first_currency=request.brand.currency)
    return show_list(
        request,
        listing,
        sums=sums,
        left_out=listing.filters.left_out(listing.search),
        drawn=_drawn(request, rows, sums, period),
    )


@require_safe
@brand_page(Permission.READ)
def offer_report(request: BrandRequest, offer_id: int) -> HttpResponse:
    """Show an offer's figures and its members."""
    listing = OfferMembers(request, offer_id=offer_id)
    offer, period = listing.offer, listing.chosen.period
    rows = offer_rows([offer], period=period, now=listing.now)
    sums = summaries(rows, first_currency=offer.currency)
    return show_list(
        request,
        listing,
        offer=offer,
        terms=listing.terms,
        commission=in_brief(listing.terms, offer.currency),
        summary=sums[0],
        drawn=_drawn(request, rows, sums, period),
        compose=compose_address(request.brand.slug, offer),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.MANAGE)
def offer_add_members(request: BrandRequest, offer_id: int) -> HttpResponse:
    """Choose members who are not in the offer, and add them."""
    listing = ToAddToOffer(request, offer_id=offer_id)
    if request.method == "POST":
        return change_rows(request, listing)
    return show_list(request, listing)


def _drawn(
    request: BrandRequest, rows: Sequence[OfferRow], sums: list[CurrencySummary], period: DateRange
) -> DrawnMeasure:
    """Return the chart of the currency that the address names; else of the first currency."""
    asked = request.GET.get("currency", "")
    currency = next((s.currency for s in sums if s.currency == asked), sums[0].currency)
    drawn = [row.offer for row in rows if row.offer.currency == currency]
    return draw(
        offers_totals_by_day([offer.pk for offer in drawn], period=period),
        key=request.GET.get("show", ""),
        period=period,
        today=today(),
        currency=currency,
        with_clicks=any(offer.gives_links for offer in drawn),
        began=bounds().first,
    )
