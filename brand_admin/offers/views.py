"""Offers: the list, an offer's page, and the forms for an offer and its next terms."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.addresses import without_filters
from brand_admin.exporting import Asked, Export, answer_export, export_page
from brand_admin.offers.forms import (
    EditOfferForm,
    NewOfferForm,
    OfferFilter,
    last_day_of,
)
from brand_admin.offers.rows import csv_rows, offer_rows, versions
from brand_admin.offers.status import action_for, actions_for
from brand_admin.offers.terms_forms import TermsRows
from brand_admin.offers.terms_views import typed_values
from brand_admin.pages import (
    Asking,
    export_url,
    id_in,
    in_order,
    paginate,
    render_page,
    searched,
)
from brand_admin.refusals import add_refusal
from brand_admin.versioned import meanwhile
from core.money import UnknownCurrencyError
from core.versions import ChangedMeanwhileError
from offers.models import Offer, OfferStatus, Project
from offers.selectors import member_counts, offers, projects_with, terms_of
from offers.services import change_offer, create_offer, set_offer_status, set_up_stage
from offers.terms import OfferError, TermsValues
from offers.wording import describe_fully, describe_rules, describe_tiers

SECTION = "offers"
ORDERS = {
    "name": ("name", "pk"),
    "status": ("status", "name", "pk"),
    "created": ("created_at", "pk"),
}
NEWEST = "-created"


@brand_page(Permission.READ, post=Permission.MANAGE)
def offer_list(request: BrandRequest) -> HttpResponse:
    form = OfferFilter(request.GET)
    page = paginate(request, _filtered(request, form))
    return render_page(
        request,
        "brand_admin/offers/list.html",
        section=SECTION,
        filters=form,
        search=searched(request),
        clear_url=without_filters(request, "q", "status", "kind"),
        default_order=NEWEST,
        page=page,
        rows=offer_rows(list(page), now=timezone.now()),
        export_url=export_url(request, "brand_admin:offers_export"),
        has_offers=bool(page) or Offer.objects.exists(),
    )


@export_page
@brand_page(Permission.READ, post=Permission.MANAGE)
def offers_export(request: BrandRequest) -> HttpResponseBase:
    return answer_export(request, "offers", offers_file, section=SECTION)


def offers_file(asked: Asked, *, now: datetime) -> Export:
    """Exactly the offers that the list shows, with their figures of all time."""
    found = _filtered(asked, OfferFilter(asked.GET))
    name = f"{asked.brand.slug}-offers.csv"
    return Export("Offers", name, found.count(), csv_rows(found, now=now))


@brand_page(Permission.READ, post=Permission.MANAGE)
def offer_new(request: BrandRequest) -> HttpResponse:
    """A new offer. With ?project=, the project's Sales Tracking stage is set up with it."""
    project = _asked_project(request)
    data, currency = request.POST or None, request.brand.currency
    form = NewOfferForm(data, currency=currency)
    rows = TermsRows(data, terms=None, currency=currency)
    terms = typed_values(form, rows) if request.method == "POST" else None
    if terms is not None:
        offer = _created(request, form, terms)
        if offer is not None and project is not None:
            set_up_stage(project=project, offer=offer, by=request.actor, now=timezone.now())
            return redirect("brand_admin:project", request.brand.slug, project.pk)
        if offer is not None:
            return redirect("brand_admin:offer", request.brand.slug, offer.pk)
    return render_page(
        request,
        "brand_admin/offers/new.html",
        section=SECTION,
        form=form,
        rows=rows,
        project=project,
        status=422 if form.errors or rows.has_errors else 200,
    )


@brand_page(Permission.READ, post=Permission.MANAGE)
def offer_page(request: BrandRequest, offer_id: int) -> HttpResponse:
    offer = get_object_or_404(Offer, pk=offer_id)
    now = timezone.now()
    history = terms_of(offer)
    row = offer_rows([offer], now=now)[0]
    return render_page(
        request,
        "brand_admin/offers/page.html",
        section=SECTION,
        offer=offer,
        row=row,
        figures=row.figures,
        sentence=describe_fully(row.terms, offer.currency),
        tiers=describe_tiers(row.terms, offer.currency),
        rules=describe_rules(row.terms, offer.currency),
        versions=versions(offer, history.versions, now=now),
        last_day=last_day_of(offer),
        is_over=offer.ends_at is not None and offer.ends_at <= now,
        projects=projects_with(offer),
        actions=actions_for(offer),
    )


@brand_page(Permission.READ, post=Permission.MANAGE)
def offer_edit(request: BrandRequest, offer_id: int) -> HttpResponse:
    offer = get_object_or_404(Offer, pk=offer_id)
    form = EditOfferForm.of(offer, request.POST if request.method == "POST" else None)
    told = None
    if request.method == "POST" and form.is_valid():
        try:
            saved = change_offer(
                offer=offer,
                values=form.offer_values(currency=offer.currency),
                by=request.actor,
                now=timezone.now(),
                seen_version=form.cleaned_data["version"],
            )
        except OfferError as error:
            add_refusal(form, error)
        except ChangedMeanwhileError:
            offer.refresh_from_db()
            now_there = EditOfferForm.of(offer)
            form, told = meanwhile(form, current=now_there, version=offer.version, target=offer)
        else:
            messages.success(request, f"{saved.name} is saved.")
            return redirect("brand_admin:offer", request.brand.slug, offer.pk)
    return render_page(
        request,
        "brand_admin/offers/edit.html",
        section=SECTION,
        offer=offer,
        form=form,
        meanwhile=told,
        status=409 if told else 422 if form.errors else 200,
    )


@brand_page(Permission.READ, post=Permission.MANAGE)
def offer_status(request: BrandRequest, offer_id: int, action: str) -> HttpResponse:
    """Say what pausing, resuming, ending or archiving does; on POST, do it."""
    offer = get_object_or_404(Offer, pk=offer_id)
    chosen = action_for(offer, action)
    if chosen is None:
        if action not in {"pause", "resume", "end", "archive"}:
            raise Http404
        messages.info(request, f"{offer.name} is {OfferStatus(offer.status).label.lower()}.")
        return redirect("brand_admin:offer", request.brand.slug, offer.pk)
    if request.method == "POST":
        set_offer_status(offer=offer, status=chosen.status, by=request.actor, now=timezone.now())
        messages.success(request, f"{offer.name} {chosen.done}.")
        return redirect("brand_admin:offer", request.brand.slug, offer.pk)
    members = member_counts([offer.pk]).get(offer.pk, 0)
    return render_page(
        request,
        "brand_admin/offers/status.html",
        section=SECTION,
        offer=offer,
        action=chosen,
        question=chosen.question(offer, members),
    )


def _filtered(request: Asking, form: OfferFilter) -> QuerySet[Offer]:
    """The offers that the address asks for; archived ones only when it says so."""
    form.is_valid()
    status = form.cleaned_data.get("status", "")
    found = offers(
        search=searched(request),
        status="" if status == "all" else status,
        kind=form.cleaned_data.get("kind", ""),
    )
    if not status:
        found = found.exclude(status=OfferStatus.ARCHIVED)
    return in_order(request, found, ORDERS, default=NEWEST)


def _asked_project(request: BrandRequest) -> Project | None:
    asked = request.GET.get("project", "")
    if not asked:
        return None
    number = id_in(asked)
    if number is None:
        raise Http404
    return get_object_or_404(Project, pk=number)


def _created(request: BrandRequest, form: NewOfferForm, terms: TermsValues) -> Offer | None:
    try:
        offer = create_offer(
            values=form.offer_values(currency=form.cleaned_data["currency"]),
            terms=terms,
            by=request.actor,
            now=timezone.now(),
        )
    except (OfferError, UnknownCurrencyError) as error:
        add_refusal(form, error)
        return None
    messages.success(request, f"{offer.name} is ready.")
    return offer
