"""The Sales Tracking stage of a project: Set up offer → Generate → Send → Tracking."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.listing.views import View, answer_with_file, show_list
from brand_admin.pages import render_page, selected_ids
from brand_admin.projects.forms import SetUpForm
from brand_admin.projects.frame import frame, project_asked, step_arguments, step_url
from brand_admin.projects.generate_list import ToGenerate
from brand_admin.projects.generating import WHAT, work_reference
from brand_admin.projects.step_lists import AtStep, ToSend, Tracked
from brand_admin.refusals import add_refusal
from brand_admin.work_progress import started_about
from offers.models import Offer, Project
from offers.projects import set_up_stage
from offers.selectors import terms_of
from offers.terms import OfferError
from offers.wording import describe_fully
from tracking.figures.metrics import Figures, figures
from tracking.links.generating import generate_items
from tracking.links.items import ItemError, items_of
from tracking.models import PromoCode, TrackingLink
from tracking.outreach.stages import (
    StageStep,
    enrollments_at,
    members_at_step,
    totals_at_step,
)


@brand_page(Permission.READ, post=Permission.MANAGE)
def set_up(request: BrandRequest, project_id: int) -> HttpResponse:
    """Choose the offer of the stage; the project's members join it."""
    project = project_asked(project_id)
    form = SetUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            set_up_stage(
                project=project,
                offer=form.chosen,
                code_offer=form.chosen_beside,
                by=request.actor,
                now=timezone.now(),
            )
        except OfferError as error:
            add_refusal(form, error)
        else:
            names = " and ".join(offer.name for offer in project.offers)
            messages.success(request, f"The stage runs with {names}.")
            return redirect("brand_admin:project", request.brand.slug, project.pk)
    return render_page(
        request,
        "brand_admin/projects/set_up.html",
        **frame(request, project, part=StageStep.SET_UP),
        form=form,
        sentences=[(offer, _sentence(offer)) for offer in project.offers],
        new_offer_url=f"{reverse('brand_admin:offer_new', args=[request.brand.slug])}"
        f"?project={project.pk}",
        status=422 if form.errors else 200,
    )


@brand_page(Permission.READ, post=Permission.MANAGE)
def generate(request: BrandRequest, project_id: int) -> HttpResponse:
    """Generate codes, links or both for the checked members: for all of them or for none."""
    listing = ToGenerate(request, project_id=project_id)
    project, offer = listing.project, listing.chosen_offer
    if offer is None:
        return redirect(step_url(request, project, StageStep.SET_UP))
    off_domain = _off_domain(request, offer)
    if request.method == "POST" and not off_domain:
        try:
            return _generate(request, project, offer)
        except ItemError as error:
            listing.problems, listing.had_before = error.problems, error.had_before
    is_refused = bool(listing.problems or off_domain)
    if is_refused:
        listing.off_domain, listing.typed = off_domain, request.POST.dict()
        listing.selected = frozenset(selected_ids(request))
    return show_list(
        request,
        listing,
        **frame(request, project, part=StageStep.GENERATE),
        problems=is_refused,
        started=started_about(work_reference(project)),
        status=422 if is_refused else 200,
    )


@brand_page(Permission.READ, post=Permission.MANAGE)
def send(request: BrandRequest, project_id: int) -> HttpResponse:
    """List members with items, with or without a mail about them. The selected go to the drawer."""
    listing = ToSend(request, project_id=project_id)
    if listing.chosen_offer is None:
        return redirect(step_url(request, listing.project, StageStep.SET_UP))
    if "purpose" in request.GET:  # the form was sent without JavaScript
        return _to_drawer(request)
    return show_list(request, listing, **frame(request, listing.project, part=StageStep.SEND))


@brand_page(Permission.READ, post=Permission.MANAGE)
def tracking(request: BrandRequest, project_id: int) -> HttpResponse:
    """List the members who were sent their items, with their figures."""
    listing = Tracked(request, project_id=project_id)
    project, offer = listing.project, listing.chosen_offer
    if offer is None:
        return redirect(step_url(request, project, StageStep.SET_UP))
    shown = frame(request, project, part=StageStep.TRACKING)
    return show_list(request, listing, **shown, figures=_figures(project, offer))


def _sentence(offer: Offer) -> str:
    return describe_fully(terms_of(offer).at(timezone.now()), offer.currency)


def _generate(request: BrandRequest, project: Project, offer: Offer) -> HttpResponse:
    """Generate the items. Raises ItemError if a code can't be used."""
    wants_codes, wants_links = WHAT.get(request.POST.get("action", ""), (False, False))
    chosen = enrollments_at(
        members_at_step(**step_arguments(project, StageStep.GENERATE, offer)).filter(
            enrollment_pk__in=selected_ids(request)
        )
    )
    if not chosen:
        messages.error(request, "Select at least one member.")
        return redirect(step_url(request, project, StageStep.GENERATE))
    having = items_of(chosen)
    codes, links = generate_items(
        enrollments=chosen,
        codes={
            row.pk: request.POST.get(f"code-{row.pk}", "")
            for row in chosen
            if wants_codes and offer.gives_codes and having[row.pk].promo_code is None
        },
        may_reuse=request.POST.getlist("reuse"),
        seen={},  # only those get a code who have none
        links=wants_links and offer.gives_links,
        deep_links={
            row.pk: url
            for row in chosen
            if wants_links and (url := request.POST.get(f"page-{row.pk}", "").strip())
        },
        by=request.actor,
        now=timezone.now(),
    )
    made = [_how_many(codes, "code")] * bool(codes) + [_how_many(links, "link")] * bool(links)
    messages.success(request, f"Made {' and '.join(made) or 'nothing new'}.")
    return redirect("brand_admin:project", request.brand.slug, project.pk)


def _off_domain(request: BrandRequest, offer: Offer) -> dict[int, str]:
    """Return the errors of typed deep links of checked members, by enrollment id."""
    if request.method != "POST":
        return {}
    typed = {pk: request.POST.get(f"page-{pk}", "").strip() for pk in selected_ids(request)}
    allowed = " or ".join(offer.link_domains)
    return {
        pk: f"{url[:120]} is not on {allowed}"
        for pk, url in typed.items()
        if url and not offer.allows_host_of(url)
    }


def _how_many(things: list[PromoCode] | list[TrackingLink], noun: str) -> str:
    return f"1 {noun}" if len(things) == 1 else f"{len(things):,} {noun}s"


def _to_drawer(request: BrandRequest) -> HttpResponse:
    """Redirect to the drawer. Without a selection it would mail the whole offer, so require one."""
    if request.GET.getlist("selected") or request.GET.get("rows"):
        compose = reverse("brand_admin:compose", args=[request.brand.slug])
        return redirect(f"{compose}?{request.GET.urlencode()}")
    messages.error(request, "Select at least one member.")
    return redirect(request.path)


def _figures(project: Project, offer: Offer) -> Figures:
    """Return the sums over all members of the last step, not only those of this page."""
    totals = totals_at_step(**step_arguments(project, StageStep.TRACKING, offer))
    return figures(
        currency=offer.currency,
        members=0,
        totals=totals,
        sellers=sum(row.conversions > 0 for row in totals),
    )


def step_file(kind: type[AtStep]) -> View:
    """Respond with the file of a step; if the stage has no offer, redirect to Set up."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @brand_page(Permission.READ, post=Permission.MANAGE)
    def file(request: BrandRequest, **args: int) -> HttpResponseBase:
        listing = kind(request, **args)
        if listing.chosen_offer is None:
            return redirect(step_url(request, listing.project, StageStep.SET_UP))
        return answer_with_file(request, listing)

    return file
