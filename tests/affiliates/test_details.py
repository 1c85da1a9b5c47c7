"""Tags, handles and owners of members."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, Role, Staff
from accounts.services import give_role, remove_staff
from affiliates.details import (
    MemberDetails,
    TagCount,
    TagError,
    add_details,
    assign_owner,
    member_details_of,
    read_tags,
    tag_members,
    tags_in_use,
    untag_members,
)
from affiliates.models import Member, Platform
from affiliates.selectors import members
from affiliates.services import add_member, change_member
from core.tenancy import acting_for
from core.versions import ChangedMeanwhileError
from tests.cast import NOW, SYSTEM, Cast
from tests.snapshot import snapshot

pytestmark = pytest.mark.usefixtures("at_juniper")


def tags_of(member: Member) -> list[str]:
    return list(member_details_of([member])[member.pk].tags)


def theo(cast: Cast) -> Staff:
    return Staff.objects.select_related("user").get(user=cast.theo)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("", []),
        (" VIP ,skin   care;vip\n", ["VIP", "skin care"]),
        (", ;", []),
    ],
)
def test_tags_are_read_between_commas(text: str, tags: list[str]) -> None:
    assert read_tags(text) == tags


@pytest.mark.parametrize("text", ["x" * 41, ",".join(str(n) for n in range(31)), "a\0b"])
def test_tags_that_are_too_much_are_refused(text: str) -> None:
    with pytest.raises(TagError):
        read_tags(text)


def test_a_tag_is_written_one_way_in_the_brand(cast: Cast) -> None:
    assert tag_members(member_ids=[cast.mara.pk], tag="VIP", by=SYSTEM, now=NOW) == 1
    assert (
        tag_members(member_ids=[cast.mara.pk, cast.diego.pk], tag=" vip ", by=SYSTEM, now=NOW) == 1
    )

    assert tags_in_use() == [TagCount("VIP", 2)]
    assert list(members(tag="VIP")) == [cast.diego, cast.mara]


def test_a_tag_is_taken_away_from_those_who_have_it(cast: Cast) -> None:
    tag_members(member_ids=[cast.mara.pk, cast.diego.pk], tag="VIP", by=SYSTEM, now=NOW)

    taken = untag_members(member_ids=[cast.mara.pk, cast.june.pk], tag="Vip", by=SYSTEM, now=NOW)

    assert (taken, tags_of(cast.mara), tags_of(cast.diego)) == (1, [], ["VIP"])
    assert AuditEntry.objects.filter(action="member.untagged").count() == 1


@pytest.mark.parametrize("tag", ["", " , ", "one, two", "x" * 41])
def test_bulk_tagging_takes_one_tag(tag: str, cast: Cast) -> None:
    before = snapshot()

    with pytest.raises(TagError):
        tag_members(member_ids=[cast.mara.pk], tag=tag, by=SYSTEM, now=NOW)
    with pytest.raises(TagError):
        untag_members(member_ids=[cast.mara.pk], tag=tag, by=SYSTEM, now=NOW)

    assert snapshot() == before


def test_members_of_another_brand_are_left_alone(cast: Cast) -> None:
    before = snapshot(brand_id=cast.saltmarsh.pk)

    done = tag_members(member_ids=[cast.june_at_saltmarsh.pk], tag="VIP", by=SYSTEM, now=NOW)
    given = assign_owner(
        member_ids=[cast.june_at_saltmarsh.pk], owner=theo(cast), by=SYSTEM, now=NOW
    )

    assert (done, given) == (0, 0)
    assert snapshot(brand_id=cast.saltmarsh.pk) == before


def test_an_owner_is_found_by_and_can_leave(cast: Cast) -> None:
    assert assign_owner(member_ids=[cast.mara.pk], owner=theo(cast), by=SYSTEM, now=NOW) == 1
    assert assign_owner(member_ids=[cast.mara.pk], owner=theo(cast), by=SYSTEM, now=NOW) == 0
    assert list(members(owner_id=theo(cast).pk)) == [cast.mara]
    assert list(members(without_owner=True)) == [cast.diego, cast.june]

    remove_staff(staff=theo(cast), by=SYSTEM, now=NOW)

    assert Member.objects.get(pk=cast.mara.pk).owner is None


def test_somebody_who_works_elsewhere_can_not_look_after_a_member(cast: Cast) -> None:
    with acting_for(cast.saltmarsh):
        otto = give_role(user=cast.otto, role=Role.OWNER, by=SYSTEM, now=NOW)
        theirs = Member.objects.get(pk=cast.june_at_saltmarsh.pk)
        change_member(
            member=theirs,
            email=theirs.email,
            first_name="June",
            last_name="Okafor",
            details=MemberDetails(owner=otto),
            by=SYSTEM,
            now=NOW,
        )

    assert list(members(owner_id=otto.pk)) == []


def test_a_change_says_what_changed(cast: Cast) -> None:
    details = MemberDetails(tags=["VIP"], handles={Platform.X: "mara"}, owner=theo(cast))
    said: dict[str, Any] = {"email": cast.mara.email, "first_name": "Mara", "last_name": "L"}

    change_member(member=cast.mara, **said, details=details, by=SYSTEM, now=NOW)
    again = change_member(member=cast.mara, **said, details=details, by=SYSTEM, now=NOW)

    entries = AuditEntry.objects.filter(action="member.changed")
    assert [entry.detail["changed"] for entry in entries] == ["name, tags, handles, owner"]
    assert again.version == 2
    assert again.owner == theo(cast)


def test_a_form_from_before_does_not_undo_what_was_done_to_many(cast: Cast) -> None:
    said: dict[str, Any] = {"email": cast.mara.email, "first_name": "Mara", "last_name": "L"}
    ids = [cast.mara.pk]
    for act in (
        partial(tag_members, member_ids=ids, tag="gold"),
        partial(untag_members, member_ids=ids, tag="gold"),
        partial(assign_owner, member_ids=ids, owner=theo(cast)),
        partial(add_details, details={cast.mara.pk: MemberDetails(handles={Platform.X: "m"})}),
    ):
        seen = Member.objects.get(pk=cast.mara.pk).version
        act(by=SYSTEM, now=NOW)
        with pytest.raises(ChangedMeanwhileError):
            change_member(
                member=cast.mara, **said, details=MemberDetails(), seen_version=seen,
                by=SYSTEM, now=NOW,
            )  # fmt: skip


def test_a_new_member_comes_with_details(cast: Cast) -> None:
    member = add_member(
        email="new@person.example",
        first_name="N",
        last_name="",
        details=MemberDetails(tags=["VIP"], handles={Platform.X: "n"}),
        by=SYSTEM,
        now=NOW,
    )

    noted = member_details_of([member])[member.pk]
    assert (noted.tags, noted.handles) == (["VIP"], {Platform.X: "n"})


def test_adding_to_many_takes_as_many_statements_as_to_one(cast: Cast) -> None:
    def cost(*people: Member, tag: str) -> int:
        details = {one.pk: MemberDetails(tags=[tag], handles={Platform.X: tag}) for one in people}
        with CaptureQueriesContext(connection) as captured:
            add_details(details=details, by=SYSTEM, now=NOW)
        return len(captured)

    assert cost(cast.mara, tag="a") == cost(cast.mara, cast.diego, cast.june, tag="b")
