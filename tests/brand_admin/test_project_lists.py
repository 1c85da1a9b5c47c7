"""The lists of a project and its steps: searched, filtered, sorted, and exported as they stand."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from affiliates.details import tag_members
from offers.models import Project
from offers.projects import create_project
from tests.brand_admin.desk import at, csv_of, desk_of, shown
from tests.brand_admin.launch import everybody, generated, mailed
from tests.cast import NOW, SYSTEM, Cast
from tracking.outreach import stages

pytestmark = pytest.mark.usefixtures("at_noon", "at_juniper")
STEPS = ("project_generate", "project_send", "project_tracking")


@pytest.fixture
def vera(cast: Cast) -> Client:
    """The browser of somebody who only reads."""
    return desk_of(cast.vera)


def names(page: Any) -> list[str]:
    """Who is listed on a page of the stage."""
    rows = [row[0] if isinstance(row, tuple) else row for row in page.context["rows"]]
    return [row.enrollment.member.first_name for row in rows]


def exported(client: Client, page: Any) -> list[dict[str, str]]:
    """What the page's own Export button gives."""
    header, *lines = csv_of(client.get(page.context["listing"].export_href))
    return [dict(zip(header, line, strict=True)) for line in lines]


@pytest.fixture
def spread(cast: Cast, staged: Project) -> Project:
    """Mara was sent her items, Diego has his, June has none."""
    mara, diego, _ = everybody(staged)
    generated([mara, diego])
    mailed(mara, "accepted")
    return staged


@pytest.mark.parametrize(
    ("query", "listed"),
    [
        ("", ["Diego", "Mara", "June"]),
        ("?sort=-name", ["June", "Mara", "Diego"]),
        ("?sort=email", ["Diego", "June", "Mara"]),
        ("?q=lind+mara", ["Mara"]),
        ("?q=nobody", []),
        ("?step=generate", ["June"]),
        ("?step=send", ["Diego"]),
        ("?step=tracking", ["Mara"]),
        ("?step=left-out", []),
        ("?step=nonsense", ["Diego", "Mara", "June"]),
    ],
)
def test_members(vera: Client, cast: Cast, spread: Project, query: str, listed: list[str]) -> None:
    page = vera.get(at(cast.juniper, "project_members", project_id=spread.pk) + query)

    assert [row.member.first_name for row in page.context["page"]] == listed
    assert [line["first_name"] for line in exported(vera, page)] == listed


def test_a_line_of_the_members_says_where_they_stand(
    vera: Client, cast: Cast, spread: Project
) -> None:
    lines = csv_of(vera.get(at(cast.juniper, "project_members_csv", project_id=spread.pk)))

    assert lines == [
        ["email", "first_name", "last_name", "stands_in", "added"],
        ["diego@arroyo.example", "Diego", "Arroyo", "send", "2026-11-20T12:00:00+00:00"],
        ["mara@lindqvist.example", "Mara", "Lindqvist", "tracking", "2026-11-20T12:00:00+00:00"],
        ["june@okafor.example", "June", "Okafor", "generate", "2026-11-20T12:00:00+00:00"],
    ]


@pytest.mark.parametrize(
    ("query", "listed"),
    [
        ("", ["Diego", "Mara", "June"]),
        ("?sort=-name", ["June", "Mara", "Diego"]),
        ("?q=oka", ["June"]),
        ("?q=nobody", []),
    ],
)
def test_generate(vera: Client, cast: Cast, staged: Project, query: str, listed: list[str]) -> None:
    page = vera.get(at(cast.juniper, "project_generate", project_id=staged.pk) + query)

    assert names(page) == listed
    lines = exported(vera, page)
    assert [line["first_name"] for line in lines] == listed
    assert {line["lacks"] for line in lines} <= {"code and link"}


@pytest.mark.parametrize(
    ("query", "listed"),
    [
        ("", ["Diego", "Mara"]),
        ("?sort=-email", ["Mara", "Diego"]),
        ("?q=arroyo", ["Diego"]),
        ("?q=oka", []),
        ("?show=sent", ["June"]),
        ("?show=sent&q=oka", ["June"]),
        ("?show=sent&q=arroyo", []),
    ],
)
def test_send(vera: Client, cast: Cast, staged: Project, query: str, listed: list[str]) -> None:
    mara, diego, june = everybody(staged)
    generated([mara, diego, june])
    mailed(mara, "bounced", "no such mailbox")
    mailed(june, "delivered")

    page = vera.get(at(cast.juniper, "project_send", project_id=staged.pk) + query)

    assert names(page) == listed
    lines = exported(vera, page)
    assert [line["first_name"] for line in lines] == listed
    told = {line["first_name"]: (line["status"], line["reason"]) for line in lines}
    assert (
        told.items()
        <= {
            "Mara": ("bounced", "no such mailbox"),
            "Diego": ("not_sent", ""),
            "June": ("delivered", ""),
        }.items()
    )


@pytest.mark.parametrize(
    ("query", "listed"),
    [("", ["Diego", "Mara", "June"]), ("?q=mara", ["Mara"]), ("?q=nobody", [])],
)
def test_tracking(vera: Client, cast: Cast, staged: Project, query: str, listed: list[str]) -> None:
    generated(everybody(staged))
    for enrollment in everybody(staged):
        mailed(enrollment, "accepted")

    page = vera.get(at(cast.juniper, "project_tracking", project_id=staged.pk) + query)

    assert names(page) == listed
    assert [line["first_name"] for line in exported(vera, page)] == listed


@pytest.mark.parametrize("step", STEPS)
def test_no_file_of_a_step_holds_a_dashboard_link(
    vera: Client, cast: Cast, spread: Project, step: str
) -> None:
    lines = csv_of(vera.get(at(cast.juniper, f"{step}_csv", project_id=spread.pk)))

    assert len(lines) == 2
    assert not any("/d/" in cell for line in lines for cell in line)


@pytest.mark.parametrize("step", STEPS)
def test_where_nobody_matches_the_way_back_is_shown(
    vera: Client, cast: Cast, spread: Project, step: str
) -> None:
    page = shown(vera.get(at(cast.juniper, step, project_id=spread.pk) + "?q=nobody"))

    assert "Nobody here matches" in page
    assert "Clear filters" in page


@pytest.mark.parametrize("name", ["project_members_csv", *(f"{step}_csv" for step in STEPS)])
def test_a_project_of_another_brand_is_not_exported(cast: Cast, spread: Project, name: str) -> None:
    otto = desk_of(cast.otto)

    answers = [
        otto.get(at(cast.juniper, name, project_id=spread.pk)),
        otto.get(at(cast.saltmarsh, name, project_id=spread.pk)),
    ]

    assert [answer.status_code for answer in answers] == [404, 404]


@pytest.mark.parametrize("step", STEPS)
def test_an_export_before_there_is_an_offer_leads_to_one(
    vera: Client, cast: Cast, project: Project, step: str
) -> None:
    answer = vera.get(at(cast.juniper, f"{step}_csv", project_id=project.pk))

    assert answer["Location"] == at(cast.juniper, "project_set_up", project_id=project.pk)


def test_the_exports_take_the_same_queries_for_one_member_and_for_three(
    vera: Client, cast: Cast, staged: Project
) -> None:
    addresses = [
        at(cast.juniper, name, project_id=staged.pk) + query
        for name in ("project_members_csv", "project_generate_csv")
        for query in ("?q=mara", "")
    ]

    def counted(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            csv_of(vera.get(address))
        return len(captured)

    assert [counted(address) for address in addresses] == [6, 6, 11, 11]


@pytest.mark.parametrize(
    ("query", "listed"),
    [
        ("", ["Diego", "Mara", "June"]),
        ("?sort=-name", ["June", "Mara", "Diego"]),
        ("?q=mara", ["Mara"]),
        ("?tag=vip", ["June"]),
        ("?offer=none", []),
        ("?owner=none&tag=vip", ["June"]),
    ],
)
def test_who_can_be_added_is_found_by_offer_tag_and_owner(
    theo: Client, cast: Cast, query: str, listed: list[str]
) -> None:
    empty = create_project(name="Empty", by=SYSTEM, now=NOW)
    tag_members(member_ids=[cast.june.pk], tag="vip", by=SYSTEM, now=NOW)

    page = theo.get(at(cast.juniper, "project_add", project_id=empty.pk) + query)

    assert [member.first_name for member in page.context["page"]] == listed


@pytest.mark.parametrize("query", ["", "?sort=-name", "?q=mara"])
@pytest.mark.parametrize("page", ["project_members", *STEPS])
def test_the_queries_of_a_list_are_built_once(
    cast: Cast,
    vera: Client,
    spread: Project,
    page: str,
    query: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who is at which step takes Django longer to put into SQL than all else of such a page."""
    address = at(cast.juniper, page, project_id=spread.pk) + query
    first = vera.get(address)
    for name in ("_with_step", "_with_step_for"):
        monkeypatch.delattr(stages, name)

    again = vera.get(address)

    assert shown(first).partition("<main")[2] == shown(again).partition("<main")[2]
