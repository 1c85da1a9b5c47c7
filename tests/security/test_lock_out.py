"""What strangers guess at a password does not keep its owner from anything for long."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.cast import Cast
from tests.security.entering import (
    PASSWORD,
    WRONG,
    browser,
    fast_and_fresh,
    give_password,
    log_in,
    post_password,
)

pytestmark = pytest.mark.django_db
__all__ = ["fast_and_fresh"]


@pytest.fixture(autouse=True)
def _at_noon(cast: Cast, time_machine: Any) -> None:
    time_machine.move_to(cast.now, tick=False)


def guess_from_many_networks(user: User) -> None:
    for network in range(6):
        for _ in range(10):
            post_password(browser(REMOTE_ADDR=f"203.0.{network}.9"), user, WRONG)


def gets_in(client: Client, user: User) -> bool:
    post_password(client, user)
    return "_auth_user_id" in client.session


def test_strangers_of_one_network_lock_nobody_out(cast: Cast) -> None:
    give_password(cast.ines)
    for number in range(40):
        post_password(browser(REMOTE_ADDR=f"203.0.113.{number}"), cast.ines, WRONG)

    assert gets_in(browser(REMOTE_ADDR="198.51.100.7"), cast.ines)


def test_who_logged_in_by_password_before_gets_in_whatever_strangers_do(cast: Cast) -> None:
    here = log_in(browser(REMOTE_ADDR="198.51.100.7"), cast.ines)
    here.post("/account/logout/")
    guess_from_many_networks(cast.ines)

    assert not gets_in(browser(REMOTE_ADDR="198.51.100.8"), cast.ines)
    assert gets_in(here, cast.ines)


def test_who_is_logged_in_confirms_it_whatever_strangers_do(cast: Cast) -> None:
    here = log_in(browser(REMOTE_ADDR="198.51.100.7"), cast.ines)
    del here.cookies["known_browser"]
    guess_from_many_networks(cast.ines)

    answer = here.post("/account/reauthenticate/?next=/account/address/", {"password": PASSWORD})

    assert (answer.status_code, answer.headers.get("Location")) == (302, "/account/address/")


def test_who_is_logged_in_guesses_at_the_password_only_so_often(cast: Cast) -> None:
    """Somebody at an open laptop: allauth's own limit is gone with the cache."""
    here = log_in(browser(REMOTE_ADDR="198.51.100.7"), cast.ines)
    for number in range(20):
        here.defaults["REMOTE_ADDR"] = f"203.{number}.113.9"
        here.post("/account/reauthenticate/", {"password": WRONG})

    answer = here.post("/account/reauthenticate/", {"password": PASSWORD})

    assert answer.status_code != 302
