"""The same for members of an offer or a project, for payments and for mails."""

from __future__ import annotations

import uuid
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from affiliates.models import Member
from affiliates.services import add_member
from brand_admin.payments.run_forms import Chosen
from notifications.models import Message
from offers.models import Enrollment, EnrollmentStatus, Project, ProjectMember
from payouts.models import PayoutRunMember
from tests.answers import Answer
from tests.brand_admin.choosing import SEVERAL_PAGES, let_a_worker, posted_to, told
from tests.brand_admin.desk import at, sell, shown
from tests.brand_admin.drawer import carried, email_text
from tests.cast import NOW, SYSTEM, Cast
from tracking.links.membership import add_to_offer
from tracking.models import PromoCode

pytestmark = pytest.mark.usefixtures("at_juniper", "at_noon")


# --- an offer's members


@pytest.mark.usefixtures("few")
def test_of_all_members_of_an_offer_who_is_owed_stays_with_the_reason(
    cast: Cast, theo: Client
) -> None:
    sell(cast)
    address = f"{at(cast.juniper, 'offer_members', offer_id=cast.glow.pk)}?all=1"

    asked = shown(theo.post(address, {"action": "remove"}))
    started = theo.post(address, {"action": "remove", "confirmed": "1"}, follow=True)
    work = let_a_worker(started)

    assert "1 of them is owed money and stays in the offer: pay them first." in asked
    assert (work.counts, work.problems) == ({"done": 2}, 1)
    left = Enrollment.objects.not_removed().filter(offer=cast.glow)
    assert [row.member for row in left.select_related("member")] == [cast.mara]
    page = shown(theo.get(at(cast.juniper, "work", work_id=work.pk)))
    assert "Mara Lindqvist" in page
    assert "Is owed £8.42" in page


def test_who_was_removed_meanwhile_is_not_brought_back(cast: Cast, theo: Client) -> None:
    place = Enrollment.objects.get(offer=cast.glow, member=cast.june)
    Enrollment.objects.filter(pk=place.pk).update(status=EnrollmentStatus.REMOVED)

    answer = theo.post(
        at(cast.juniper, "offer_members", offer_id=cast.glow.pk),
        {"action": "deactivate", "confirmed": "1", "selected": place.pk},
        follow=True,
    )

    place.refresh_from_db()
    assert place.status == EnrollmentStatus.REMOVED
    assert told(answer) == [f"1 skipped: {cast.june} was removed from the offer."]


@pytest.mark.usefixtures("few")
def test_more_codes_than_anybody_edits_are_refreshed_by_a_worker(
    cast: Cast, theo: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brand_admin.reporting.refreshing.MAX_ROWS_RUN_AT_ONCE", 2)
    before = set(PromoCode.objects.in_use().values_list("code", flat=True))
    address = f"{at(cast.juniper, 'offer_refresh_codes', offer_id=cast.glow.pk)}?all=1"

    asked = theo.post(address, {"action": "refresh"})
    started = theo.post(
        f"{at(cast.juniper, 'offer_members', offer_id=cast.glow.pk)}?all=1",
        {"action": "refresh", "confirmed": "1"},
        follow=True,
    )
    work = let_a_worker(started)

    assert "Refresh codes: 3 members of Winter Glow creators." in shown(asked)
    assert (work.state, work.counts) == ("done", {"done": 3})
    assert before.isdisjoint(PromoCode.objects.in_use().values_list("code", flat=True))


def test_all_members_outside_of_an_offer_are_added(
    cast: Cast, theo: Client, crowd: list[Member]
) -> None:
    address = f"{at(cast.juniper, 'offer_add_members', offer_id=cast.glow.pk)}?q=crowd&all=1"

    answer = theo.post(address, {"action": "add"}, follow=True)

    joined = Enrollment.objects.filter(offer=cast.glow, member__in=crowd)
    assert joined.count() == SEVERAL_PAGES
    assert told(answer) == ["55 members added."]


# --- projects


def test_all_that_match_are_added_to_a_project(
    cast: Cast, theo: Client, project: Project, crowd: list[Member]
) -> None:
    address = f"{at(cast.juniper, 'project_add', project_id=project.pk)}?q=crowd&all=1"

    answer = theo.post(address, {"action": "add"}, follow=True)

    inside = ProjectMember.objects.filter(project=project, member__in=crowd)
    assert inside.count() == SEVERAL_PAGES
    assert told(answer) == ["55 members added."]


def test_codes_and_links_are_made_for_all_that_match(
    cast: Cast, theo: Client, staged: Project
) -> None:
    page = theo.get(f"{at(cast.juniper, 'project_generate', project_id=staged.pk)}?q=mara&all=1")
    form = {"action": "both", "form_key": str(uuid.uuid4())}

    theo.post(posted_to(page), form, follow=True)

    made = PromoCode.objects.filter(enrollment__offer=staged.offer)
    assert [code.enrollment.member for code in made.select_related("enrollment__member")] == [
        cast.mara
    ]


# --- payments


def test_a_run_of_all_that_match_pays_them_and_nobody_else(cast: Cast, theo: Client) -> None:
    sell(cast)
    sell(cast, "1002", promo_code="DIEGO10", amount="200.00")
    address = at(cast.juniper, "payment_run_new")

    opened = theo.get(f"{address}?q=mara&all=1")
    form = carried(opened)
    theo.post(address, form | {"confirmation": str(uuid.uuid4()), "minimum": ""})

    assert (form["all"], form["q"]) == ("1", "mara")
    assert [line.member for line in PayoutRunMember.objects.select_related("member")] == [cast.mara]


def test_a_run_of_all_that_match_is_not_one_of_everybody_when_nobody_matches(
    cast: Cast, theo: Client
) -> None:
    sell(cast)

    page = shown(theo.get(f"{at(cast.juniper, 'payment_run_new')}?q=nobody&all=1"))

    assert "Nothing is due" in page
    assert Chosen((), search="nobody").members("GBP") == set()


# --- the mail drawer


def drawn(cast: Cast, theo: Client, query: str) -> Answer:
    """The drawer, opened from the offer's page with all chosen that match."""
    address = f"{at(cast.juniper, 'offer_members', offer_id=cast.glow.pk)}?{query}"
    return theo.post(address, {"action": "email_members"}, follow=True)


def send(theo: Client, address: str, form: dict[str, Any]) -> None:
    theo.post(address, form | email_text() | {"go": "send", "rows": unescape(form["rows"])})


def test_a_mail_to_all_that_match_reaches_whoever_matches_when_it_is_sent(
    cast: Cast, theo: Client, crowd: list[Member]
) -> None:
    add_to_offer(offer=cast.glow, members=crowd, with_items=True, by=SYSTEM, now=NOW)
    page = drawn(cast, theo, "q=crowd&all=1")
    form = carried(page)
    late = add_member(
        first_name="Zoe", last_name="Crowd", email="zoe@crowd.example", by=SYSTEM, now=NOW
    )
    add_to_offer(offer=cast.glow, members=[late], with_items=True, by=SYSTEM, now=NOW)

    send(theo, at(cast.juniper, "compose"), form)

    assert "selected" not in form
    assert "55 members" in shown(page)
    reached = set(Message.objects.values_list("to_address", flat=True))
    assert reached == {member.email for member in [*crowd, late]}


def test_who_matches_is_not_searched_for_again_inside_of_other_queries(
    cast: Cast, theo: Client, crowd: list[Member]
) -> None:
    """Nested three deep, one query took PostgreSQL a minute while it took the tables for small."""
    add_to_offer(offer=cast.glow, members=crowd, with_items=True, by=SYSTEM, now=NOW)
    form = carried(drawn(cast, theo, "q=crowd&all=1"))

    with CaptureQueriesContext(connection) as asked:
        send(theo, at(cast.juniper, "compose"), form)

    searches = [query["sql"] for query in asked if "UPPER('crowd')" in query["sql"]]
    assert searches != []
    assert max(sql.count('FROM "offers_enrollment"') for sql in searches) == 2
    assert [sql for sql in searches if not sql.startswith('SELECT "offers_enrollment"')] == []


def test_the_drawer_of_no_list_is_not_there(cast: Cast, theo: Client) -> None:
    address = at(cast.juniper, "compose")
    asked: dict[str, str | int] = {"purpose": "email_members", "offer": cast.glow.pk}

    for rows in ("nonsense", "offer?offer_id=x", f"offer?offer_id={10**12}", "offer"):
        answer = theo.get(address, {**asked, "rows": rows})
        assert (rows, answer.status_code) == (rows, 404)
