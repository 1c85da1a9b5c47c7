"""The four steps of a project's Sales Tracking stage."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.models import AuditEntry
from core.tenancy import acting_for
from notifications.models import MessageState
from offers.models import OfferStatus, Project
from offers.projects import add_to_project, create_project, set_up_stage
from offers.services import set_offer_status
from tests.answers import page_text
from tests.brand_admin.launch import everybody, generated, in_stage, mailed, new_offer, press, told
from tests.brand_admin.staff import address, csv_of
from tests.cast import NOW, SYSTEM, Cast, order
from tracking.links.membership import deactivate_member
from tracking.models import PromoCode, TrackingLink
from tracking.orders.recording import record_order
from tracking.outreach.stages import StageStep, steps_of

pytestmark = pytest.mark.usefixtures("at_juniper")


# --- set up offer


def test_picking_an_offer_sets_up_the_stage_and_enrolls_everybody(
    project: Project, theo: Client
) -> None:
    offer = new_offer()

    theo.post(address("project_set_up", project.pk), {"offer": offer.pk})

    project.refresh_from_db()
    assert project.offer == offer
    assert len(everybody(project)) == 3
    assert steps_of(project).counts == {StageStep.GENERATE: 3}


def test_an_offer_that_cannot_be_picked_sets_nothing_up(
    cast: Cast, project: Project, theo: Client
) -> None:
    ended = new_offer("Over")
    set_offer_status(offer=ended, status=OfferStatus.ENDED, by=SYSTEM, now=NOW)

    answers = [
        theo.post(address("project_set_up", project.pk), {"offer": key})
        for key in (cast.tide.pk, ended.pk, 10**12, "x", "")
    ]

    assert [answer.status_code for answer in answers] == [422] * 5
    project.refresh_from_db()
    assert project.offer is None


@pytest.mark.parametrize("step", ["generate", "send", "tracking"])
def test_without_an_offer_the_later_steps_lead_back(
    project: Project, theo: Client, step: str
) -> None:
    response = theo.get(address(f"project_{step}", project.pk))

    assert response.headers["Location"] == address("project_set_up", project.pk)


# --- generate


@pytest.mark.parametrize("members", [1, 3])
def test_generate_takes_the_same_queries_for_one_member_and_for_three(
    cast: Cast, theo: Client, members: int, django_assert_num_queries: Any
) -> None:
    project = create_project(name="Sized", by=SYSTEM, now=NOW)
    chosen = [cast.mara, cast.diego, cast.june][:members]
    add_to_project(project=project, members=chosen, by=SYSTEM, now=NOW)
    set_up_stage(project=project, offer=new_offer(), by=SYSTEM, now=NOW)

    with django_assert_num_queries(13):
        response = theo.get(address("project_generate", project.pk))

    assert len(response.context["rows"]) == members


def test_codes_are_suggested_from_the_pattern(staged: Project, theo: Client) -> None:
    rows = theo.get(address("project_generate", staged.pk)).context["rows"]

    assert [row.code for row in rows] == ["DIEGOS", "MARAS", "JUNES"]


def test_ticked_members_get_the_codes_as_edited_and_links(
    cast: Cast, staged: Project, theo: Client
) -> None:
    mara, diego, june = everybody(staged)

    response = press(theo, staged, "both", {mara: "mara spring", diego: "DIEGOS"})

    assert told(response) == ["Made 2 codes and 2 links."]
    codes = dict(PromoCode.objects.values_list("enrollment_id", "code"))
    assert (codes[mara.pk], codes[diego.pk]) == ("MARASPRING", "DIEGOS")
    assert june.pk not in codes
    assert TrackingLink.objects.filter(enrollment__in=[mara, diego]).count() == 2
    assert steps_of(staged).counts == {StageStep.GENERATE: 1, StageStep.SEND: 2}


@pytest.mark.parametrize(("action", "codes", "links"), [("codes", 1, 0), ("links", 0, 1)])
def test_codes_or_links_alone(
    staged: Project, theo: Client, action: str, codes: int, links: int
) -> None:
    mara = everybody(staged)[0]

    response = press(theo, staged, action, {mara: "MARAS"})

    assert told(response) == [f"Made 1 {action[:-1]}."]
    assert PromoCode.objects.filter(enrollment=mara).count() == codes
    assert TrackingLink.objects.filter(enrollment=mara).count() == links
    assert steps_of(staged).counts == {StageStep.GENERATE: 3}


def test_who_has_a_code_keeps_it_when_the_link_is_made(staged: Project, theo: Client) -> None:
    mara = everybody(staged)[0]
    press(theo, staged, "codes", {mara: "MARAS"})

    press(theo, staged, "both", {mara: "OTHER"})

    assert [row.code for row in PromoCode.objects.filter(enrollment=mara)] == ["MARAS"]
    assert TrackingLink.objects.filter(enrollment=mara).count() == 1


def test_every_clash_is_named_per_member_and_nothing_is_half_done(
    cast: Cast, staged: Project, theo: Client
) -> None:
    mara, diego, june = everybody(staged)
    before = (PromoCode.objects.count(), TrackingLink.objects.count(), AuditEntry.objects.count())

    response = press(theo, staged, "both", {mara: "DIEGO10", diego: "FINE", june: "no good?"})

    assert response.status_code == 422
    rows = {row.enrollment.pk: row for row in response.context["rows"]}
    assert rows[mara.pk].problem == "the code DIEGO10 belongs to someone else"
    assert rows[diego.pk].problem == ""
    assert "NOGOOD? is not a code" in rows[june.pk].problem
    assert [rows[pk].code for pk in (mara.pk, diego.pk)] == ["DIEGO10", "FINE"]
    assert all(response.context["listing"].is_selected(row) for row in rows.values())
    assert "Mara Lindqvist: the code DIEGO10 belongs to someone else" in page_text(response)
    after = (PromoCode.objects.count(), TrackingLink.objects.count(), AuditEntry.objects.count())
    assert after == before


@pytest.mark.parametrize("code", ["", "X", "x" * 41, "A\x00B", "Ä,Ö", "<b>"])
def test_a_malformed_code_is_refused(staged: Project, theo: Client, code: str) -> None:
    mara = everybody(staged)[0]

    response = press(theo, staged, "both", {mara: code})

    assert response.status_code == 422
    assert not TrackingLink.objects.filter(enrollment=mara).exists()


def test_the_same_code_twice_is_refused(staged: Project, theo: Client) -> None:
    mara, diego, _june = everybody(staged)

    response = press(theo, staged, "both", {mara: "TWIN", diego: "twin"})

    assert "is in this list twice" in page_text(response)
    assert not PromoCode.objects.filter(code="TWIN").exists()


@pytest.mark.parametrize("ticked", ["nobody", "foreign", "inactive"])
def test_who_does_not_stand_here_gets_nothing(
    cast: Cast, staged: Project, theo: Client, ticked: str
) -> None:
    mara = everybody(staged)[0]
    if ticked == "inactive":
        deactivate_member(enrollment=mara, by=SYSTEM, now=NOW)
    ids = {"nobody": [], "foreign": [cast.june_in_tide.pk, 10**30], "inactive": [mara.pk]}[ticked]

    response = theo.post(
        address("project_generate", staged.pk),
        {"action": "both", "selected": ids, f"code-{mara.pk}": "MARAS"},
    )

    assert told(response) == ["Select at least one member."]
    assert PromoCode.objects.count() == 3
    with acting_for(cast.saltmarsh):
        assert PromoCode.objects.count() == 1


# --- send


@pytest.mark.parametrize("members", [1, 3])
def test_send_takes_the_same_queries_for_one_member_and_for_three(
    staged: Project, theo: Client, members: int, django_assert_num_queries: Any
) -> None:
    generated(everybody(staged)[:members])

    with django_assert_num_queries(13):
        response = theo.get(address("project_send", staged.pk))

    assert len(response.context["rows"]) == members


def test_send_shows_items_and_what_became_of_the_mail(
    cast: Cast, staged: Project, theo: Client
) -> None:
    generated(everybody(staged))
    mailed(in_stage(staged, cast.mara), MessageState.BOUNCED, reason="no such mailbox")
    mailed(in_stage(staged, cast.diego), MessageState.ACCEPTED)

    waiting = theo.get(address("project_send", staged.pk))
    sent = theo.get(address("project_send", staged.pk, query="show=sent"))

    assert [row.enrollment.member for row in waiting.context["rows"]] == [cast.mara, cast.june]
    assert "no such mailbox" in waiting.text
    assert "Not sent" in waiting.text
    assert "/d/" in waiting.text
    assert [row.enrollment.member for row in sent.context["rows"]] == [cast.diego]
    assert "20 Nov 2026, 12:00" in sent.text


def test_the_ticked_go_to_the_email_drawer(cast: Cast, staged: Project, theo: Client) -> None:
    generated(everybody(staged))
    mara = in_stage(staged, cast.mara)
    asked = f"purpose=sales_tracking_items&offer={staged.offer.pk}"

    response = theo.get(address("project_send", staged.pk, query=f"{asked}&selected={mara.pk}"))
    nobody = theo.get(address("project_send", staged.pk, query=asked))

    leads_to = urlsplit(response.headers["Location"])
    assert leads_to.path == address("compose")
    assert parse_qs(leads_to.query)["selected"] == [str(mara.pk)]
    assert nobody.headers["Location"] == address("project_send", staged.pk)
    assert told(nobody) == ["Select at least one member."]
    drawer = theo.get(response.headers["Location"])
    assert drawer.status_code == 200
    assert drawer.context["audience"].recipients[0].to_address == "mara@lindqvist.example"


# --- tracking


@pytest.mark.parametrize("members", [1, 3])
def test_tracking_takes_the_same_queries_for_one_member_and_for_three(
    staged: Project, theo: Client, members: int, django_assert_num_queries: Any
) -> None:
    rows = everybody(staged)[:members]
    generated(rows)
    for row in rows:
        mailed(row, MessageState.DELIVERED)

    with django_assert_num_queries(14):
        response = theo.get(address("project_tracking", staged.pk))

    assert len(response.context["rows"]) == members


def test_tracking_shows_what_the_sent_ones_sold(cast: Cast, staged: Project, theo: Client) -> None:
    mara, diego, _june = rows = everybody(staged)
    generated(rows)
    mailed(mara, MessageState.DELIVERED)
    mailed(diego, MessageState.DELIVERED)
    sold = order(promo_code=f"CODE{diego.pk}")
    record_order(source="shop", order=sold, by=SYSTEM, now=NOW)

    response = theo.get(address("project_tracking", staged.pk, query="sort=-sales"))
    lines = csv_of(theo.get(address("project_tracking_csv", staged.pk, query="sort=-sales")))

    assert [row.enrollment.member for row, _ in response.context["rows"]] == [
        cast.diego,
        cast.mara,
    ]
    assert str(response.context["figures"].commission) == "8.42 GBP"
    assert "£84.20" in page_text(response)
    assert lines[0].startswith("email,first_name,last_name,code,link,sent,clicks,conversions")
    assert lines[1].endswith(",0,1,84.20,0.00,84.20,8.42,0.00,8.42")
    assert len(lines) == 3
