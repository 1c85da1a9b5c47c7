"""An act that needs a fresh code takes that code alone: no other, no older, no used one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.codes import forget_codes
from accounts.models import CodePurpose, User
from affiliates.address_change import change_address
from affiliates.logins import user_for_proven_address
from payouts.models import PayoutDetails
from payouts.releases import sharing_of, take_back_release
from portal.creator.proving import ACTS, ASKED
from tests.architecture.test_urls import body
from tests.cast import IBAN, NOW, SYSTEM, Cast
from tests.factories import ProvenCodeFactory
from tests.security.people import logged_in
from tests.snapshot import snapshot

ELSEWHERE = "somebody@else.example"
BANK = {"iban": IBAN, "holder": "June"}
# What each act posts once its code was entered.
POSTS: dict[str, tuple[str, dict[str, Any]]] = {
    "payout": ("/portal/payout/change/?method=bank&country=DE", BANK),
    "sharing": ("/portal/payout/share/", {"brands": ["juniper"]}),
    "passkey": ("/portal/security/passkeys/add/", {"name": "My phone", "credential": "{}"}),
    "export": ("/portal/data/export/", {}),
    "deletion": ("/portal/data/delete/", {"sure": "yes"}),
}


@pytest.fixture
def june(cast: Cast, time_machine: Any) -> User:
    """Her details are shared with nobody."""
    time_machine.move_to(cast.now, tick=False)
    user = user_for_proven_address(email=cast.june.email, now=cast.now)
    assert user is not None
    for one in sharing_of(user.creator):
        take_back_release(creator=user.creator, brand=one.brand, by=SYSTEM, now=cast.now)
    return user


def code(user: User, act: str, **changes: Any) -> uuid.UUID:
    fields = {"address": user.email, "purpose": ACTS[act].purpose} | changes
    return ProvenCodeFactory.create(**fields).public_id


def with_code(client: Client, act: str, public_id: uuid.UUID) -> None:
    """The session says that this is the code it entered for the act."""
    session = client.session
    session[ASKED] = {ACTS[act].purpose.value: str(public_id)}
    session.save()


def none_at_all(client: Client, user: User, act: str) -> None:
    """It was entered in another session of the same person."""
    with_code(logged_in(user, method="code"), act, code(user, act))


def not_entered(client: Client, user: User, act: str) -> None:
    with_code(client, act, code(user, act, proven_at=None))


def of_another_person(client: Client, user: User, act: str) -> None:
    with_code(client, act, code(user, act, address=ELSEWHERE))


def used(client: Client, user: User, act: str) -> None:
    with_code(client, act, code(user, act, ended_at=NOW))


def too_old(client: Client, user: User, act: str) -> None:
    with_code(client, act, code(user, act, proven_at=NOW - timedelta(minutes=10)))


def before_the_address_changed(client: Client, user: User, act: str) -> None:
    with_code(client, act, code(user, act))
    new = ProvenCodeFactory.create(address=ELSEWHERE, purpose=CodePurpose.NEW_ADDRESS).public_id
    session_key, later = client.session.session_key, NOW + timedelta(minutes=1)
    change_address(user=user, address=ELSEWHERE, code=new, session_key=session_key, now=later)


def forgotten(client: Client, user: User, act: str) -> None:
    with_code(client, act, code(user, act))
    forget_codes(address=user.email)


Wrong = Callable[[Client, User, str], None]
WRONG: list[Wrong] = [
    none_at_all, not_entered, of_another_person, used, too_old, before_the_address_changed,
    forgotten,
]  # fmt: skip


def test_every_act_is_here() -> None:
    assert POSTS.keys() == ACTS.keys()


@pytest.mark.parametrize("act", POSTS)
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_code_does_nothing(wrong: Wrong, act: str, june: User) -> None:
    client = logged_in(june, method="code")
    wrong(client, june, act)
    address, fields = POSTS[act]
    before = snapshot()

    opened, posted = client.get(address), client.post(address, fields)

    assert opened.status_code in {302, 405}
    assert (posted.status_code, posted["Location"]) == (302, f"/portal/confirm/{act}/")
    assert snapshot() == before


@pytest.mark.parametrize("act", POSTS)
@pytest.mark.parametrize("purpose", list(CodePurpose))
def test_a_code_for_another_act_does_nothing(purpose: CodePurpose, act: str, june: User) -> None:
    if purpose == ACTS[act].purpose:
        return
    client = logged_in(june, method="code")
    with_code(client, act, code(june, act, purpose=purpose))
    before = snapshot()

    posted = client.post(*POSTS[act])

    assert posted["Location"] == f"/portal/confirm/{act}/"
    assert snapshot() == before


# A second tap changes nothing. Where what it asks for is done, it leads where the first one did.
ANSWERED_TWICE = {
    "deletion": "/portal/login/",
    "payout": "/portal/payout/",
    "sharing": "/portal/payout/",
}


@pytest.mark.parametrize("act", sorted(POSTS.keys() - {"passkey"}))
def test_the_right_code_does_it_once(act: str, june: User) -> None:
    client, before = logged_in(june, method="code"), PayoutDetails.objects.count()
    with_code(client, act, code(june, act))

    first = client.post(*POSTS[act])
    body(first)  # to its end, which closes the file
    after = snapshot()
    second = client.post(*POSTS[act])

    assert "/portal/confirm/" not in first.get("Location", "")
    assert first.status_code in {200, 302}
    assert second["Location"] == ANSWERED_TWICE.get(act, f"/portal/confirm/{act}/")
    assert snapshot() == after
    assert PayoutDetails.objects.count() == before - (act == "deletion")
