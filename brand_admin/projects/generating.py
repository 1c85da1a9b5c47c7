"""Generate codes and links for all members who match in the Generate step."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.forms import ConfirmationForm
from brand_admin.projects.frame import step_url
from brand_admin.projects.generate_list import ToGenerate
from core.references import Reference
from core.templatetags.display import count
from offers.models import Project
from tracking.links.bulk_generation import ask_to_generate
from tracking.outreach.stages import StageStep

WHAT = {"both": (True, True), "codes": (True, False), "links": (False, True)}


def work_reference(project: Project) -> str:
    """Return the reference under which the project's work is found again."""
    return Reference.to(project)


@require_POST
@brand_page(Permission.MANAGE)
def generate_all(request: BrandRequest, project_id: int) -> HttpResponse:
    """Generate codes by the naming pattern, and links, for all who lack them.

    A second click does not repeat it.
    """
    listing = ToGenerate(request, project_id=project_id)
    project, offer = listing.project, listing.chosen_offer
    form = ConfirmationForm({"confirmation": request.POST.get("form_key", "")})
    wants = WHAT.get(request.POST.get("action", ""))
    if offer is None or wants is None or not form.is_valid():
        return redirect(step_url(request, project, StageStep.GENERATE))
    ids = set(listing.all_ids())
    if not ids:
        messages.info(request, "Everybody has their code and link already.")
        return redirect(step_url(request, project, StageStep.GENERATE))
    codes, links = wants
    work = ask_to_generate(
        codes_for=ids if codes and offer.gives_codes else (),
        links_for=ids if links and offer.gives_links else (),
        title=f"Codes and links for {count(len(ids))} members of {project.name}",
        about=work_reference(project),
        confirmation=form.cleaned_data["confirmation"],
        by=request.actor,
        now=timezone.now(),
    )
    return redirect("brand_admin:work", request.brand.slug, work.pk)
