"""The Sales Tracking stage of a project: Set up offer → Generate → Send → Tracking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.addresses import without_filters
from brand_admin.forms import Confirmation
from brand_admin.pages import export_url, paginate, render_page, searched, selected_ids
from brand_admin.projects.forms import SetUpForm
from brand_admin.projects.frame import (
    frame,
    offer_asked,
    offer_tabs,
    project_asked,
    step_url,
)
from brand_admin.projects.generating import WHAT, work_reference
from brand_admin.projects.lists import found_in_step, found_in_tracking, step_of_send
from brand_admin.projects.rows import mails_of, send_rows
from brand_admin.refusals import add_refusal
from brand_admin.work_rows import started_about
from notifications.models import Purpose
from offers.models import Enrollment, Offer, Project
from offers.selectors import terms_of
from offers.services import set_up_stage
from offers.terms import OfferError
from offers.wording import describe_fully
from tracking.figures.member_table import member_rows
from tracking.figures.metrics import Figures, figures, totals_by_enrollment
from tracking.links.generating import generate_items
from tracking.links.items import ItemError, Items, items_of
from tracking.links.promo_codes import suggest_codes
from tracking.models import PromoCode, TrackingLink
from tracking.outreach.stages import StageStep, enrollments_at, members_at_step

PER_STEP = 200  # a whole project in one go, mostly


@dataclass(frozen=True, slots=True)
class GenerateRow:
    """A member who lacks a code or a link. `code` is the suggestion, or what was typed; `page` is
    where a deep link is to lead.
    """

    enrollment: Enrollment
    items: Items
    code: str
    problem: str
    page: str
    page_problem: str
    is_ticked: bool


@brand_page(Permission.READ, post=Permission.MANAGE)
def set_up(request: BrandRequest, project_id: int) -> HttpResponse:
    """Pick the offer of the stage; the project's members join it."""
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
    """Give ticked members codes, links or both; all of it or nothing."""
    project = project_asked(project_id)
    offer = offer_asked(request, project, StageStep.GENERATE)
    if offer is None:
        return redirect(step_url(request, project, StageStep.SET_UP))
    problems: dict[int, str] = {}
    off_domain = _off_domain(request, offer)
    if request.method == "POST" and not off_domain:
        try:
            return _generate(request, project, offer)
        except ItemError as error:
            problems = error.problems
    at_step = found_in_step(request, project, StageStep.GENERATE, offer)
    page = paginate(request, at_step, per_page=PER_STEP)
    is_refused = bool(problems or off_domain)
    rows = _generate_rows(request, offer, enrollments_at(page), problems, off_domain)
    return render_page(
        request,
        "brand_admin/projects/generate.html",
        **frame(request, project, part=StageStep.GENERATE),
        page=page,
        rows=rows,
        problems=is_refused,
        offer=offer,
        offer_tabs=offer_tabs(request, project, offer),
        takes_deep_links=offer.gives_links and offer.deep_links_allowed,
        search=searched(request),
        clear_url=without_filters(request, "q"),
        export_url=export_url(request, "brand_admin:project_generate_csv", project.pk),
        started=started_about(work_reference(project)),
        confirmation=Confirmation(),
        status=422 if is_refused else 200,
    )


@brand_page(Permission.READ, post=Permission.MANAGE)
def send(request: BrandRequest, project_id: int) -> HttpResponse:
    """Who has their items but no mail with them, or who has both. The ticked go to the drawer."""
    project = project_asked(project_id)
    step = step_of_send(request)
    offer = offer_asked(request, project, step)
    if offer is None:
        return redirect(step_url(request, project, StageStep.SET_UP))
    if "purpose" in request.GET:  # the form was sent without script
        return _to_drawer(request)
    page = paginate(request, found_in_step(request, project, step, offer), per_page=PER_STEP)
    return render_page(
        request,
        "brand_admin/projects/send.html",
        **frame(request, project, part=StageStep.SEND),
        page=page,
        rows=send_rows(enrollments_at(page)),
        show="sent" if step is StageStep.TRACKING else "waiting",
        search=searched(request),
        clear_url=without_filters(request, "q"),
        export_url=export_url(request, "brand_admin:project_send_csv", project.pk),
        offer=offer,
        offer_tabs=offer_tabs(request, project, offer),
        purpose=Purpose.SALES_TRACKING_ITEMS.value,
    )


@brand_page(Permission.READ, post=Permission.MANAGE)
def tracking(request: BrandRequest, project_id: int) -> HttpResponse:
    """Everybody who was sent their items, with what came of it."""
    project = project_asked(project_id)
    offer = offer_asked(request, project, StageStep.TRACKING)
    if offer is None:
        return redirect(step_url(request, project, StageStep.SET_UP))
    now = timezone.now()
    page = paginate(request, found_in_tracking(request, project, offer))
    enrollments = list(page)
    mails = mails_of(enrollments)
    rows = member_rows(offer, enrollments, now=now)
    return render_page(
        request,
        "brand_admin/projects/tracking.html",
        **frame(request, project, part=StageStep.TRACKING),
        page=page,
        figures=_figures(project, offer),
        rows=[(row, mails.get(row.enrollment.pk)) for row in rows],
        search=searched(request),
        clear_url=without_filters(request, "q"),
        export_url=export_url(request, "brand_admin:project_tracking_csv", project.pk),
        offer=offer,
        offer_tabs=offer_tabs(request, project, offer),
    )


def _sentence(offer: Offer) -> str:
    return describe_fully(terms_of(offer).at(timezone.now()), offer.currency)


def _generate(request: BrandRequest, project: Project, offer: Offer) -> HttpResponse:
    """Raises ItemError when any of the codes can't be given."""
    wants_codes, wants_links = WHAT.get(request.POST.get("action", ""), (False, False))
    chosen = enrollments_at(
        members_at_step(project, StageStep.GENERATE, offer=offer).filter(
            enrollment_pk__in=selected_ids(request)
        )
    )
    if not chosen:
        messages.error(request, "Tick at least one member.")
        return redirect(step_url(request, project, StageStep.GENERATE))
    having = items_of(chosen)
    codes, links = generate_items(
        enrollments=chosen,
        codes={
            row.pk: request.POST.get(f"code-{row.pk}", "")
            for row in chosen
            if wants_codes and offer.gives_codes and having[row.pk].promo_code is None
        },
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
    """What is wrong with the deep links typed for ticked members, by enrollment id."""
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


def _generate_rows(
    request: BrandRequest,
    offer: Offer,
    enrollments: Sequence[Enrollment],
    problems: Mapping[int, str],
    off_domain: Mapping[int, str],
) -> list[GenerateRow]:
    """The page's lines: suggested codes, or after a refusal what was typed and what is wrong."""
    having = items_of(enrollments)
    codes = suggest_codes(offer=offer, enrollments=enrollments) if offer.gives_codes else {}
    is_refused = bool(problems or off_domain)
    typed = request.POST if is_refused else {}
    ticked = set(selected_ids(request)) if is_refused else set()
    return [
        GenerateRow(
            enrollment=row,
            items=having[row.pk],
            code=typed.get(f"code-{row.pk}", codes.get(row.pk, "")),
            problem=problems.get(row.pk, ""),
            page=typed.get(f"page-{row.pk}", ""),
            page_problem=off_domain.get(row.pk, ""),
            is_ticked=row.pk in ticked,
        )
        for row in enrollments
    ]


def _to_drawer(request: BrandRequest) -> HttpResponse:
    """Nobody ticked would mean the whole offer there, so that is asked for here."""
    if request.GET.getlist("selected"):
        compose = reverse("brand_admin:compose", args=[request.brand.slug])
        return redirect(f"{compose}?{request.GET.urlencode()}")
    messages.error(request, "Tick at least one member.")
    return redirect(request.path)


def _figures(project: Project, offer: Offer) -> Figures:
    """Everybody in the last step added up, not only this page's."""
    last = members_at_step(project, StageStep.TRACKING, offer=offer)
    at_step = last.order_by().values("enrollment_pk")
    sent = Enrollment.objects.filter(pk__in=at_step)
    totals = totals_by_enrollment(sent).values()
    return figures(
        currency=offer.currency,
        members=0,
        totals=totals,
        sellers=sum(row.conversions > 0 for row in totals),
    )
