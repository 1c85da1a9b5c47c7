"""Two roads to one new login, taken in the same moment: one makes it, the other meets it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from accounts.actors import Actor
from accounts.invitation_links import link_of
from accounts.invitations import invite_staff
from accounts.models import Role, Staff, User
from affiliates.logins import user_for_proven_address
from core.tenancy import across_brands, acting_for
from tests.cast import Cast
from tests.own_processes import MAX_WAIT_SECONDS

NEW = "nora@saltmarsh.example"


def invited(brand: Any, cast: Cast) -> str:
    with acting_for(brand):
        row = invite_staff(email=NEW, role=Role.VIEWER, by=Actor.system("test"), now=cast.now)
    return "/" + link_of(row).split("/", 3)[3]


@pytest.fixture
def _at_noon(cast: Cast, time_machine: Any) -> None:
    time_machine.move_to(cast.now, tick=False)


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> threading.Barrier:
    """Both look for a login and find none before either makes one."""
    both, make = threading.Barrier(2, timeout=MAX_WAIT_SECONDS), User.objects.create_user

    def create_user(*args: Any, **fields: Any) -> User:
        both.wait()
        return make(*args, **fields)

    monkeypatch.setattr(User.objects, "create_user", create_user)
    return both


def accept(path: str) -> int:
    try:
        form = {"name": "Nora", "password": "kettle orbit maple 42"}
        return Client(raise_request_exception=False).post(path, form).status_code
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_at_noon")
def test_two_brands_invitations_make_one_login(cast: Cast, late: threading.Barrier) -> None:
    paths = [invited(brand, cast) for brand in (cast.juniper, cast.saltmarsh)]

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(accept, paths))

    assert answers == [200, 302]  # the other is told to log in
    user = User.objects.get(email=NEW)
    with across_brands(reason="a test counts roles"):
        assert Staff.objects.filter(user=user).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_code_meets_the_login_that_an_invitation_has_just_made(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = User.objects.create_user

    def make_elsewhere() -> None:
        make(cast.june.email, joined_at=cast.now)
        connections.close_all()

    def create_user(*args: Any, **fields: Any) -> User:
        other = threading.Thread(target=make_elsewhere)
        other.start()
        other.join()
        return make(*args, **fields)

    monkeypatch.setattr(User.objects, "create_user", create_user)

    user = user_for_proven_address(email=cast.june.email, now=cast.now)

    assert user == User.objects.get(email=cast.june.email)
