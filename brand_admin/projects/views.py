"""Projects and their members. The Sales Tracking stage is in `stage`."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.listing.changing import change_rows
from brand_admin.listing.views import show_list
from brand_admin.pages import render_page
from brand_admin.projects.forms import ProjectForm
from brand_admin.projects.frame import SECTION, frame, step_url
from brand_admin.projects.lists import ProjectMembers, ToAdd
from brand_admin.refusals import add_refusal
from offers.models import Project
from offers.projects import create_project
from offers.terms import OfferError
from tracking.outreach.stages import steps_of


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
    """Redirect to the step that needs work; to the members if there are none."""
    project = get_object_or_404(Project, pk=project_id)
    stage = steps_of(project)
    if not stage.members:
        return redirect("brand_admin:project_members", request.brand.slug, project.pk)
    return redirect(step_url(request, project, stage.current))


@brand_page(Permission.READ, post=Permission.MANAGE)
def project_members(request: BrandRequest, project_id: int) -> HttpResponse:
    """List all members of the project, each with their step."""
    listing = ProjectMembers(request, project_id=project_id)
    return show_list(request, listing, **frame(request, listing.project, part="members"))


@brand_page(Permission.READ, post=Permission.MANAGE)
def project_add(request: BrandRequest, project_id: int) -> HttpResponse:
    """Choose members who are not in the project yet."""
    listing = ToAdd(request, project_id=project_id)
    if request.method == "POST":
        return change_rows(request, listing)
    return show_list(request, listing)
