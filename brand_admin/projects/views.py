"""Projects: the list, a new one, and who is in it. Its Sales Tracking stage is in `stage`."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.text import capfirst

from accounts.permissions import Permission
from affiliates.models import Member
from affiliates.selectors import members
from brand_admin.access import BrandRequest, brand_page
from brand_admin.addresses import without_filters
from brand_admin.pages import (
    csv_response,
    export_url,
    in_order,
    paginate,
    render_page,
    searched,
    selected_ids,
)
from brand_admin.projects.forms import ProjectForm
from brand_admin.projects.frame import SECTION, frame, project_asked, step_url
from offers.models import Project, ProjectMember
from offers.selectors import projects
from offers.services import add_to_project, create_project
from offers.terms import OfferError
from tracking.stages import Step, members_of, stages_of, steps_of

ORDERS = {"name": ("name", "pk"), "created": ("created_at", "pk")}


@brand_page(Permission.READ, post=Permission.MANAGE)
def project_list(request: BrandRequest) -> HttpResponse:
    page = paginate(request, _filtered(request))
    stages = stages_of([project.pk for project in page])
    return render_page(
        request,
        "brand_admin/projects/list.html",
        section=SECTION,
        search=searched(request),
        clear_url=without_filters(request, "q"),
        export_url=export_url(request, "brand_admin:projects_export"),
        page=page,
        rows=[(project, stages[project.pk]) for project in page],
        has_projects=bool(page) or Project.objects.exists(),
    )


@brand_page(Permission.READ, post=Permission.MANAGE)
def projects_export(request: BrandRequest) -> HttpResponseBase:
    rows = _csv_rows(_filtered(request))
    return csv_response(request, f"{request.brand.slug}-projects.csv", rows)


@brand_page(Permission.READ, post=Permission.MANAGE)
def project_new(request: BrandRequest) -> HttpResponse:
    form = ProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            project = create_project(
                name=form.cleaned_data["name"], by=request.actor, now=timezone.now()
            )
        except OfferError as error:
            form.add_error(error.field, f"{capfirst(str(error))}.")
        else:
            messages.success(request, f"{project.name} is made. Now add its members.")
            return redirect("brand_admin:project_add", request.brand.slug, project.pk)
    return render_page(
        request,
        "brand_admin/projects/new.html",
        section=SECTION,
        form=form,
        status=422 if form.errors else 200,
    )


@brand_page(Permission.READ, post=Permission.MANAGE)
def project_page(request: BrandRequest, project_id: int) -> HttpResponse:
    """Leads to the step where the work is; to the members while there are none."""
    project = get_object_or_404(Project, pk=project_id)
    stage = steps_of(project)
    if not stage.members:
        return redirect("brand_admin:project_members", request.brand.slug, project.pk)
    return redirect(step_url(request, project, stage.current))


@brand_page(Permission.READ, post=Permission.MANAGE)
def project_members(request: BrandRequest, project_id: int) -> HttpResponse:
    """Everybody in the project, with the step each stands in."""
    project = project_asked(project_id)
    return render_page(
        request,
        "brand_admin/projects/members.html",
        **frame(request, project, part="members"),
        search=searched(request),
        clear_url=without_filters(request, "q"),
        page=paginate(request, members_of(project, search=searched(request))),
    )


@brand_page(Permission.READ, post=Permission.MANAGE)
def project_add(request: BrandRequest, project_id: int) -> HttpResponse:
    """Tick existing members who are not in the project yet."""
    project = project_asked(project_id)
    inside = ProjectMember.objects.filter(project=project).values("member")
    if request.method == "POST":
        chosen = list(Member.objects.filter(pk__in=selected_ids(request)).exclude(pk__in=inside))
        if chosen:
            add_to_project(project=project, members=chosen, by=request.actor, now=timezone.now())
            who = str(chosen[0]) if len(chosen) == 1 else f"{len(chosen):,} members"
            messages.success(request, f"Added {who}.")
            return redirect("brand_admin:project", request.brand.slug, project.pk)
        messages.error(request, "Tick at least one member.")
    found = members(search=searched(request)).exclude(pk__in=inside)
    return render_page(
        request,
        "brand_admin/projects/add.html",
        section=SECTION,
        project=project,
        search=searched(request),
        clear_url=without_filters(request, "q"),
        page=paginate(request, found),
        has_members=Member.objects.exists(),
    )


def _filtered(request: BrandRequest) -> QuerySet[Project]:
    found = projects(search=searched(request))
    return in_order(request, found, ORDERS, default="-created")


def _csv_rows(found: QuerySet[Project]) -> Iterator[list[str]]:
    yield ["name", "offer", "members", *(step.value.replace("-", "_") for step in Step), "created"]
    rows = list(found)
    stages = stages_of([project.pk for project in rows])
    for project in rows:
        stage = stages[project.pk]
        yield [
            project.name,
            " + ".join(offer.name for offer in project.offers),
            str(stage.members),
            *(str(stage.counts.get(step, 0)) for step in Step),
            project.created_at.isoformat(),
        ]
