"""A code enters once and a limit counts before it lets through, also at one moment and without a
cache.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from allauth.account import adapter as allauth_adapter
from allauth.mfa.base import forms as allauth_forms
from allauth.mfa.models import Authenticator
from django.db import connections
from django.test import Client

from accounts.code_limits import FACTOR_HOUR, PASSWORD_NETWORK_HOUR
from accounts.models import CodeCount, User
from tests.answers import page_text
from tests.cast import Cast
from tests.own_processes import MAX_WAIT_SECONDS
from tests.security.entering import (
    PASSWORD,
    WRONG,
    browser,
    code_of,
    give_app,
    give_password,
    log_in,
    post_password,
)
from tests.security.entering import fast_and_fresh as fast_and_fresh

NOWHERE = "redis://127.0.0.1:1/0"
FACTOR = "/account/2fa/authenticate/"


@pytest.fixture(params=["with a cache", "without a cache"])
def cached(request: pytest.FixtureRequest, settings: Any) -> None:
    if request.param == "without a cache":
        options = dict(settings.CACHES["default"], LOCATION=NOWHERE)
        settings.CACHES = {"default": options}


@pytest.fixture(autouse=True)
def _at_noon(cast: Cast, time_machine: Any) -> None:
    time_machine.move_to(cast.now, tick=False)


def waiting(user: User) -> Client:
    client = browser()
    answer = post_password(client, give_password(user))
    assert answer.headers.get("Location") == FACTOR, answer.content.decode()
    return client


def enter(client: Client, code: str) -> bool:
    client.post(FACTOR, {"code": code})
    return "_auth_user_id" in client.session


# --- a code of an authenticator app


@pytest.mark.usefixtures("cached")
def test_a_code_enters_once(cast: Cast, time_machine: Any) -> None:
    secret = give_app(cast.ines)
    first, second = waiting(cast.ines), waiting(cast.ines)
    code = code_of(secret)
    assert enter(first, code)

    assert not enter(second, code)
    assert not enter(second, f" {code[:3]} {code[3:]}")

    time_machine.shift(30)
    assert enter(second, code_of(secret))


@pytest.mark.usefixtures("cached")
def test_a_code_that_logged_in_confirms_nothing(cast: Cast) -> None:
    secret = give_app(cast.ines)
    client, code = waiting(cast.ines), code_of(secret)
    assert enter(client, code)

    answer = client.post("/account/2fa/reauthenticate/", {"code": code})

    assert answer.status_code == 200
    assert "it was used before" in page_text(answer)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("cached")
def test_the_code_that_set_the_app_up_is_used_up(cast: Cast) -> None:
    client = log_in(browser(), cast.ines)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    secret = client.get("/account/2fa/totp/activate/").context["form"].secret
    code = code_of(secret)
    client.post("/account/2fa/totp/activate/", {"code": code})
    assert Authenticator.objects.filter(user=cast.ines, type="totp").exists()

    assert not enter(waiting(cast.ines), code)


@pytest.mark.django_db(transaction=True)
def test_of_many_at_one_moment_one_enters(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CACHES = {"default": dict(settings.CACHES["default"], LOCATION=NOWHERE)}
    secret = give_app(cast.ines)
    clients, code = [waiting(cast.ines) for _ in range(4)], code_of(secret)
    all_checked = threading.Barrier(4, timeout=MAX_WAIT_SECONDS)
    check = allauth_forms.AuthenticateForm.clean_code

    def check_together(form: Any) -> str:
        found = check(form)
        all_checked.wait()
        return found

    monkeypatch.setattr(allauth_forms.AuthenticateForm, "clean_code", check_together)

    def enter_it(client: Client) -> bool:
        try:
            return enter(client, code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(enter_it, clients)) == [False, False, False, True]


# --- limits


def elsewhere(act: Callable[[], object]) -> None:
    """Do something in another thread, with a connection of its own, and wait for it."""

    def run() -> None:
        try:
            act()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


@pytest.mark.django_db(transaction=True)
def test_passwords_that_are_checked_at_one_moment_are_all_counted(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the last password that the limit allows is checked, another comes."""
    people, checked = [cast.ines, cast.theo, cast.vera], []
    for number in range(PASSWORD_NETWORK_HOUR.max_count - 1):
        post_password(browser(), people[number % 3], WRONG)
    check = allauth_adapter.authenticate

    def check_slowly(request: Any, **credentials: Any) -> Any:
        checked.append(credentials["email"])
        if len(checked) == 1:
            elsewhere(lambda: post_password(browser(), cast.otto, WRONG))
        return check(request, **credentials)

    monkeypatch.setattr(allauth_adapter, "authenticate", check_slowly)

    post_password(browser(), cast.vera, WRONG)

    assert checked == [cast.vera.email]


@pytest.mark.django_db(transaction=True)
def test_second_factors_that_are_checked_at_one_moment_are_all_counted(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_app(cast.ines)
    for number in range(FACTOR_HOUR.max_count - 1):
        if number % 3 == 0:
            client = waiting(cast.ines)
        enter(client, "000000")
    clients, checked = [waiting(cast.ines), waiting(cast.ines)], []
    check = allauth_forms.AuthenticateForm.clean_code

    def check_slowly(form: Any) -> str:
        checked.append(form.user.email)
        if len(checked) == 1:
            elsewhere(lambda: enter(clients[1], "000000"))
        return check(form)

    monkeypatch.setattr(allauth_forms.AuthenticateForm, "clean_code", check_slowly)

    enter(clients[0], "000000")

    assert checked == [cast.ines.email]


def test_what_was_right_counts_for_nothing(cast: Cast) -> None:
    secret = give_app(cast.ines)
    for _ in range(3):
        assert enter(waiting(cast.ines), code_of(secret))

    counted = CodeCount.objects.filter(name__startswith="wrong").values_list("count", flat=True)
    assert set(counted) <= {0}


def test_what_is_refused_counts_for_nothing(cast: Cast) -> None:
    for _ in range(PASSWORD_NETWORK_HOUR.max_count + 5):
        post_password(browser(), cast.ines, WRONG)

    counts = CodeCount.objects.filter(name__startswith="wrong passwords")
    assert max(counts.values_list("count", flat=True)) == 10  # of this address, in this network
