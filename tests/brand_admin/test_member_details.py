"""Tags, handles and who looks after a member, in the brand admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Staff
from affiliates.details import MAX_TAGS, assign_owner, member_details_of, tag_members
from affiliates.models import Member, Platform
from tests.brand_admin.desk import desk_of
from tests.brand_admin.staff import address, csv_of
from tests.cast import NOW, SYSTEM, Cast
from tests.snapshot import snapshot
from tracking.questions.services import ask_about_order

pytestmark = pytest.mark.usefixtures("at_juniper")
PERSON = {"first_name": "Elif", "last_name": "Demir", "email": "elif@demir.example"}


def owner(cast: Cast) -> Staff:
    return Staff.objects.get(user=cast.theo)


def found(theo: Client, **query: Any) -> list[str]:
    text = "&".join(f"{name}={value}" for name, value in query.items())
    rows = theo.get(address("members", query=text)).context["rows"]
    return [row.member.first_name for row, *_ in rows]


def test_a_member_is_added_with_tags_handles_and_owner(cast: Cast, theo: Client) -> None:
    theo.post(
        address("member_new"),
        PERSON
        | {"tags": "VIP, skincare", "owner": owner(cast).pk, "instagram": "instagram.com/elif"},
    )

    member = Member.objects.get(email="elif@demir.example")
    noted = member_details_of([member])[member.pk]
    assert (noted.tags, noted.handles) == (["skincare", "VIP"], {Platform.INSTAGRAM: "elif"})
    page = theo.get(address("member", member.pk)).text
    assert 'href="https://www.instagram.com/elif" rel="noopener noreferrer"' in page
    assert "in the charge of Theo Marsh" in page


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("tags", "x" * 41, "A tag has at most 40 characters."),
        ("website", "javascript:alert(1)", "'javascript:alert(1)' is not the address of a website"),
        ("owner", "0", "is not one of the available choices"),
    ],
)
def test_bad_details_are_refused(
    field: str, value: str, said: str, cast: Cast, theo: Client
) -> None:
    members = Member.objects.count()

    response = theo.post(address("member_new"), PERSON | {field: value})

    assert response.status_code == 422
    assert said in response.context["form"].errors[field][0]
    assert Member.objects.count() == members


def test_the_list_is_filtered_by_tag_and_owner(cast: Cast, theo: Client) -> None:
    tag_members(member_ids=[cast.mara.pk, cast.june.pk], tag="Skin care", by=SYSTEM, now=NOW)
    assign_owner(member_ids=[cast.june.pk], owner=owner(cast), by=SYSTEM, now=NOW)

    assert found(theo, tag="Skin+care") == ["Mara", "June"]
    assert found(theo, tag="Skin+care", owner=owner(cast).pk) == ["June"]
    assert found(theo, owner="none") == ["Diego", "Mara"]
    assert found(theo, tag="unknown", owner="x") == ["Diego", "Mara", "June"]
    lines = csv_of(theo.get(address("members_export", query="tag=Skin+care")))
    assert [line.split(",")[1] for line in lines[1:]] == ["Mara", "June"]
    assert "Theo Marsh,Skin care" in lines[2]


@pytest.mark.parametrize("action", ["tag", "untag", "owner"])
def test_many_are_changed_at_once(action: str, cast: Cast, theo: Client) -> None:
    tag_members(member_ids=[cast.mara.pk], tag="old", by=SYSTEM, now=NOW)
    sent = {
        "selected": [cast.mara.pk, cast.diego.pk],
        "action": action,
        "tag": "old",
        "owner": owner(cast).pk,
        "back": address("members", query="q=a"),
    }

    answer = theo.post(address("members_change"), sent)

    assert answer["Location"] == address("members", query="q=a")
    told = theo.get(address("members")).text
    tagged, owned = found(theo, tag="old"), found(theo, owner=owner(cast).pk)
    expected = {
        "tag": (["Diego", "Mara"], [], "1 member tagged old."),
        "untag": (["Diego", "Mara", "June"], [], "1 member without the tag old now."),
        "owner": (["Mara"], ["Diego", "Mara"], "2 members in the charge of Theo Marsh now."),
    }[action]
    assert (tagged, owned) == expected[:2]
    assert expected[2] in told


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"action": "tag", "tag": "VIP"}, 302),
        ({"action": "tag", "tag": "", "selected": "1"}, 422),
        ({"action": "tag", "tag": "a,b", "selected": "1"}, 422),
        ({"action": "owner", "owner": "x", "selected": "1"}, 422),
        ({"action": "explode", "tag": "VIP", "selected": "1"}, 302),
    ],
)
def test_a_bulk_change_that_makes_no_sense_changes_nothing(
    sent: dict[str, str], status: int, cast: Cast, theo: Client
) -> None:
    theo.get(address("members"))
    before = list(Member.objects.order_by("pk").values()), snapshot().tables["affiliates_membertag"]

    answer = theo.post(address("members_change"), sent | {"back": "https://evil.example/"})

    assert answer.status_code == status
    assert "evil.example" not in answer.headers.get("Location", "") + answer.text
    after = list(Member.objects.order_by("pk").values()), snapshot().tables["affiliates_membertag"]
    assert after == before


def test_a_viewer_changes_nobody(cast: Cast) -> None:
    viewer = desk_of(cast.vera)
    before = snapshot()

    answer = viewer.post(
        address("members_change"), {"action": "tag", "tag": "VIP", "selected": cast.mara.pk}
    )

    assert answer.status_code == 403
    assert snapshot() == before
    assert "Add tag" not in viewer.get(address("members")).text


def test_their_questions_are_on_their_page(cast: Cast, theo: Client) -> None:
    ask_about_order(
        enrollment=cast.mara_in_glow,
        order_reference="4711",
        ordered_on=NOW.date(),
        note="",
        by=SYSTEM,
        now=NOW,
    )

    assert "4711" in theo.get(address("member_questions", cast.mara.pk)).text
    assert "No questions yet" in theo.get(address("member_questions", cast.diego.pk)).text
    assert "Asked about the order 4711" in theo.get(address("member_history", cast.mara.pk)).text


def test_nobody_is_tagged_beyond_what_their_form_can_save(cast: Cast, theo: Client) -> None:
    for number in range(MAX_TAGS):
        tag_members(member_ids=[cast.mara.pk], tag=f"T{number}", by=SYSTEM, now=NOW)
    chosen = {"action": "tag", "selected": [cast.mara.pk, cast.june.pk], "tag": "VIP"}

    said = theo.post(address("members_change"), chosen, follow=True).text

    assert "1 member tagged VIP." in said
    assert f"1 skipped: Mara Lindqvist has {MAX_TAGS} tags already." in said
    assert len(member_details_of([cast.mara])[cast.mara.pk].tags) == MAX_TAGS
