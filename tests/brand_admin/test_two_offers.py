"""A project with a link offer and a code offer: one stage, each step looked at for either."""

from __future__ import annotations

import pytest
from django.test import Client

from offers.models import Enrollment, Offer, Project
from offers.projects import add_to_project, create_project, set_up_stage
from offers.selectors import offers, projects_with
from offers.terms import OfferError
from tests.brand_admin.launch import mailed, new_offer, told
from tests.brand_admin.staff import address
from tests.cast import NOW, SYSTEM, Cast
from tests.snapshot import snapshot
from tracking.links.generating import generate_items
from tracking.links.membership import deactivate_member
from tracking.models import PromoCode, TrackingLink
from tracking.outreach.stages import (
    StageStep,
    is_anyone_at_step,
    members_at_step,
    members_of,
    steps_of,
)

pytestmark = pytest.mark.usefixtures("at_juniper")


@pytest.fixture
def links() -> Offer:
    return new_offer("Links", kind="link")


@pytest.fixture
def codes() -> Offer:
    return new_offer("Codes", kind="code")


@pytest.fixture
def project(cast: Cast, links: Offer, codes: Offer) -> Project:
    """Both, with Mara and Diego in it."""
    made = create_project(name="Both", by=SYSTEM, now=NOW)
    set_up_stage(project=made, offer=links, code_offer=codes, by=SYSTEM, now=NOW)
    add_to_project(project=made, members=[cast.mara, cast.diego], by=SYSTEM, now=NOW)
    return made


def place(project: Project, offer: Offer, cast: Cast) -> Enrollment:
    """Mara's enrollment in the offer."""
    return Enrollment.objects.select_related("member", "offer").get(offer=offer, member=cast.mara)


def step_of_mara(project: Project, cast: Cast) -> str:
    return members_of(project_id=project.pk).get(member=cast.mara).step


def test_a_member_stands_where_they_are_further_behind(
    cast: Cast, project: Project, links: Offer, codes: Offer
) -> None:
    steps = [step_of_mara(project, cast)]
    in_links, in_codes = place(project, links, cast), place(project, codes, cast)

    generate_items(enrollments=[in_links], codes={}, links=True, by=SYSTEM, now=NOW)
    steps.append(step_of_mara(project, cast))
    generate_items(
        enrollments=[in_codes], codes={in_codes.pk: "MARAS"}, links=False, by=SYSTEM, now=NOW
    )
    steps.append(step_of_mara(project, cast))
    mailed(in_links, "accepted")
    steps.append(step_of_mara(project, cast))
    mailed(in_codes, "accepted")
    steps.append(step_of_mara(project, cast))

    assert steps == ["generate", "generate", "send", "send", "tracking"]
    assert steps_of(project).counts == {"tracking": 1, "generate": 1}


def test_who_is_inactive_in_one_offer_stands_where_the_other_says(
    cast: Cast, project: Project, links: Offer, codes: Offer
) -> None:
    deactivate_member(enrollment=place(project, codes, cast), by=SYSTEM, now=NOW)
    assert step_of_mara(project, cast) == "generate"

    deactivate_member(enrollment=place(project, links, cast), by=SYSTEM, now=NOW)

    assert step_of_mara(project, cast) == "left-out"


def test_everybody_joins_both_and_both_know_the_project(
    cast: Cast, project: Project, links: Offer, codes: Offer
) -> None:
    for offer in (links, codes):
        assert Enrollment.objects.filter(offer=offer).count() == 2
        assert list(projects_with(offer)) == [project]
    assert set(offers(project_id=project.pk)) == {links, codes}


@pytest.mark.parametrize(
    ("first", "second"), [("both", "code"), ("link", "both"), ("code", "link")]
)
def test_only_a_link_and_a_code_offer_stand_beside_each_other(first: str, second: str) -> None:
    project = create_project(name="Wrong", by=SYSTEM, now=NOW)
    one, other = new_offer("One", kind=first), new_offer("Other", kind=second)
    before = snapshot()

    with pytest.raises(OfferError):
        set_up_stage(project=project, offer=one, code_offer=other, by=SYSTEM, now=NOW)

    assert snapshot() == before


def test_they_are_picked_together(cast: Cast, theo: Client, links: Offer, codes: Offer) -> None:
    project = create_project(name="Both", by=SYSTEM, now=NOW)
    page = address("project_set_up", project.pk)

    wrong = theo.post(page, {"offer": cast.glow.pk, "code_offer": codes.pk})
    right = theo.post(page, {"offer": links.pk, "code_offer": codes.pk})

    assert wrong.status_code == 422
    assert "must be for links only" in wrong.context["form"].errors["offer"][0]
    assert told(right)[-1] == "The stage runs with Links and Codes."
    assert Project.objects.get(pk=project.pk).offers == (links, codes)


def test_generate_is_done_for_one_and_then_for_the_other(
    cast: Cast, theo: Client, project: Project, links: Offer, codes: Offer
) -> None:
    page = address("project_generate", project.pk)
    in_links, in_codes = place(project, links, cast), place(project, codes, cast)

    first = theo.get(page)
    assert first.context["offer"] == links
    theo.post(f"{page}?offer={links.pk}", {"action": "links", "selected": [in_links.pk]})
    second = theo.get(f"{page}?offer={codes.pk}")
    assert [row.code for row in second.context["rows"]] == ["DIEGOS", "MARAS"]
    theo.post(
        f"{page}?offer={codes.pk}",
        {"action": "codes", "selected": [in_codes.pk], f"code-{in_codes.pk}": "MARAX"},
    )

    assert TrackingLink.objects.get(enrollment=in_links)
    assert PromoCode.objects.get(enrollment=in_codes).code == "MARAX"
    assert step_of_mara(project, cast) == "send"


def test_each_step_opens_where_somebody_stands(
    cast: Cast, theo: Client, project: Project, links: Offer, codes: Offer
) -> None:
    both = list(Enrollment.objects.filter(offer=links).order_by("pk"))
    generate_items(enrollments=both, codes={}, links=True, by=SYSTEM, now=NOW)

    assert theo.get(address("project_generate", project.pk)).context["offer"] == codes
    sending = theo.get(address("project_send", project.pk))
    assert sending.context["offer"] == links
    assert [tab.name for tab in sending.context["offer_tabs"]] == ["Links", "Codes"]
    assert members_at_step(project_id=project.pk, step=StageStep.SEND).count() == 2
    assert not is_anyone_at_step(project_id=project.pk, step=StageStep.SEND, of_code_offer=True)
    assert theo.get(address("project_tracking", project.pk)).status_code == 200


def test_an_offer_that_is_not_the_projects_is_ignored(
    cast: Cast, theo: Client, project: Project, links: Offer
) -> None:
    page = theo.get(address("project_generate", project.pk, query=f"offer={cast.glow.pk}"))

    assert page.context["offer"] == links


# --- deep links in Generate


def test_a_deep_link_is_made_with_the_link(
    cast: Cast, theo: Client, project: Project, links: Offer
) -> None:
    in_links = place(project, links, cast)

    theo.post(
        address("project_generate", project.pk),
        {
            "action": "links",
            "selected": [in_links.pk],
            f"page-{in_links.pk}": " https://juniper.example/sets ",
        },
    )

    made = TrackingLink.objects.filter(enrollment=in_links).order_by("pk")
    assert [row.destination_url for row in made] == ["", "https://juniper.example/sets"]


def test_a_deep_link_off_the_domain_is_warned_of_and_nothing_is_made(
    cast: Cast, theo: Client, project: Project, links: Offer
) -> None:
    in_links = place(project, links, cast)
    before = snapshot()

    answer = theo.post(
        address("project_generate", project.pk),
        {
            "action": "links",
            "selected": [in_links.pk],
            f"page-{in_links.pk}": "https://evil.example/x",
        },
    )

    [row] = [row for row in answer.context["rows"] if row.enrollment == in_links]
    assert answer.status_code == 422
    assert row.page_problem == "https://evil.example/x is not on juniper.example"
    assert (row.page, answer.context["listing"].is_selected(row)) == (
        "https://evil.example/x",
        True,
    )
    assert snapshot() == before


def test_both_of_two_codes_that_clash_are_named(
    cast: Cast, theo: Client, project: Project, codes: Offer
) -> None:
    rows = list(Enrollment.objects.filter(offer=codes).order_by("pk"))
    before = snapshot()

    answer = theo.post(
        address("project_generate", project.pk, query=f"offer={codes.pk}"),
        {
            "action": "codes",
            "selected": [row.pk for row in rows],
            **{f"code-{row.pk}": code for row, code in zip(rows, ("twin", "TWIN"), strict=True)},
        },
    )

    problems = [row.problem for row in answer.context["rows"]]
    assert problems == ["the code TWIN is in this list twice"] * 2
    assert snapshot() == before
