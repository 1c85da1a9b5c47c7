"""What every page of a project shows: the steps, with the number of members at each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse

from brand_admin.access import BrandRequest
from brand_admin.listing.list_request import ListRequest
from offers.models import Offer, Project
from tracking.outreach.stages import LABELS, Stage, StageStep, is_anyone_at_step, steps_of

SECTION = "projects"


@dataclass(frozen=True, slots=True)
class StepTab:
    label: str
    url: str
    state: str  # for the step component: done, current or todo
    count: int | str


def project_asked(project_id: int) -> Project:
    """Return the project with the offers of its stage. Raises Http404."""
    return get_object_or_404(Project.objects.select_related("offer", "code_offer"), pk=project_id)


def step_url(request: BrandRequest, project: Project, step: StageStep) -> str:
    name = f"brand_admin:project_{step.value.replace('-', '_')}"
    return reverse(name, args=[request.brand.slug, project.pk])


def frame(request: BrandRequest, project: Project, *, part: str) -> dict[str, Any]:
    """Return the context of a project's page. `part` is "members" or a step."""
    stage = steps_of(project)
    return {
        "section": SECTION,
        "project": project,
        "part": part,
        "stage": stage,
        "members_label": "1 member" if stage.members == 1 else f"{stage.members:,} members",
        "steps": [_tab(request, project, stage, step, part) for step in StageStep],
    }


@dataclass(frozen=True, slots=True)
class OfferTab:
    """A tab for one of the two offers of a stage."""

    name: str
    url: str
    is_current: bool


def offer_asked(request: ListRequest, project: Project, step: StageStep) -> Offer | None:
    """Return the offer that the address names; else the first with members at this step."""
    wanted = request.GET.get("offer", "")
    named = next((offer for offer in project.offers if str(offer.pk) == wanted), None)
    if named is not None or len(project.offers) < 2:
        return named or project.offer
    found = (
        one for one in project.offers if is_anyone_at_step(**step_arguments(project, step, one))
    )
    return next(found, project.offer)


def step_arguments(project: Project, step: StageStep, offer: Offer) -> dict[str, Any]:
    """Return the arguments of `members_at_step` for one of the project's offers."""
    of_code_offer = offer.pk == project.code_offer_id
    return {"project_id": project.pk, "step": step, "of_code_offer": of_code_offer}


def offer_tabs(project: Project, current: Offer) -> list[OfferTab]:
    """Return a tab per offer; none if the stage has only one offer."""
    if len(project.offers) < 2:
        return []
    return [
        OfferTab(offer.name, f"?offer={offer.pk}", offer.pk == current.pk)
        for offer in project.offers
    ]


def _tab(
    request: BrandRequest, project: Project, stage: Stage, step: StageStep, part: str
) -> StepTab:
    count = stage.counts.get(step, 0)
    if step == part:
        state = "current"
    else:
        state = "done" if stage.members and _is_done(project, stage, step) else "todo"
    return StepTab(
        label=LABELS[step],
        url=step_url(request, project, step),
        state=state,
        count="" if step is StageStep.SET_UP and project.offer_id else count,
    )


def _is_done(project: Project, stage: Stage, step: StageStep) -> bool:
    """Whether no member is at this step or before it, and some are after it."""
    if step is StageStep.SET_UP:
        return project.offer_id is not None
    steps = list(StageStep)
    place = steps.index(step)
    waiting = any(stage.counts.get(earlier) for earlier in steps[: place + 1])
    return not waiting and any(stage.counts.get(later) for later in steps[place + 1 :])
