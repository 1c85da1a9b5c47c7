"""The choice of a brand, and Home, the first page of a brand."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.permissions import Permission, may
from accounts.selectors import brands_of
from brand_admin.access import BrandRequest, brand_page
from brand_admin.charts import draw
from brand_admin.home.beginning import FirstStep, first_steps
from brand_admin.home.comparing import COMPARISONS, comparison_in, tiles_of
from brand_admin.home.counts import what_needs_attention
from brand_admin.home.needs import needs
from brand_admin.pages import render_page
from core.kept_queries import kept_selection
from core.money import Money
from integrations.selectors import live_health
from offers.selectors import offers
from tracking.figures.conversion_list import listed_conversions
from tracking.figures.member_ranking import top_members
from tracking.figures.metrics import offers_totals_by_day, today
from tracking.figures.offer_report import offer_rows, summaries
from tracking.figures.periods import bounds, choose
from tracking.figures.unattributed_orders import latest_unattributed
from tracking.models.totals import NOTHING

PERIODS = ("7d", "30d", "month", "6m")
LATEST = 6
NOBODYS = 3
TOP = 5


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
    """Show what needs attention, and the brand's figures in a period beside an earlier one."""
    now, currency = timezone.now(), request.brand.currency
    asked = {name: str(value) for name, value in request.GET.items()}
    chosen = choose(asked, choices=PERIODS, default="30d", today=today())
    began = bounds().first
    compared = comparison_in(asked, period=chosen.period, began=began)
    found = kept_selection(offers).all_rows()
    latest, health = _latest(), live_health(now=now)
    rows = offer_rows(found, period=chosen.period, now=now, with_sellers=False)
    sums = summaries(rows, first_currency=currency)
    then, compares = compared.totals(found), compared.than is not None
    drawn = [offer.pk for offer in found if offer.currency == currency]
    return render_page(
        request,
        "brand_admin/home/home.html",
        section="home",
        chosen=chosen,
        compared=compared,
        comparisons=COMPARISONS,
        needs=needs(
            what_needs_attention(now=now, health=health), slug=request.brand.slug, due=sums
        ),
        sums=[
            (summary, tiles_of(summary, then.get(summary.currency, NOTHING), compares=compares))
            for summary in sums
        ],
        drawn=draw(
            offers_totals_by_day(drawn, period=chosen.period),
            key=request.GET.get("show", ""),
            period=chosen.period,
            today=today(),
            currency=currency,
            began=began,
            earlier=compared.earlier(drawn),
        ),
        latest=latest,
        latest_at=now,
        top=top_members(period=chosen.period, currency=currency, limit=TOP),
        nobodys=[
            (order, Money(order.total_minor, order.currency))
            for order in latest_unattributed(NOBODYS)
        ],
        health=health,
        first_steps=[] if latest else _first_steps(request, has_offers=bool(found)),
        has_offers=bool(found),
    )


@never_cache
@require_safe
@brand_page(Permission.READ)
def home_latest(request: BrandRequest) -> HttpResponse:
    """The latest conversions alone, which an open Home asks for every half minute."""
    return render_page(
        request,
        "brand_admin/home/latest.html",
        section="home",
        latest=_latest(),
        latest_at=timezone.now(),
    )


def _first_steps(request: BrandRequest, *, has_offers: bool) -> list[FirstStep]:
    may_administer = may(request.role, Permission.ADMINISTER)
    return first_steps(request.brand, has_offers=has_offers, may_administer=may_administer)


def _latest() -> list[object]:
    return kept_selection(listed_conversions).rows(slice(0, LATEST), {})
