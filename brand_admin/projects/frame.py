"""What every page of a project shows around its own part: the steps, and who stands in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from brand_admin.access import BrandRequest
from offers.models import Project
from tracking.stages import LABELS, Stage, Step, steps_of

SECTION = "projects"


@dataclass(frozen=True, slots=True)
class StepTab:
    label: str
    url: str
    state: str  # of the step component: done, current or todo
    count: int | str


def step_url(request: BrandRequest, project: Project, step: Step) -> str:
    name = f"brand_admin:project_{step.value.replace('-', '_')}"
    return reverse(name, args=[request.brand.slug, project.pk])


def frame(request: BrandRequest, project: Project, *, part: str) -> dict[str, Any]:
    """The context of a project's page. `part` is "members" or a step."""
    stage = steps_of(project)
    return {
        "section": SECTION,
        "project": project,
        "part": part,
        "stage": stage,
        "members_label": "1 member" if stage.members == 1 else f"{stage.members:,} members",
        "steps": [_tab(request, project, stage, step, part) for step in Step],
    }


def _tab(request: BrandRequest, project: Project, stage: Stage, step: Step, part: str) -> StepTab:
    count = stage.counts.get(step, 0)
    if step == part:
        state = "current"
    else:
        state = "done" if stage.members and _is_done(project, stage, step) else "todo"
    return StepTab(
        label=LABELS[step],
        url=step_url(request, project, step),
        state=state,
        count="" if step is Step.SET_UP and project.offer_id else count,
    )


def _is_done(project: Project, stage: Stage, step: Step) -> bool:
    """Nobody stands in it or before it, and somebody came through."""
    if step is Step.SET_UP:
        return project.offer_id is not None
    steps = list(Step)
    place = steps.index(step)
    waiting = any(stage.counts.get(earlier) for earlier in steps[: place + 1])
    return not waiting and any(stage.counts.get(later) for later in steps[place + 1 :])
