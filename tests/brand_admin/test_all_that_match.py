"""An action on all rows that match: beyond the page, as they are when the button is pressed."""

from __future__ import annotations

import re
import uuid

import pytest
from django.test import Client

from affiliates.models import Member, MemberTag
from affiliates.services import add_member
from brand_admin.listing import changing
from brand_admin.listing.listing import Listing
from brand_admin.lists import LISTS
from tests.brand_admin.choosing import let_a_worker, posted_to, told
from tests.brand_admin.desk import at, desk_of, sell, shown
from tests.cast import NOW, SYSTEM, Cast
from tests.snapshot import snapshot
from tracking.models import Conversion
from tracking.orders.approval import accept_conversions, reject_conversions

pytestmark = pytest.mark.usefixtures("at_juniper", "at_noon")


# --- the page


def test_the_page_offers_all_that_match_and_needs_no_script(
    cast: Cast, theo: Client, crowd: list[Member]
) -> None:
    address = at(cast.juniper, "members")

    page = shown(theo.get(f"{address}?q=crowd"))
    chosen = theo.get(f"{address}?q=crowd&all=1")

    assert "All 25 on this page are selected." in page
    assert re.search(r'<a href="\?q=crowd&amp;all=1">\s*Select all 55 that match\s*</a>', page)
    assert "All 55 that match are selected." in shown(chosen)
    assert '<a href="?q=crowd">Clear the selection</a>' in shown(chosen)
    boxes = re.findall(r'<input type="checkbox" name="selected"[^>]*>', chosen.content.decode())
    assert len(boxes) == 25
    assert all("checked" in box and "disabled" in box for box in boxes)
    assert posted_to(chosen) == f"{at(cast.juniper, 'members_change')}?q=crowd&all=1"


def test_a_page_that_shows_all_that_match_offers_no_more(cast: Cast, theo: Client) -> None:
    assert "that match" not in shown(theo.get(at(cast.juniper, "members")))


def test_another_search_begins_with_no_row_chosen(
    cast: Cast, theo: Client, crowd: list[Member]
) -> None:
    page = theo.get(f"{at(cast.juniper, 'members')}?q=crowd&all=1")

    listing = page.context["listing"]
    assert 'name="all"' not in page.content.decode()
    assert "all=" not in listing.export_href + listing.clear_href


def test_who_only_reads_can_choose_nothing(cast: Cast, crowd: list[Member]) -> None:
    vera, before = desk_of(cast.vera), snapshot()

    page = shown(vera.get(f"{at(cast.juniper, 'members')}?all=1"))
    answer = vera.post(f"{at(cast.juniper, 'members_change')}?all=1", {"action": "tag", "tag": "x"})

    assert "are selected" not in page
    assert answer.status_code == 403
    assert snapshot() == before


def test_every_list_with_actions_says_what_can_be_chosen() -> None:
    acting = {name: kind for name, kind in LISTS.items() if kind.actions}

    assert sorted(acting) == [
        "compared_codes", "conversions", "due", "events", "flags", "members", "offer", "offer_add",
        "payments", "project_add", "project_generate", "project_send", "unattributed",
        "webhook_deliveries",
    ]  # fmt: skip
    assert {
        name: kind.everything is Listing.everything
        for name, kind in acting.items()
        if any(action.act for action in kind.actions)
    } == dict.fromkeys(
        [
            "compared_codes",
            "conversions",
            "events",
            "flags",
            "members",
            "offer",
            "offer_add",
            "payments",
            "project_add",
            "unattributed",
            "webhook_deliveries",
        ],
        False,
    )


# --- members


def test_all_members_that_match_are_tagged_and_no_others(
    cast: Cast, theo: Client, crowd: list[Member]
) -> None:
    address = posted_to(theo.get(f"{at(cast.juniper, 'members')}?q=crowd&all=1"))

    answer = theo.post(address, {"action": "tag", "tag": "VIP"}, follow=True)

    tagged = set(MemberTag.objects.filter(tag="VIP").values_list("member", flat=True))
    assert tagged == {member.pk for member in crowd}
    assert told(answer) == ["55 members tagged VIP."]
    assert answer.redirect_chain[-1][0] == f"{at(cast.juniper, 'members')}?q=crowd"


def test_it_is_done_to_whoever_matches_now_and_says_who_was_so_already(
    cast: Cast, theo: Client, crowd: list[Member]
) -> None:
    address = posted_to(theo.get(f"{at(cast.juniper, 'members')}?q=crowd&all=1"))
    theo.post(
        at(cast.juniper, "members_change"),
        {"action": "tag", "tag": "VIP", "selected": crowd[0].pk},
        follow=True,
    )
    late = add_member(first_name="Zoe", last_name="Crowd", email="", by=SYSTEM, now=NOW)
    Member.objects.filter(pk=crowd[1].pk).update(last_name="Other", email="other@else.example")

    answer = theo.post(address, {"action": "tag", "tag": "VIP"}, follow=True)

    tagged = set(MemberTag.objects.filter(tag="VIP").values_list("member", flat=True))
    assert late.pk in tagged
    assert crowd[1].pk not in tagged
    assert told(answer) == ["54 members tagged VIP.", "1 skipped: 1 had the tag already."]


@pytest.mark.usefixtures("few")
def test_many_are_left_to_a_worker_once(cast: Cast, theo: Client, crowd: list[Member]) -> None:
    address = posted_to(theo.get(f"{at(cast.juniper, 'members')}?q=crowd&all=1"))
    form = {"action": "tag", "tag": "VIP", "form_key": str(uuid.uuid4())}

    asked = theo.post(address, form, follow=True)
    again = theo.post(address, form, follow=True)
    nobody_yet = MemberTag.objects.filter(tag="VIP").count()
    work = let_a_worker(asked)

    assert again.context["work"] == asked.context["work"]
    assert nobody_yet == 0
    assert (work.title, work.state, work.done) == ("Add tag: 55 members", "done", 55)
    assert work.counts == {"done": 55}
    assert MemberTag.objects.filter(tag="VIP").count() == 55
    page = shown(theo.get(at(cast.juniper, "work", work_id=work.pk)))
    assert f'href="{at(cast.juniper, "members")}?q=crowd"' in page


def test_more_than_a_limit_is_refused(
    cast: Cast, theo: Client, crowd: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changing, "MAX_CHOSEN_ROWS", 54)
    before = snapshot()

    answer = theo.post(
        f"{at(cast.juniper, 'members_change')}?q=crowd&all=1",
        {"action": "tag", "tag": "VIP"},
        follow=True,
    )

    assert told(answer) == [
        "Search or filter first, at most 54 members can be changed at once: nothing was changed."
    ]
    assert snapshot() == before


# --- conversions


def test_all_pending_conversions_are_accepted_however_many(cast: Cast, theo: Client) -> None:
    sold = [sell(cast, f"{number}") for number in range(1001, 1004)]
    Conversion.objects.update(status="pending", decision="pending")
    address = f"{at(cast.juniper, 'conversions_judge')}?q=mara&all=1"
    accept_conversions(conversion_ids=[sold[0].pk], by=SYSTEM, now=NOW)

    answer = theo.post(address, {"action": "accept"}, follow=True)

    assert set(Conversion.objects.values_list("status", flat=True)) == {"accepted"}
    assert told(answer) == [
        "2 conversions accepted.",
        "1 skipped: 1 were accepted already.",
    ]


def test_rejecting_all_that_match_asks_why_and_rejects_what_matches_then(
    cast: Cast, theo: Client
) -> None:
    sell(cast, "1001")
    sell(cast, "1002")
    diego = sell(cast, "1003", promo_code="DIEGO10")
    address = f"{at(cast.juniper, 'conversions_judge')}?q=mara&all=1"

    asked = theo.post(address, {"action": "reject"})
    sell(cast, "1004")
    form = {"action": "reject", "confirmed": "1", "reason": "Returned"}
    answer = theo.post(address, form, follow=True)

    page = shown(asked)
    assert "Reject: 2 conversions." in page
    assert f'action="{at(cast.juniper, "conversions_judge")}?q=mara&amp;all=1"' in page
    assert 'name="selected"' not in page
    assert told(answer) == ["3 conversions rejected."]
    diego.refresh_from_db()
    assert diego.status == "accepted"


def test_a_row_that_is_ticked_counts_also_when_it_no_longer_matches(
    cast: Cast, theo: Client
) -> None:
    row = sell(cast)
    reject_conversions(conversion_ids=[row.pk], reason="No", by=SYSTEM, now=NOW)

    answer = theo.post(
        f"{at(cast.juniper, 'conversions_judge')}?status=pending",
        {"action": "accept", "selected": row.pk},
        follow=True,
    )

    assert told(answer) == ["1 conversion accepted."]
