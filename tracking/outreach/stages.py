"""How far a project's members are in its Sales Tracking stage. Derived from facts, never stored.

A member is at the first step whose fact is missing: an offer, the items that the offer gives,
a mail with them that the mail server took. Whoever is inactive in the offer or was removed from it
is at no step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypedDict, cast

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)

from affiliates.selectors import named
from offers.models import Enrollment, EnrollmentStatus, Offer, Project, ProjectMember
from tracking.outreach.unsent_items import items_mails, lacks_items

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


class StepAnnotations(TypedDict):
    """What `members_at_step` tells with each row; `members_of` tells the step alone."""

    enrollment_pk: int
    step: str


class Step(StrEnum):
    """The steps in their order."""

    SET_UP = "set-up"
    GENERATE = "generate"
    SEND = "send"
    TRACKING = "tracking"


LEFT_OUT = "left-out"
LABELS = {
    Step.SET_UP: "Set up offer",
    Step.GENERATE: "Generate",
    Step.SEND: "Send",
    Step.TRACKING: "Tracking",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """How many members of a project are at each step."""

    counts: Mapping[str, int]

    @property
    def members(self) -> int:
        return sum(self.counts.values())

    @property
    def to_set_up(self) -> int:
        return self.counts.get(Step.SET_UP, 0)

    @property
    def to_generate(self) -> int:
        return self.counts.get(Step.GENERATE, 0)

    @property
    def to_send(self) -> int:
        return self.counts.get(Step.SEND, 0)

    @property
    def left_out(self) -> int:
        return self.counts.get(LEFT_OUT, 0)

    @property
    def sent(self) -> int:
        return self.counts.get(Step.TRACKING, 0)

    @property
    def current(self) -> Step:
        """The step where the work is: the first where anybody is; an empty stage's first."""
        return next((step for step in Step if self.counts.get(step)), Step.SET_UP)


def steps_of(project: Project) -> Stage:
    """How many members are at each step of this project."""
    return stages_of([project.pk])[project.pk]


def stages_of(project_ids: Iterable[int]) -> dict[int, Stage]:
    """The same for many projects, in one query."""
    counts: dict[int, dict[str, int]] = {project_id: {} for project_id in project_ids}
    rows = (
        _with_step(ProjectMember.objects.filter(project__in=list(counts)))
        .values("project_id", "step")
        .annotate(members=Count("pk"))
    )
    for row in rows:
        counts[row["project_id"]][row["step"]] = row["members"]
    return {project_id: Stage(found) for project_id, found in counts.items()}


def members_at_step(
    project: Project, step: str, *, offer: Offer | None = None, search: str = ""
) -> QuerySet[WithAnnotations[ProjectMember, StepAnnotations]]:
    """Who is at this step (or is LEFT_OUT) of one of the project's offers, by name.

    Each row carries its member, and as `enrollment_pk` the enrollment in the offer: the project's
    first unless `offer` is its code offer. Every word of `search` must be in their name or
    address.
    """
    is_second = offer is not None and offer.pk == project.code_offer_id
    rows = _called(ProjectMember.objects.filter(project=project), search)
    found = _with_step_for(rows, "code_offer" if is_second else "offer")
    return _by_name(found.filter(step=step))


def members_of(
    project: Project, *, search: str = "", step: str = ""
) -> QuerySet[WithAnnotations[ProjectMember, StepAnnotations]]:
    """Everybody in the project by name, each with their `step`; or those in one (or LEFT_OUT)."""
    found = _with_step(_called(ProjectMember.objects.filter(project=project), search))
    return _by_name(found.filter(step=step) if step else found)


def _called(rows: QuerySet[ProjectMember], search: str) -> QuerySet[ProjectMember]:
    for word in search.split():
        rows = rows.filter(named(word, via="member__"))
    return rows


def _by_name(
    rows: QuerySet[WithAnnotations[ProjectMember, StepAnnotations]],
) -> QuerySet[WithAnnotations[ProjectMember, StepAnnotations]]:
    return rows.select_related("member").order_by("member__last_name", "member__first_name", "pk")


def enrollments_at(
    rows: Iterable[WithAnnotations[ProjectMember, StepAnnotations]],
) -> list[Enrollment]:
    """The enrollments behind rows of `members_at_step`, with member and offer, in their order."""
    wanted = [row.enrollment_pk for row in rows]
    found = Enrollment.objects.select_related("member", "offer").in_bulk(wanted)
    return [found[pk] for pk in wanted]


def _with_step(
    rows: QuerySet[ProjectMember],
) -> QuerySet[WithAnnotations[ProjectMember, StepAnnotations]]:
    """Annotate each row with its `step`: of two offers, the one that is further behind.

    Who is active in one of two offers is at the step of that one.
    """
    first = rows.annotate(**_facts("offer", "first_"), **_facts("code_offer", "second_"))
    behind = [
        When(Q(first_step=step.value) | Q(second_step=step.value), then=Value(step.value))
        for step in Step
    ]
    step = Case(
        When(project__code_offer=None, then=F("first_step")),
        *behind,
        default=Value(LEFT_OUT),
        output_field=CharField(),
    )
    return cast(
        "QuerySet[WithAnnotations[ProjectMember, StepAnnotations]]", first.annotate(step=step)
    )


def _with_step_for(
    rows: QuerySet[ProjectMember], field: str
) -> QuerySet[WithAnnotations[ProjectMember, StepAnnotations]]:
    """Annotate each row with its `enrollment_pk` in one of the project's offers, and its `step`."""
    found = rows.annotate(**_facts(field, ""))
    return cast("QuerySet[WithAnnotations[ProjectMember, StepAnnotations]]", found)


def _facts(field: str, prefix: str) -> dict[str, Any]:
    """What each row is annotated with for the offer in this field of the project."""
    pk = f"{prefix}enrollment_pk"
    enrollment = Enrollment.objects.filter(
        offer=OuterRef(f"project__{field}"), member=OuterRef("member")
    )
    active = Q(**{f"{prefix}enrollment_status": EnrollmentStatus.ACTIVE})
    return {
        pk: Subquery(enrollment.values("pk")[:1]),
        f"{prefix}enrollment_status": Subquery(enrollment.values("status")[:1]),
        f"{prefix}step": Case(
            When(**{f"project__{field}": None}, then=Value(Step.SET_UP.value)),
            When(~active, then=Value(LEFT_OUT)),
            When(lacks_items(pk, offer=f"project__{field}"), then=Value(Step.GENERATE.value)),
            When(~Exists(items_mails(pk).reached()), then=Value(Step.SEND.value)),
            default=Value(Step.TRACKING.value),
            output_field=CharField(),
        ),
    }
