"""The lists of a project as their addresses ask for them, and the exports of just that.

A dashboard link stands in no file: it opens what it shows to whoever has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.exporting import Asked, Export, Source, answer_export, export_page
from brand_admin.pages import Asking, in_order, searched
from brand_admin.projects.forms import StandingFilter
from brand_admin.projects.frame import SECTION, offer_asked, project_asked, step_url
from brand_admin.projects.rows import (
    generate_csv,
    members_csv,
    projects_csv,
    send_csv,
    tracking_csv,
)
from offers.models import Enrollment, Offer, Project, ProjectMember
from offers.selectors import projects
from tracking.figures.metrics import ALL_TIME
from tracking.figures.ranking import ranked
from tracking.outreach.stages import (
    StageStep,
    StepAnnotations,
    enrollments_at,
    members_at_step,
    members_of,
)

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    Standing = QuerySet[WithAnnotations[ProjectMember, StepAnnotations]]

AT_ONCE = 500
ORDERS = {"name": ("name", "pk"), "created": ("created_at", "pk")}
MEMBER_ORDERS = {
    "name": ("member__last_name", "member__first_name", "pk"),
    "email": ("member__email", "pk"),
    "added": ("added_at", "pk"),
}


def found_projects(request: Asking) -> QuerySet[Project]:
    found = projects(search=searched(request))
    return in_order(request, found, ORDERS, default="-created")


def found_members(request: Asking, project: Project) -> Standing:
    """Everybody in the project, or those who stand where the address says."""
    step = StandingFilter(request.GET).chosen()
    found = members_of(project, search=searched(request), step=step)
    return in_order(request, found, MEMBER_ORDERS, default="name")


def found_in_step(request: Asking, project: Project, step: StageStep, offer: Offer) -> Standing:
    found = members_at_step(project, step, offer=offer, search=searched(request))
    return in_order(request, found, MEMBER_ORDERS, default="name")


def step_of_send(request: Asking) -> StageStep:
    """Send lists who waits for their items; with ?show=sent who has them."""
    return StageStep.TRACKING if request.GET.get("show") == "sent" else StageStep.SEND


def found_in_tracking(request: Asking, project: Project, offer: Offer) -> QuerySet[Enrollment]:
    """The enrollments in the last step, in the order of a figure that the address asks for."""
    last = members_at_step(project, StageStep.TRACKING, offer=offer, search=searched(request))
    standing = last.order_by().values("enrollment_pk")
    found = Enrollment.objects.filter(pk__in=standing).select_related("member", "offer")
    order = request.GET.get("sort", "name")
    return ranked(found, order=order, period=ALL_TIME, now=timezone.now())


@export_page
@brand_page(Permission.READ, post=Permission.MANAGE)
def projects_export(request: BrandRequest) -> HttpResponseBase:
    return answer_export(request, "projects", projects_file, section=SECTION)


def projects_file(asked: Asked, *, now: datetime) -> Export:
    """Exactly the projects that the list shows, with how many stand in each step."""
    found = found_projects(asked)
    lines = projects_csv(found.iterator(chunk_size=AT_ONCE))
    return Export("Projects", f"{asked.brand.slug}-projects.csv", found.count(), lines)


@export_page
@brand_page(Permission.READ, post=Permission.MANAGE)
def members_export(request: BrandRequest, project_id: int) -> HttpResponseBase:
    return answer_export(
        request, "project_members", members_file, section=SECTION, project_id=project_id
    )


def members_file(asked: Asked, *, project_id: int, now: datetime) -> Export:
    """Exactly the members that the project's list shows, with the step each stands in."""
    project = project_asked(project_id)
    found = found_members(asked, project)
    name = f"{asked.brand.slug}-project-{project.pk}-members.csv"
    lines = members_csv(found.iterator(chunk_size=AT_ONCE))
    return Export(f"Members of {project.name}", name, found.count(), lines)


@export_page
@brand_page(Permission.READ, post=Permission.MANAGE)
def generate_export(request: BrandRequest, project_id: int) -> HttpResponseBase:
    return _answer(request, "project_generate", project_id)


def generate_file(asked: Asked, *, project_id: int, now: datetime) -> Export:
    """Who lacks a code or a link, as the step lists them."""
    project, offer = _with_offer(asked, project_id, StageStep.GENERATE)
    found = found_in_step(asked, project, StageStep.GENERATE, offer)
    name = f"{asked.brand.slug}-project-{project.pk}-generate.csv"
    lines = generate_csv(offer, _batches(found))
    return Export(f"Generate of {project.name}", name, found.count(), lines)


@export_page
@brand_page(Permission.READ, post=Permission.MANAGE)
def send_export(request: BrandRequest, project_id: int) -> HttpResponseBase:
    return _answer(request, "project_send", project_id)


def send_file(asked: Asked, *, project_id: int, now: datetime) -> Export:
    """Who waits for their items, or who has them, as the step lists them."""
    step = step_of_send(asked)
    project, offer = _with_offer(asked, project_id, step)
    found = found_in_step(asked, project, step, offer)
    name = f"{asked.brand.slug}-project-{project.pk}-send.csv"
    return Export(f"Send of {project.name}", name, found.count(), send_csv(_batches(found)))


@export_page
@brand_page(Permission.READ, post=Permission.MANAGE)
def tracking_export(request: BrandRequest, project_id: int) -> HttpResponseBase:
    return _answer(request, "project", project_id)


def tracking_file(asked: Asked, *, project_id: int, now: datetime) -> Export:
    """Everybody in the last step, in the order that the address asks for."""
    project, offer = _with_offer(asked, project_id, StageStep.TRACKING)
    found = found_in_tracking(asked, project, offer)
    name = f"{asked.brand.slug}-project-{project.pk}.csv"
    lines = tracking_csv(offer, found, now=now)
    return Export(f"Tracking of {project.name}", name, found.count(), lines)


SOURCES: Mapping[str, Source] = {
    "project": tracking_file,
    "project_generate": generate_file,
    "project_members": members_file,
    "project_send": send_file,
    "projects": projects_file,
}


def _answer(request: BrandRequest, name: str, project_id: int) -> HttpResponseBase:
    """The export of a step; before there is an offer, the way to one."""
    project = project_asked(project_id)
    if project.offer is None:
        return redirect(step_url(request, project, StageStep.SET_UP))
    return answer_export(request, name, SOURCES[name], section=SECTION, project_id=project_id)


def _with_offer(asked: Asked, project_id: int, step: StageStep) -> tuple[Project, Offer]:
    project = project_asked(project_id)
    offer = offer_asked(asked, project, step)
    if offer is None:
        raise Http404
    return project, offer


def _batches(found: Standing) -> Iterator[list[Enrollment]]:
    rows = found.iterator(chunk_size=AT_ONCE)
    while batch := list(islice(rows, AT_ONCE)):
        yield enrollments_at(batch)
