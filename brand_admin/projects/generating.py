"""Give everybody in the Generate step what they lack, however many they are."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.permissions import Permission
from brand_admin.access import BrandRequest, brand_page
from brand_admin.forms import Confirmation
from brand_admin.projects.frame import project_asked, step_url
from core.references import Reference
from core.templatetags.display import count
from offers.models import Project
from tracking.links.bulk_generation import ask_to_generate
from tracking.outreach.stages import StageStep, members_at_step

WHAT = {"both": (True, True), "codes": (True, False), "links": (False, True)}


def work_reference(project: Project) -> str:
    """Where this work is started."""
    return Reference.to(project)


@require_POST
@brand_page(Permission.MANAGE)
def generate_all(request: BrandRequest, project_id: int) -> HttpResponse:
    """Codes by the naming pattern and links for all who lack them; pressing twice asks once."""
    project = project_asked(project_id)
    form = Confirmation(request.POST)
    wants = WHAT.get(request.POST.get("action", ""))
    if project.offer is None or wants is None or not form.is_valid():
        return redirect(step_url(request, project, StageStep.GENERATE))
    offer = next((one for one in project.offers if str(one.pk) == request.POST.get("offer")), None)
    offer = offer or project.offer
    at_step = members_at_step(project, StageStep.GENERATE, offer=offer)
    ids = set(at_step.values_list("enrollment_pk", flat=True).order_by())
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
