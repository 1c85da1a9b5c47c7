"""An offer's page, and the forms for an offer and its next terms. The list is in `lists`."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.offers.flag_hold import hold_in_words
from brand_admin.offers.forms import (
    EditOfferForm,
    NewOfferForm,
    last_day_of,
)
from brand_admin.offers.rows import offer_rows, versions
from brand_admin.offers.status import StatusAction, action_for, actions_for
from brand_admin.offers.terms_rows import TermsRows
from brand_admin.offers.terms_views import typed_values
from brand_admin.pages import (
    id_in,
    render_page,
)
from brand_admin.refusals import add_refusal
from brand_admin.versioned import meanwhile
from core.versions import ChangedMeanwhileError
from offers.models import Offer, OfferStatus, Project
from offers.projects import set_up_stage
from offers.selectors import member_counts, projects_with, terms_of
from offers.services import change_offer, create_offer, set_offer_status
from offers.status import StatusError
from offers.terms import OfferError, TermsValues
from offers.wording import describe_fully, describe_rules, describe_tiers

SECTION = "offers"


@brand_page(Permission.READ, post=Permission.MANAGE)
def offer_new(request: BrandRequest) -> HttpResponse:
    """Add an offer. With ?project=, the project's Sales Tracking stage then uses it."""
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
        versions=versions(offer, history, now=now),
        last_day=last_day_of(offer),
        is_over=offer.ends_at is not None and offer.ends_at <= now,
        projects=projects_with(offer),
        actions=actions_for(offer),
        hold=hold_in_words(offer),
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
    """Show the effect of pausing, resuming, ending or archiving; on POST, do it."""
    offer = get_object_or_404(Offer, pk=offer_id)
    chosen = action_for(offer, action)
    if chosen is None:
        if action not in {"pause", "resume", "end", "archive"}:
            raise Http404
        messages.info(request, f"{offer.name} is {OfferStatus(offer.status).label.lower()}.")
        return redirect("brand_admin:offer", request.brand.slug, offer.pk)
    if request.method == "POST":
        _set_status(request, offer, chosen)
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


def _set_status(request: BrandRequest, offer: Offer, chosen: StatusAction) -> None:
    """Do what was chosen, unless somebody changed the offer since the page was opened."""
    try:
        set_offer_status(
            offer=offer,
            status=chosen.status,
            seen_version=id_in(request.POST.get("version", "")),
            by=request.actor,
            now=timezone.now(),
        )
    except (StatusError, ChangedMeanwhileError):
        message = "was changed after you opened that page. Check it, then choose again."
        messages.error(request, f"{offer.name} {message}")
    else:
        messages.success(request, f"{offer.name} {chosen.done}.")


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
    except OfferError as error:
        add_refusal(form, error)
        return None
    messages.success(request, f"{offer.name} is ready.")
    return offer
