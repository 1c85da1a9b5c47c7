"""The choice of a brand, and Home, the first page of a brand."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.permissions import Permission
from accounts.selectors import brands_of
from brand_admin.access import BrandRequest, brand_page
from brand_admin.charts import draw
from brand_admin.home.beginning import first_steps
from brand_admin.home.counts import what_needs_attention
from brand_admin.pages import render_page
from core.kept_queries import kept_selection
from core.money import round_half_up
from core.templatetags.display import after_refunds, count, money, rate
from offers.models import Offer
from offers.selectors import offers
from tracking.figures.conversion_list import listed_conversions
from tracking.figures.metrics import (
    DateRange,
    Figures,
    offers_totals_by_day,
    today,
    totals_by_offer,
)
from tracking.figures.offer_report import CurrencySummary, offer_rows, summaries
from tracking.models.totals import NOTHING, Totals

DAYS = 30
LATEST = 6
UNATTRIBUTED_NOTE = (
    "In the last 30 days. If there are many, the shop may be wired wrongly: look at what their"
    " codes say."
)


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure, and its change from the period before; what is left of sales beside it."""

    label: str
    value: str
    change: str
    tone: str


@require_safe
@login_required
def door(request: HttpRequest) -> HttpResponse:
    """Redirect to the only brand; with several, let the person choose."""
    roles = brands_of(cast("User", request.user))  # login_required lets nobody else in
    if len(roles) == 1:
        return redirect("brand_admin:home", roles[0].brand.slug)
    return render(request, "brand_admin/home/door.html", {"roles": roles})


@require_safe
@brand_page(Permission.READ)
def home(request: BrandRequest) -> HttpResponse:
    """Show what needs attention, and the brand's figures."""
    now, period = timezone.now(), DateRange.of_days(DAYS, today=today())
    found = kept_selection(offers).all_rows()
    latest = kept_selection(listed_conversions).rows(slice(0, LATEST), {})
    rows = offer_rows(found, period=period, now=now, with_sellers=False)
    sums = summaries(rows, first_currency=request.brand.currency)
    before = _before(found, period)
    drawn = [offer.pk for offer in found if offer.currency == request.brand.currency]
    return render_page(
        request,
        "brand_admin/home/home.html",
        section="home",
        attention=what_needs_attention(now=now),
        unattributed_note=UNATTRIBUTED_NOTE,
        sums=[
            (summary, _tiles(summary, before.get(summary.currency, NOTHING))) for summary in sums
        ],
        due=[summary for summary in sums if summary.due.members],
        drawn=draw(
            offers_totals_by_day(drawn, period=period),
            key=request.GET.get("show", ""),
            period=period,
            today=today(),
            currency=request.brand.currency,
        ),
        latest=latest,
        first_steps=[] if latest else first_steps(request.brand, has_offers=bool(found)),
        has_offers=bool(found),
    )


def _before(found: list[Offer], period: DateRange) -> dict[str, Totals]:
    """Return the totals of the period before, per currency."""
    earlier = period.before()
    if earlier is None:
        return {}
    totals = totals_by_offer([offer.pk for offer in found], period=earlier)
    sums: dict[str, Totals] = defaultdict(Totals)
    for offer in found:
        sums[offer.currency] = sums[offer.currency].plus(totals.get(offer.pk, NOTHING))
    return sums


def _tiles(summary: CurrencySummary, then: Totals) -> list[Tile]:
    """Return clicks, conversions, sales and commission, each with its change."""
    figures = summary.figures
    now = figures.totals
    return [
        _sales_tile(figures, then),
        _tile("Commission", money(figures.commission), now.commission_minor, then.commission_minor),
        _tile("Conversions", count(now.conversions), now.conversions, then.conversions),
        _tile("Clicks", count(now.clicks), now.clicks, then.clicks),
    ]


def _sales_tile(figures: Figures, then: Totals) -> Tile:
    tile = _tile("Sales", money(figures.sales), figures.totals.sales_minor, then.sales_minor)
    kept = after_refunds(figures.sales, figures.refunds)
    return replace(tile, change=" · ".join(filter(None, (tile.change, kept))))


def _tile(label: str, value: str, now: int, before: int) -> Tile:
    """Return a tile. An increase is good; after a period with zero there is no percentage."""
    if before == 0:
        return Tile(label, value, "none before" if now else "", "")
    percent = round_half_up((now - before) * 100, before)
    if percent == 0:
        return Tile(label, value, "no change", "")
    sign, tone = ("+", "good") if percent > 0 else ("\N{MINUS SIGN}", "bad")
    return Tile(label, value, f"{sign}{rate(abs(percent) * 100)}", tone)
