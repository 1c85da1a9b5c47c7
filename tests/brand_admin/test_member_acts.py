"""What staff do with members from their list and their page: sort, act, note."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from affiliates.models import Member, MemberNote
from offers.dashboard_links import url_for
from offers.models import EnrollmentStatus, ProjectMember
from offers.projects import create_project
from offers.services import create_offer
from offers.terms import TermsValues
from tests.answers import hidden_fields, page_text
from tests.brand_admin.desk import desk_of
from tests.brand_admin.staff import address, csv_of
from tests.cast import NOW, SYSTEM, Cast, offer_values, order
from tracking.links.promo_codes import give_codes
from tracking.models import PromoCode
from tracking.orders.recording import record_order

TERMS = TermsValues(percent_bp=1_000)
pytestmark = pytest.mark.usefixtures("at_juniper")


@pytest.mark.parametrize("figure", ["offers", "conversions", "sales", "commission", "due"])
def test_the_list_is_sorted_by_any_figure(figure: str, cast: Cast, theo: Client) -> None:
    record_order(source="shop", order=order(), by=SYSTEM, now=NOW)
    offer = create_offer(values=offer_values(name="Spring"), terms=TERMS, by=SYSTEM, now=NOW)
    joins = {"action": "offer", "selected": cast.mara.pk, "to_offer": offer.pk}
    theo.post(address("members_change"), joins | {"with_items": "on"})
    assert PromoCode.objects.filter(enrollment__offer=offer).exists()

    def names(sort: str) -> list[str]:
        rows = theo.get(address("members", query=f"sort={sort}")).context["rows"]
        return [row.member.first_name for row, *_ in rows]

    assert names(f"-{figure}") == ["Mara", "Diego", "June"]
    assert names(figure) == ["Diego", "June", "Mara"]


def test_members_join_an_offer_and_a_project_together(cast: Cast, theo: Client) -> None:
    project = create_project(name="Winter", by=SYSTEM, now=NOW)
    change = address("members_change", query="all=1")

    asked = theo.post(change, {"action": "project"}).text
    theo.post(change, {"action": "project", "to_project": project.pk})
    told = theo.get(address("members")).text
    again = theo.post(change, {"action": "project", "to_project": project.pk}, follow=True).text

    assert "Add to project: 3 members." in asked
    assert ProjectMember.objects.filter(project=project).count() == 3
    assert "3 members in Winter now." in told
    assert "3 were in it already" in again


def test_a_selection_is_exported(cast: Cast, theo: Client) -> None:
    answer = theo.post(
        address("members_change"), {"action": "export", "selected": [cast.mara.pk, cast.june.pk]}
    )

    lines = csv_of(theo.get(answer["Location"]))

    assert [line.split(",")[1] for line in lines[1:]] == ["Mara", "June"]


def test_deactivating_a_member_asks_first_and_is_undone_by_activating(
    cast: Cast, theo: Client
) -> None:
    chosen = {"action": "deactivate", "selected": cast.mara.pk}

    assert "Deactivate: 1 member." in theo.post(address("members_change"), chosen).text
    assert cast.mara_in_glow.status == EnrollmentStatus.ACTIVE
    theo.post(address("members_change"), chosen | {"confirmed": "1"})
    cast.mara_in_glow.refresh_from_db()
    assert cast.mara_in_glow.status == EnrollmentStatus.INACTIVE
    theo.post(address("members_change"), chosen | {"confirmed": "1", "action": "activate"})
    cast.mara_in_glow.refresh_from_db()
    assert cast.mara_in_glow.status == EnrollmentStatus.ACTIVE


def test_the_page_of_a_member_has_what_can_be_done(cast: Cast, theo: Client) -> None:
    record_order(source="shop", order=order(), by=SYSTEM, now=NOW)

    vera = desk_of(cast.vera)
    page, for_viewer = (one.get(address("member", cast.mara.pk)).text for one in (theo, vera))

    acts = [
        address("members_email", query=f"selected={cast.mara.pk}"),
        address("member_code", cast.mara.pk),
        f"{address('payment_new')}?member={cast.mara.pk}&amp;currency=GBP",
        'name="selected" value="',
    ]
    assert [act in page for act in acts] == [True] * 4
    assert [act in for_viewer for act in acts] == [False] * 4
    assert url_for(cast.mara_in_glow) in page
    assert url_for(cast.mara_in_glow) in for_viewer


def test_a_code_is_given_from_the_members_page(cast: Cast, theo: Client) -> None:
    here = address("member_code", cast.mara.pk)
    taken = PromoCode.objects.in_use().get(enrollment__member=cast.diego).code

    refused = theo.post(here, {"enrollment": cast.mara_in_glow.pk, "code": taken})
    given = {
        "enrollment": cast.mara_in_glow.pk,
        "code": "maranew",
        f"seen-{cast.mara_in_glow.pk}": "MARA15",
    }
    pressed_twice = [theo.post(here, given).status_code for _press in range(2)]

    assert refused.status_code == 422
    assert pressed_twice == [302, 302]
    assert PromoCode.objects.in_use().get(enrollment=cast.mara_in_glow).code == "MARANEW"


def test_a_code_that_a_colleague_gave_meanwhile_is_not_replaced_unseen(
    cast: Cast, theo: Client
) -> None:
    here, pk = address("member_code", cast.mara.pk), cast.mara_in_glow.pk
    page = theo.get(here)
    give_codes(codes={pk: "MARA-PRINTED"}, enrollments=[cast.mara_in_glow], by=SYSTEM, now=NOW)

    stale = theo.post(here, {**hidden_fields(page), "enrollment": pk, "code": "MARA20"})
    before = PromoCode.objects.in_use().get(enrollment=pk).code
    again = theo.post(here, {**hidden_fields(stale), "enrollment": pk, "code": "MARA20"})

    assert (stale.status_code, before) == (422, "MARA-PRINTED")
    assert "They have the code MARA-PRINTED by now: confirm again to replace it" in page_text(stale)
    assert again.status_code == 302
    assert PromoCode.objects.in_use().get(enrollment=pk).code == "MARA20"


def test_notes_say_who_wrote_them_and_when(cast: Cast, theo: Client) -> None:
    here, vera = address("member_notes", cast.mara.pk), desk_of(cast.vera)

    theo.post(here, {"text": "  Prefers <b>mornings</b>.\r\nReels. "})
    empty = theo.post(here, {"text": "  "})
    denied = vera.post(here, {"text": "No."})

    note = MemberNote.objects.get()
    assert (note.text, "Theo Marsh" in note.written_by) == (
        "Prefers <b>mornings</b>.\nReels.",
        True,
    )
    assert (empty.status_code, denied.status_code) == (422, 403)
    page = vera.get(here).text
    assert "Prefers &lt;b&gt;mornings&lt;/b&gt;.<br>Reels." in page
    assert "Theo Marsh" in page
    with pytest.raises(IntegrityError), transaction.atomic():
        MemberNote.objects.create(member=cast.mara, text=" ", written_by="x", written_at=NOW)
    theo.post(address("note_delete", cast.mara.pk, note.pk))
    assert not MemberNote.objects.exists()


def test_nothing_is_noted_about_a_deleted_member(cast: Cast, theo: Client) -> None:
    Member.objects.filter(pk=cast.mara.pk).update(deleted_at=NOW)

    refused = theo.post(address("member_notes", cast.mara.pk), {"text": "Prefers mornings"})

    assert refused.status_code == 422
    assert "This member was deleted" in refused.text
    assert not MemberNote.objects.exists()
