"""The step of each project member in the Sales Tracking stage. Computed from facts, never stored.

A member is at the first step whose fact is missing: an offer, the items of that offer, a mail with
them that the mail server accepted. A member who is inactive in the offer, or was removed from it,
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

from affiliates.selectors import name_contains
from core.kept_queries import kept_query
from core.text import search_words
from offers.models import Enrollment, EnrollmentStatus, Project, ProjectMember
from tracking.figures.metrics import sums_by_enrollment, totals_of_sums
from tracking.models.totals import Totals
from tracking.outreach.unsent_items import items_mails, lacks_items

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


class StepAnnotations(TypedDict):
    """The annotations of `members_at_step`; `members_of` adds only the step."""

    enrollment_pk: int
    step: str


class StageStep(StrEnum):
    """The steps in their order."""

    SET_UP = "set-up"
    GENERATE = "generate"
    SEND = "send"
    TRACKING = "tracking"


LEFT_OUT = "left-out"
LABELS = {
    StageStep.SET_UP: "Set up offer",
    StageStep.GENERATE: "Generate",
    StageStep.SEND: "Send",
    StageStep.TRACKING: "Tracking",
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
        return self.counts.get(StageStep.SET_UP, 0)

    @property
    def to_generate(self) -> int:
        return self.counts.get(StageStep.GENERATE, 0)

    @property
    def to_send(self) -> int:
        return self.counts.get(StageStep.SEND, 0)

    @property
    def left_out(self) -> int:
        return self.counts.get(LEFT_OUT, 0)

    @property
    def sent(self) -> int:
        return self.counts.get(StageStep.TRACKING, 0)

    @property
    def current(self) -> StageStep:
        """The first step with members; the first step of an empty stage."""
        return next((step for step in StageStep if self.counts.get(step)), StageStep.SET_UP)


def steps_of(project: Project) -> Stage:
    """Return the number of members at each step of this project."""
    return stages_of([project.pk])[project.pk]


def stages_of(project_ids: Iterable[int]) -> dict[int, Stage]:
    """Return the same for many projects, in one query."""
    counts: dict[int, dict[str, int]] = {project_id: {} for project_id in project_ids}
    for project_id, step, members in _counts(project_ids=list(counts)):
        counts[project_id][step] = members
    return {project_id: Stage(found) for project_id, found in counts.items()}


@kept_query
def _counts(*, project_ids: list[int]) -> QuerySet[Any, Any]:
    """Project, step, and how many of the project's members are at it."""
    rows: QuerySet[Any, Any] = (
        _with_step(ProjectMember.objects.filter(project__in=project_ids))
        .values("project_id", "step")
        .annotate(members=Count("pk"))
        .values_list("project_id", "step", "members")
    )
    return rows


def members_at_step(
    *, project_id: int, step: str, of_code_offer: bool = False, search: str = ""
) -> QuerySet[WithAnnotations[ProjectMember, StepAnnotations]]:
    """Return the members at this step (or LEFT_OUT) of one of the project's offers, by name.

    Each row has its member, and as `enrollment_pk` the enrollment in the offer: the project's first
    offer, or its code offer. Name or address must contain every word of `search`.
    """
    rows = _matching(ProjectMember.objects.filter(project=project_id), search)
    found = _with_step_for(rows, "code_offer" if of_code_offer else "offer")
    return _by_name(found.filter(step=step))


def select_enrollments(
    rows: QuerySet[WithAnnotations[ProjectMember, StepAnnotations]],
) -> QuerySet[Enrollment]:
    """Return the enrollments of `members_at_step`, in no order."""
    return Enrollment.objects.filter(pk__in=rows.order_by().values("enrollment_pk"))


def totals_at_step(*, project_id: int, step: str, of_code_offer: bool) -> list[Totals]:
    """Return the totals of each of these members who has any."""
    rows = _sums_at_step(project_id=project_id, step=step, of_code_offer=of_code_offer)
    return list(totals_of_sums(rows).values())


@kept_query
def _sums_at_step(*, project_id: int, step: str, of_code_offer: bool) -> QuerySet[Any, Any]:
    found = members_at_step(project_id=project_id, step=step, of_code_offer=of_code_offer)
    return sums_by_enrollment(select_enrollments(found))


def is_anyone_at_step(*, project_id: int, step: str, of_code_offer: bool) -> bool:
    """Whether `members_at_step` returns anyone."""
    return bool(_first_at_step(project_id=project_id, step=step, of_code_offer=of_code_offer))


@kept_query
def _first_at_step(*, project_id: int, step: str, of_code_offer: bool) -> QuerySet[Any, Any]:
    found = members_at_step(project_id=project_id, step=step, of_code_offer=of_code_offer)
    rows: QuerySet[Any, Any] = found.order_by().values_list("pk")[:1]
    return rows


def members_of(
    *, project_id: int, search: str = "", step: str = ""
) -> QuerySet[WithAnnotations[ProjectMember, StepAnnotations]]:
    """Return the project's members by name, with their `step`; with `step` only that step's."""
    found = _with_step(_matching(ProjectMember.objects.filter(project=project_id), search))
    return _by_name(found.filter(step=step) if step else found)


def _matching(rows: QuerySet[ProjectMember], search: str) -> QuerySet[ProjectMember]:
    for word in search_words(search):
        rows = rows.filter(name_contains(word, via="member__"))
    return rows


def _by_name(
    rows: QuerySet[WithAnnotations[ProjectMember, StepAnnotations]],
) -> QuerySet[WithAnnotations[ProjectMember, StepAnnotations]]:
    return rows.select_related("member").order_by("member__last_name", "member__first_name", "pk")


def enrollments_at(
    rows: Iterable[WithAnnotations[ProjectMember, StepAnnotations]],
) -> list[Enrollment]:
    """Return the enrollments of `members_at_step`, with member and offer, in the same order."""
    wanted = [row.enrollment_pk for row in rows]
    found = Enrollment.objects.select_related("member", "offer").in_bulk(wanted)
    return [found[pk] for pk in wanted]


def _with_step(
    rows: QuerySet[ProjectMember],
) -> QuerySet[WithAnnotations[ProjectMember, StepAnnotations]]:
    """Annotate each row with its `step`. With two offers, the earlier step counts.

    A member who is active in one of the two offers is at that offer's step.
    """
    first = rows.annotate(**_facts("offer", "first_"), **_facts("code_offer", "second_"))
    behind = [
        When(Q(first_step=step.value) | Q(second_step=step.value), then=Value(step.value))
        for step in StageStep
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
    """Return each row's annotations for the offer in this field of the project."""
    pk = f"{prefix}enrollment_pk"
    enrollment = Enrollment.objects.filter(
        offer=OuterRef(f"project__{field}"), member=OuterRef("member")
    )
    active = Q(**{f"{prefix}enrollment_status": EnrollmentStatus.ACTIVE})
    return {
        pk: Subquery(enrollment.values("pk")[:1]),
        f"{prefix}enrollment_status": Subquery(enrollment.values("status")[:1]),
        f"{prefix}step": Case(
            When(**{f"project__{field}": None}, then=Value(StageStep.SET_UP.value)),
            When(~active, then=Value(LEFT_OUT)),
            When(lacks_items(pk, offer=f"project__{field}"), then=Value(StageStep.GENERATE.value)),
            When(~Exists(items_mails(pk).reached()), then=Value(StageStep.SEND.value)),
            default=Value(StageStep.TRACKING.value),
            output_field=CharField(),
        ),
    }
