"""Members, and the creator who is the same person over brands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from affiliates.models import Creator, Member
from affiliates.selectors import members
from affiliates.services import MemberError, add_member, change_member
from core.tenancy import acting_for
from tests.cast import NOW, SYSTEM, Cast


@pytest.fixture(autouse=True)
def at_juniper(cast: Cast) -> Iterator[None]:
    with acting_for(cast.juniper):
        yield


def add(email: str, first_name: str = "New", last_name: str = "Person") -> Member:
    return add_member(email=email, first_name=first_name, last_name=last_name, by=SYSTEM, now=NOW)


def test_a_member_of_two_brands_is_one_creator(cast: Cast) -> None:
    assert cast.june.creator == cast.june_at_saltmarsh.creator
    assert Creator.objects.filter(email="june@okafor.example").count() == 1


@pytest.mark.parametrize("email", ["MARA@lindqvist.example", " mara@lindqvist.example "])
def test_an_address_belongs_to_one_member(cast: Cast, email: str) -> None:
    before = Member.objects.count()

    with pytest.raises(MemberError) as error:
        add(email)

    assert error.value.field == "email"
    assert Member.objects.count() == before


@pytest.mark.parametrize("email", ["nobody", "a@b", "a b@c.example", "@x.example"])
def test_what_is_no_address_is_named(cast: Cast, email: str) -> None:
    with pytest.raises(MemberError) as error:
        add(email)

    assert error.value.field == "email"


def test_members_without_an_address_have_no_creator(cast: Cast) -> None:
    first, second = add(""), add("")

    assert (first.creator, second.creator) == (None, None)


def test_a_new_address_is_another_creator(cast: Cast) -> None:
    changed = change_member(
        member=cast.mara,
        email="new@lindqvist.example",
        first_name="Mara",
        last_name="Lind",
        by=SYSTEM,
        now=NOW,
    )

    assert changed.creator == Creator.objects.get(email="new@lindqvist.example")
    assert Creator.objects.filter(email="mara@lindqvist.example").exists()


def test_every_word_of_a_search_must_be_found(cast: Cast) -> None:
    assert list(members(search="mar lind")) == [cast.mara]
    assert list(members(search="mara arroyo")) == []
