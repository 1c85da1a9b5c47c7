"""Projects: the list, a new one, and who is in it. Its Sales Tracking stage is in `stage`."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from accounts.permissions import Permission
from affiliates.models import Member
from brand_admin.access import BrandRequest, brand_page
from brand_admin.addresses import without_filters
from brand_admin.members.forms import MemberFilter
from brand_admin.members.views import found_members as members_asked_for
from brand_admin.pages import (
    export_url,
    paginate,
    render_page,
    searched,
    selected_ids,
)
from brand_admin.projects.forms import ProjectForm, StandingFilter
from brand_admin.projects.frame import SECTION, frame, project_asked, step_url
from brand_admin.projects.lists import found_members, found_projects
from brand_admin.refusals import add_refusal
from offers.models import Project, ProjectMember
from offers.services import add_to_project, create_project
from offers.terms import OfferError
from tracking.outreach.stages import stages_of, steps_of


@brand_page(Permission.READ, post=Permission.MANAGE)
def project_list(request: BrandRequest) -> HttpResponse:
    page = paginate(request, found_projects(request))
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
def project_new(request: BrandRequest) -> HttpResponse:
    form = ProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            project = create_project(
                name=form.cleaned_data["name"], by=request.actor, now=timezone.now()
            )
        except OfferError as error:
            add_refusal(form, error)
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
        filters=StandingFilter(request.GET),
        search=searched(request),
        clear_url=without_filters(request, "q", "step"),
        export_url=export_url(request, "brand_admin:project_members_csv", project.pk),
        page=paginate(request, found_members(request, project)),
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
    filters = MemberFilter(request.GET)
    return render_page(
        request,
        "brand_admin/projects/add.html",
        section=SECTION,
        project=project,
        filters=filters,
        search=searched(request),
        clear_url=without_filters(request, "q", "offer", "tag", "owner"),
        page=paginate(request, members_asked_for(request, filters).exclude(pk__in=inside)),
        has_members=Member.objects.exists(),
    )
