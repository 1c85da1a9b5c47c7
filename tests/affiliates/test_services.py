"""Adding and changing members."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEntry
from affiliates.models import Creator, Member
from affiliates.services import MemberError, add_member, add_members, change_member, read_person
from core.tenancy import acting_for
from tests.cast import NOW, SYSTEM, Cast


def test_many_members_come_in_together_and_share_known_creators(cast: Cast) -> None:
    people = [
        read_person(email="OTTO@salt.example", first_name="Otto", last_name="Salt"),
        read_person(email="mara@lindqvist.example", first_name="Mara", last_name="Lindqvist"),
        read_person(email="", first_name="Nobody", last_name=""),
    ]

    with acting_for(cast.saltmarsh):
        otto, mara, nobody = add_members(people=people, by=SYSTEM, now=NOW)

    assert otto.creator
    assert (otto.email, otto.creator.email) == ("otto@salt.example", "otto@salt.example")
    assert mara.creator_id == cast.mara.creator_id
    assert nobody.creator is None
    assert Creator.objects.filter(email="mara@lindqvist.example").count() == 1


def test_one_taken_address_keeps_everybody_out(cast: Cast) -> None:
    people = [
        read_person(email=email, first_name="X", last_name="")
        for email in ("new@person.example", "mara@lindqvist.example")
    ]

    with acting_for(cast.juniper):
        audited = AuditEntry.objects.count()
        with pytest.raises(MemberError, match=r"mara@lindqvist\.example is a member already"):
            add_members(people=people, by=SYSTEM, now=NOW)

        assert Member.objects.count() == 3
        assert AuditEntry.objects.count() == audited
    assert not Creator.objects.filter(email="new@person.example").exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no address"),
        ("email", f"{'x' * 64}@{'y' * 63}.{'z' * 63}.{'z' * 63}.example"),
        ("first_name", "x" * 201),
        ("last_name", "a\0b"),
    ],
)
def test_what_can_not_be_stored_names_its_field(cast: Cast, field: str, value: str) -> None:
    person: dict[str, Any] = {"email": "a@b.example", "first_name": "A", "last_name": "B"}
    person[field] = value

    with acting_for(cast.juniper):
        with pytest.raises(MemberError) as added:
            add_member(**person, by=SYSTEM, now=NOW)
        with pytest.raises(MemberError) as changed:
            change_member(member=cast.mara, **person, by=SYSTEM, now=NOW)

        assert (added.value.field, changed.value.field) == (field, field)
        assert Member.objects.count() == 3
        assert Member.objects.get(pk=cast.mara.pk).first_name == "Mara"


def test_a_new_address_is_a_new_creators(cast: Cast) -> None:
    with acting_for(cast.juniper):
        change_member(
            member=cast.june, email="june@new.example", first_name="June", last_name="", by=SYSTEM,
            now=NOW,
        )  # fmt: skip

        moved, stays = Member.objects.get(pk=cast.june.pk).creator, cast.june_at_saltmarsh.creator
    assert moved
    assert stays
    assert (moved.email, stays.email) == ("june@new.example", "june@okafor.example")
