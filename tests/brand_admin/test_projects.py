"""Projects in the brand admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry
from affiliates.services import add_member
from core.tenancy import acting_for
from notifications.models import MessageState
from offers.models import Enrollment, OfferStatus, Project, ProjectMember
from offers.projects import add_to_project, create_project, set_up_stage
from offers.services import set_offer_status
from tests.answers import page_text
from tests.brand_admin.desk import desk_of
from tests.brand_admin.launch import everybody, generated, mailed, new_offer, press, told
from tests.brand_admin.staff import address, csv_of, new_brand
from tests.cast import NOW, SYSTEM, Cast
from tracking.models import PromoCode

pytestmark = pytest.mark.usefixtures("at_juniper")


# --- the list


@pytest.mark.parametrize("projects", [1, 3])
def test_the_list_takes_the_same_queries_for_one_project_and_for_three(
    project: Project, theo: Client, projects: int, django_assert_num_queries: Any
) -> None:
    for number in range(projects - 1):
        create_project(name=f"Project {number}", by=SYSTEM, now=NOW)

    with django_assert_num_queries(6):
        response = theo.get(address("projects"))

    assert len(response.context["rows"]) == projects


def test_the_list_shows_where_members_stand(cast: Cast, staged: Project, theo: Client) -> None:
    mara, diego, _june = everybody(staged)
    generated([mara, diego])
    mailed(mara, MessageState.DELIVERED)

    text = theo.get(address("projects")).text

    assert "Launch" in text
    assert "1 to generate" in text
    assert "1 to send" in text
    assert "1 sent" in text


def test_search_order_and_export(project: Project, theo: Client) -> None:
    create_project(name="Autumn", by=SYSTEM, now=NOW)

    def found(query: str) -> list[str]:
        return [row.name for row, _ in theo.get(address("projects", query=query)).context["rows"]]

    assert found("sort=name") == ["Autumn", "Launch"]
    assert found("q=lau") == ["Launch"]
    assert found("q=nothing") == []
    assert csv_of(theo.get(address("projects_export", query="q=launch"))) == [
        "name,offer,members,set_up,generate,send,tracking,created",
        "Launch,,3,3,0,0,0,2026-11-20T12:00:00+00:00",
    ]


def test_an_empty_brand_is_told_what_to_do(cast: Cast) -> None:
    new_brand("fresh", owner=cast.otto)

    assert "No projects yet" in desk_of(cast.otto).get(address("projects", slug="fresh")).text


# --- create, members


def test_a_project_is_made_and_asks_for_members(theo: Client) -> None:
    response = theo.post(address("project_new"), {"name": " Launch "})

    project = Project.objects.get()
    assert project.name == "Launch"
    assert response.headers["Location"] == address("project_add", project.pk)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "This field is required."),
        ("x" * 121, "at most 120 characters"),
        ("Launch", "There is a project 'Launch' already."),
    ],
)
def test_a_bad_name_makes_no_project(
    project: Project, theo: Client, name: str, message: str
) -> None:
    response = theo.post(address("project_new"), {"name": name})

    assert response.status_code == 422
    assert message in response.context["form"].errors["name"][0]
    assert Project.objects.count() == 1


def test_ticked_members_join_the_project_and_its_offer(cast: Cast, theo: Client) -> None:
    project = create_project(name="Small", by=SYSTEM, now=NOW)
    set_up_stage(project=project, offer=new_offer(), by=SYSTEM, now=NOW)

    theo.post(address("project_add", project.pk), {"selected": [cast.mara.pk, cast.june.pk]})

    assert set(ProjectMember.objects.values_list("member", flat=True)) == {
        cast.mara.pk,
        cast.june.pk,
    }
    assert {row.member_id for row in everybody(project)} == {cast.mara.pk, cast.june.pk}
    found = theo.get(address("project_add", project.pk)).context["page"]
    assert list(found) == [cast.diego]


def test_members_of_another_brand_and_nonsense_are_not_added(cast: Cast, theo: Client) -> None:
    project = create_project(name="Small", by=SYSTEM, now=NOW)

    response = theo.post(
        address("project_add", project.pk),
        {"selected": [cast.june_at_saltmarsh.pk, 10**30, "x", ""]},
    )

    assert told(response) == ["Choose members first: nothing was changed."]
    assert ProjectMember.objects.count() == 0


@pytest.mark.parametrize(("query", "members"), [("q=mara", 1), ("", 3)])
def test_the_members_take_the_same_queries_for_one_and_for_three(
    staged: Project, theo: Client, query: str, members: int, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(7):
        response = theo.get(address("project_members", staged.pk, query=query))

    assert len(response.context["page"]) == members


@pytest.mark.parametrize(
    ("facts", "step"),
    [("none", "set_up"), ("offer", "generate"), ("items", "send"), ("mails", "tracking")],
)
def test_the_project_opens_where_the_work_is(
    project: Project, theo: Client, facts: str, step: str
) -> None:
    if facts != "none":
        set_up_stage(project=project, offer=new_offer(), by=SYSTEM, now=NOW)
        rows = list(Enrollment.objects.filter(offer=project.offer).select_related("member"))
    if facts in {"items", "mails"}:
        generated(rows)
    if facts == "mails":
        for row in rows:
            mailed(row, MessageState.ACCEPTED)

    response = theo.get(address("project", project.pk))

    assert response.headers["Location"] == address(f"project_{step}", project.pk)


# --- who may


def test_a_project_of_another_brand_answers_as_a_missing_one(cast: Cast, theo: Client) -> None:
    with acting_for(cast.saltmarsh):
        foreign = create_project(name="Theirs", by=SYSTEM, now=NOW).pk
    views = [
        f"project{part}"
        for part in ("", "_members", "_add", "_set_up", "_generate", "_send", "_tracking")
    ]

    theirs = [theo.get(address(view, foreign)) for view in views]
    missing = [theo.get(address(view, 10**12)) for view in views]

    assert {response.status_code for response in [*theirs, *missing]} == {404}
    assert [r.content for r in theirs] == [r.content for r in missing]
    posted = theo.post(address("project_add", foreign), {"selected": [cast.mara.pk]})
    assert posted.status_code == 404
    with acting_for(cast.saltmarsh):
        assert ProjectMember.objects.count() == 0


def test_a_viewer_reads_and_changes_nothing(cast: Cast, staged: Project) -> None:
    viewer = desk_of(cast.vera)
    mara = everybody(staged)[0]
    audited = AuditEntry.objects.count()

    posts = [
        viewer.post(address("project_new"), {"name": "Mine"}),
        viewer.post(address("project_add", staged.pk), {"selected": [cast.mara.pk]}),
        viewer.post(address("project_set_up", staged.pk), {"offer": cast.glow.pk}),
        press(viewer, staged, "both", {mara: "MARAS"}),
    ]

    assert [response.status_code for response in posts] == [403, 403, 403, 403]
    staged.refresh_from_db()
    assert (Project.objects.count(), staged.offer.name) == (1, "Spring")
    assert not PromoCode.objects.filter(enrollment=mara).exists()
    assert AuditEntry.objects.count() == audited
    page = viewer.get(address("project_generate", staged.pk))
    assert page.status_code == 200
    assert "Generate codes and links" not in page_text(page)


def test_who_joins_a_project_stays_out_of_its_offer_that_is_over(cast: Cast) -> None:
    project = create_project(name="Spring\nlaunch", by=SYSTEM, now=NOW)
    set_up_stage(project=project, offer=cast.glow, by=SYSTEM, now=NOW)
    set_offer_status(offer=cast.glow, status=OfferStatus.ENDED, by=SYSTEM, now=NOW)
    new = add_member(email="", first_name="Elif", last_name="", by=SYSTEM, now=NOW)

    add_to_project(project=project, members=[new], by=SYSTEM, now=NOW)

    assert project.name == "Spring launch"
    assert ProjectMember.objects.filter(project=project, member=new).exists()
    assert not Enrollment.objects.filter(member=new).exists()


def test_the_page_says_what_adding_to_a_project_does(cast: Cast, theo: Client) -> None:
    project = create_project(name="Autumn", by=SYSTEM, now=NOW)
    page = address("project_add", project.pk)
    assert "Select the members who take part." in page_text(theo.get(page))

    set_up_stage(project=project, offer=cast.glow, by=SYSTEM, now=NOW)
    assert f"They join {cast.glow.name} too." in page_text(theo.get(page))

    set_offer_status(offer=cast.glow, status=OfferStatus.ENDED, by=SYSTEM, now=NOW)
    assert "Its offer is closed, so they join none." in page_text(theo.get(page))
