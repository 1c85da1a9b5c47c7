"""Where members stand in a project's Sales Tracking stage."""

from __future__ import annotations

from typing import Any

import pytest

from affiliates.models import Member
from notifications.models import Message, MessageState, Purpose
from offers.models import Enrollment, Offer, Project
from offers.projects import add_to_project, create_project, set_up_stage
from offers.services import create_offer
from offers.terms import TermsValues
from tests.cast import NOW, SYSTEM, Cast, offer_values
from tests.factories import MemberMessageFactory
from tracking.links.generating import generate_items
from tracking.links.membership import deactivate_member
from tracking.outreach.stages import (
    LEFT_OUT,
    StageStep,
    enrollments_at,
    members_at_step,
    members_of,
    stages_of,
    steps_of,
)

pytestmark = pytest.mark.usefixtures("at_juniper")


@pytest.fixture
def project(cast: Cast) -> Project:
    made = create_project(name="Spring", by=SYSTEM, now=NOW)
    add_to_project(project=made, members=[cast.mara, cast.diego, cast.june], by=SYSTEM, now=NOW)
    return made


def new_offer(kind: str = "both") -> Offer:
    values = offer_values(name=f"Spring {kind}", kind=kind)
    return create_offer(values=values, terms=TermsValues(percent_bp=1_000), by=SYSTEM, now=NOW)


def set_up(project: Project, offer: Offer) -> dict[int, Enrollment]:
    set_up_stage(project=project, offer=offer, by=SYSTEM, now=NOW)
    return {row.member_id: row for row in Enrollment.objects.filter(offer=offer)}


def mail(
    enrollment: Enrollment, state: str, purpose: str = Purpose.SALES_TRACKING_ITEMS
) -> Message:
    return MemberMessageFactory.create(enrollment=enrollment, purpose=purpose, state=state)


def step_of(project: Project, member: Member) -> str:
    return {row.member_id: row.step for row in members_of(project_id=project.pk)}[member.pk]


def at_step(project: Project, step: StageStep) -> Any:
    return members_at_step(project_id=project.pk, step=step)


def test_without_an_offer_everybody_stands_in_the_first_step(project: Project) -> None:
    stage = steps_of(project)

    assert stage.counts == {StageStep.SET_UP: 3}
    assert stage.current == StageStep.SET_UP


def test_a_member_stands_in_the_first_step_whose_fact_is_missing(
    cast: Cast, project: Project
) -> None:
    rows = set_up(project, new_offer())
    mara, diego, june = rows[cast.mara.pk], rows[cast.diego.pk], rows[cast.june.pk]

    generate_items(enrollments=[mara], codes={mara.pk: "MARAS"}, links=True, by=SYSTEM, now=NOW)
    generate_items(enrollments=[june], codes={june.pk: "JUNES"}, links=True, by=SYSTEM, now=NOW)
    mail(june, MessageState.ACCEPTED)

    assert steps_of(project).counts == {
        StageStep.GENERATE: 1,
        StageStep.SEND: 1,
        StageStep.TRACKING: 1,
    }
    assert [row.member for row in at_step(project, StageStep.GENERATE)] == [cast.diego]
    assert enrollments_at(at_step(project, StageStep.SEND)) == [mara]
    assert enrollments_at(at_step(project, StageStep.TRACKING)) == [june]
    assert step_of(project, diego.member) == StageStep.GENERATE


@pytest.mark.parametrize(
    ("kind", "code", "link", "step"),
    [
        ("code", True, False, StageStep.SEND),
        ("code", False, True, StageStep.GENERATE),
        ("link", False, True, StageStep.SEND),
        ("link", True, False, StageStep.GENERATE),
        ("both", True, False, StageStep.GENERATE),
        ("both", False, True, StageStep.GENERATE),
        ("both", True, True, StageStep.SEND),
    ],
)
def test_generate_asks_for_what_the_offer_gives(
    cast: Cast, project: Project, kind: str, code: bool, link: bool, step: StageStep
) -> None:
    row = set_up(project, new_offer(kind))[cast.mara.pk]

    codes = {row.pk: "MARAS"} if code else {}
    generate_items(enrollments=[row], codes=codes, links=link, by=SYSTEM, now=NOW)

    assert step_of(project, cast.mara) == step


@pytest.mark.parametrize("state", ["pending", "submitting", "failed", "bounced", "unknown"])
def test_a_mail_that_was_not_taken_leaves_them_in_send(
    cast: Cast, project: Project, state: str
) -> None:
    row = set_up(project, new_offer("link"))[cast.mara.pk]
    generate_items(enrollments=[row], codes={}, links=True, by=SYSTEM, now=NOW)

    mail(row, state)

    assert step_of(project, cast.mara) == StageStep.SEND


def test_a_mail_for_another_purpose_is_not_the_items(cast: Cast, project: Project) -> None:
    row = set_up(project, new_offer("link"))[cast.mara.pk]
    generate_items(enrollments=[row], codes={}, links=True, by=SYSTEM, now=NOW)

    mail(row, MessageState.ACCEPTED, purpose=Purpose.EMAIL_MEMBERS)

    assert step_of(project, cast.mara) == StageStep.SEND


def test_whoever_is_inactive_in_the_offer_stands_in_no_step(cast: Cast, project: Project) -> None:
    row = set_up(project, new_offer())[cast.mara.pk]

    deactivate_member(enrollment=row, by=SYSTEM, now=NOW)

    stage = steps_of(project)
    assert stage.counts == {StageStep.GENERATE: 2, LEFT_OUT: 1}
    assert (stage.members, stage.left_out, stage.current) == (3, 1, StageStep.GENERATE)


def test_many_projects_take_one_query(
    cast: Cast, project: Project, django_assert_num_queries: Any
) -> None:
    other = create_project(name="Other", by=SYSTEM, now=NOW)

    with django_assert_num_queries(1):
        found = stages_of([project.pk, other.pk])

    assert (found[project.pk].members, found[other.pk].members) == (3, 0)


def test_members_are_searched_by_every_word(project: Project) -> None:
    found = members_of(project_id=project.pk, search="june oka")

    assert [row.member.first_name for row in found] == ["June"]
