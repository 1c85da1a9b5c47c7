"""Reporting → Sales Tracking: the figures of all offers, and an offer's page with its members."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.addresses import without_filters
from brand_admin.charts import DrawnMeasure, draw
from brand_admin.exporting import Asked, Export, answer_export, export_page
from brand_admin.offers.words import in_brief
from brand_admin.pages import (
    Asking,
    chosen_period,
    export_url,
    kept,
    paginate,
    render_page,
    searched,
    selected_ids,
)
from brand_admin.reporting.columns import (
    MEMBER_DEFAULTS,
    OF_MEMBERS,
    OF_OFFERS,
    OFFER_DEFAULTS,
    columns_in,
)
from brand_admin.reporting.forms import AddMembers, MemberFilters, OfferFilters
from brand_admin.reporting.members import ACTIONS, act_on, owed_among
from core.templatetags.display import count
from offers.models import Enrollment, Offer
from offers.selectors import enrollments_of, members_outside, offers, terms_of
from tracking.commissions.current_tiers import tiers_today
from tracking.figures.member_table import export_rows, member_rows
from tracking.figures.metrics import ALL_TIME, DateRange, offers_totals_by_day, today
from tracking.figures.offer_report import (
    CurrencySummary,
    OfferRow,
    in_order,
    offer_lines,
    offer_rows,
    summaries,
)
from tracking.figures.ranking import BY_NAME, ranked, with_at_least
from tracking.links.membership import add_to_offer

SECTION = "sales_tracking"
FOR_ALL = "email_members"
OFFER_FILTERS = ("q", "status", "kind", "project", "figure", "least")
MEMBER_FILTERS = ("q", "status", "figure", "least")
LOOK = ("columns", "range", "first", "last", "show", "currency")  # what no filter changes


@require_safe
@brand_page(Permission.READ)
def sales_tracking(request: BrandRequest) -> HttpResponse:
    """Every offer's figures in a period, add_up_by_currency per currency and side by side."""
    chosen = chosen_period(request)
    filters, rows = _filtered_rows(request, chosen.period, now=timezone.now())
    sums = summaries(rows, first_currency=request.brand.currency)
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    columns = columns_in(request.GET, OF_OFFERS, OFFER_DEFAULTS)
    return render_page(
        request,
        "brand_admin/reporting/sales_tracking.html",
        section=SECTION,
        chosen=chosen,
        filters=filters,
        search=searched(request),
        clear_href=without_filters(request, *OFFER_FILTERS),
        sums=sums,
        drawn=_drawn(request, rows, sums, chosen.period),
        page=page,
        columns=columns,
        rows=[(row, columns.cells(row)) for row in page],
        kept=kept(request, *LOOK),
        kept_with_columns=kept(request, *OFFER_FILTERS, *LOOK[1:], "sort"),
        csv_url=export_url(request, "brand_admin:reporting_csv"),
    )


@export_page
@brand_page(Permission.READ, post=Permission.MANAGE)
def sales_tracking_csv(request: BrandRequest) -> HttpResponseBase:
    return answer_export(request, "sales_tracking", sales_tracking_file, section=SECTION)


def sales_tracking_file(asked: Asked, *, now: datetime) -> Export:
    """The table of offers as it is filtered."""
    _, rows = _filtered_rows(asked, chosen_period(asked).period, now=now)
    name = f"{asked.brand.slug}-sales-tracking.csv"
    return Export("Sales tracking", name, len(rows), offer_lines(rows))


@require_safe
@brand_page(Permission.READ)
def offer_report(request: BrandRequest, offer_id: int) -> HttpResponse:
    """One offer's figures and its members."""
    offer = get_object_or_404(Offer, pk=offer_id)
    now, chosen = timezone.now(), chosen_period(request)
    filters, search = MemberFilters(request.GET), searched(request)
    found = _members(offer, filters, search, chosen.period)
    order = request.GET.get("sort", "")
    page = paginate(request, ranked(found, order=order, period=chosen.period, now=now))
    rows = offer_rows([offer], period=chosen.period, now=now)
    sums = summaries(rows, first_currency=offer.currency)
    terms = terms_of(offer).at(now)
    columns = columns_in(request.GET, OF_MEMBERS, MEMBER_DEFAULTS)
    listed = list(page.object_list)
    tiers = tiers_today(listed, terms, today=today())
    lines = member_rows(offer, listed, now=now, period=chosen.period)
    return render_page(
        request,
        "brand_admin/reporting/offer.html",
        section=SECTION,
        offer=offer,
        terms=terms,
        commission=in_brief(terms, offer.currency),
        chosen=chosen,
        filters=filters,
        search=search,
        clear_href=without_filters(request, *MEMBER_FILTERS),
        summary=sums[0],
        drawn=_drawn(request, rows, sums, chosen.period),
        page=page,
        columns=columns,
        has_tiers=bool(terms.tier_list),
        rows=[(row, columns.cells(row), tiers.get(row.enrollment.pk, "")) for row in lines],
        kept=kept(request, *LOOK),
        kept_with_columns=kept(request, *MEMBER_FILTERS, *LOOK[1:], "sort"),
        compose=_compose_address(request, offer, ()),
        csv_url=export_url(request, "brand_admin:offer_export", offer.pk, range=chosen.key),
    )


@export_page
@brand_page(Permission.READ, post=Permission.MANAGE)
def offer_export(request: BrandRequest, offer_id: int) -> HttpResponseBase:
    return answer_export(request, "offer", offer_file, section=SECTION, offer_id=offer_id)


def offer_file(asked: Asked, *, offer_id: int, now: datetime) -> Export:
    """The member table as the page lists it; where the address says nothing at all, all members
    there ever were, of all time, as `manage.py export_offer` writes them.
    """
    offer = get_object_or_404(Offer, pk=offer_id)
    period = chosen_period(asked).period if asked.GET.get("range") else ALL_TIME
    found: QuerySet[Enrollment] = Enrollment.objects.filter(offer=offer)
    if any(asked.GET.get(name) for name in (*MEMBER_FILTERS, "range")):
        found = _members(offer, MemberFilters(asked.GET), searched(asked), period)
    name = f"{asked.brand.slug}-offer-{offer.pk}.csv"
    lines = export_rows(offer, now=now, found=found, period=period)
    return Export(f"Members of {offer.name}", name, found.count(), lines)


@require_POST
@brand_page(Permission.MANAGE)
def offer_members(request: BrandRequest, offer_id: int) -> HttpResponse:
    """Do something with the ticked members; what can't be taken back lightly asks first."""
    offer = get_object_or_404(Offer, pk=offer_id)
    everybody = Enrollment.objects.filter(offer=offer).select_related("member", "offer")
    chosen = list(everybody.filter(pk__in=selected_ids(request)).order_by(*BY_NAME))
    name = request.POST.get("action", "")
    if name == FOR_ALL:
        return redirect(_compose_address(request, offer, [row.pk for row in chosen]))
    action = ACTIONS.get(name)
    if action is None or not chosen:
        messages.warning(request, "Choose members first: nothing was changed.")
    elif action.asks and not request.POST.get("confirmed"):
        owed = owed_among(chosen, now=timezone.now()) if name == "remove" else {}
        return render_page(
            request,
            "brand_admin/reporting/act.html",
            section=SECTION,
            offer=offer,
            name=name,
            action=action,
            chosen=[(row, owed.get(row.pk)) for row in chosen],
            owed_count=len(owed),
        )
    else:
        done = act_on(action, chosen, by=request.actor, now=timezone.now())
        if done.count:
            noun = "member" if done.count == 1 else "members"
            messages.success(request, f"{count(done.count)} {noun} {action.done}.")
        if done.refused:
            messages.error(request, f"Not removed: {done.refusals}.")
    return redirect("brand_admin:offer_report", request.brand.slug, offer.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@brand_page(Permission.MANAGE)
def offer_add_members(request: BrandRequest, offer_id: int) -> HttpResponse:
    """Pick members who are not in the offer, and add them."""
    offer = get_object_or_404(Offer, pk=offer_id)
    search = searched(request)
    outside = members_outside(offer, search=search)
    form = AddMembers(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        picked = list(members_outside(offer).filter(pk__in=selected_ids(request)))
        if picked:
            add_to_offer(
                offer=offer,
                members=picked,
                with_items=form.cleaned_data["with_items"],
                by=request.actor,
                now=timezone.now(),
            )
            noun = "member" if len(picked) == 1 else "members"
            messages.success(request, f"{count(len(picked))} {noun} added.")
            return redirect("brand_admin:offer_report", request.brand.slug, offer.pk)
        messages.warning(request, "Choose members first: nobody was added.")
    return render_page(
        request,
        "brand_admin/reporting/add_members.html",
        section=SECTION,
        offer=offer,
        form=form,
        search=search,
        page=paginate(request, outside),
    )


def _members(
    offer: Offer, filters: MemberFilters, search: str, period: DateRange
) -> QuerySet[Enrollment]:
    """Who is listed: as the status and the search say, with as much of a figure as asked for."""
    found = enrollments_of(offer, search=search, status=filters.chosen()).select_related(
        "member", "offer"
    )
    asked = filters.least_of(offer.currency)
    if asked is None:
        return found
    figure, least = asked
    return with_at_least(found, figure=figure, least=least, period=period, now=timezone.now())


def _filtered_rows(
    request: Asking, period: DateRange, *, now: datetime
) -> tuple[OfferFilters, list[OfferRow]]:
    filters = OfferFilters(request.GET)
    found = offers(search=searched(request), **filters.chosen())
    rows = offer_rows(list(found), period=period, now=now)
    enough = [row for row in rows if filters.enough(row)]
    return filters, in_order(enough, request.GET.get("sort", ""))


def _drawn(
    request: BrandRequest, rows: list[OfferRow], sums: list[CurrencySummary], period: DateRange
) -> DrawnMeasure:
    """The chart of the currency that the address names, else of the first."""
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
    )


def _compose_address(request: BrandRequest, offer: Offer, ids: list[int] | tuple[()]) -> str:
    """Where Email Members leads: to all members of the offer, or to those named."""
    query = [("purpose", "email_members"), ("offer", offer.pk), *(("selected", pk) for pk in ids)]
    return f"{reverse('brand_admin:compose', args=[request.brand.slug])}?{urlencode(query)}"
