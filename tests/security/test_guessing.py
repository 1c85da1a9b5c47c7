"""Nobody guesses a password or a second factor for long, whether or not there is a cache."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.code_limits import FACTOR_HOUR, PASSWORD_ADDRESS_HOUR, PASSWORD_NETWORK_HOUR
from accounts.known_browsers import remember
from tests.answers import page_text
from tests.cast import Cast
from tests.security.entering import (
    PASSWORD,
    WRONG,
    browser,
    code_of,
    give_app,
    give_password,
    post_password,
)
from tests.security.entering import fast_and_fresh as fast_and_fresh
from tests.security.entering import standing_clock as standing_clock

pytestmark = pytest.mark.usefixtures("standing_clock")

NOWHERE = "redis://127.0.0.1:1/0"
TOO_MANY = "Too many"


@pytest.fixture(params=["with a cache", "without a cache"], autouse=True)
def cached(request: pytest.FixtureRequest, settings: Any) -> None:
    if request.param == "without a cache":
        options = dict(settings.CACHES["default"], LOCATION=NOWHERE)
        settings.CACHES = {"default": options}


def from_network(number: int) -> Client:
    return browser(REMOTE_ADDR=f"203.0.{number}.7")


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_one_network_guesses_at_passwords_of_many_only_so_often(cast: Cast) -> None:
    client = from_network(1)
    people = [cast.ines, cast.theo, cast.vera]
    for number in range(PASSWORD_NETWORK_HOUR.max_count):
        post_password(client, people[number % 3], WRONG)

    answer = post_password(client, give_password(cast.ines))

    assert answer.status_code == 200
    assert TOO_MANY in page_text(answer)
    assert not is_in(client)
    other = from_network(2)
    assert post_password(other, cast.ines).status_code == 302
    assert is_in(other)


def test_many_networks_guess_at_one_password_only_so_often(cast: Cast) -> None:
    for number in range(PASSWORD_ADDRESS_HOUR.max_count):
        post_password(from_network(number), cast.ines, WRONG)

    client = from_network(200)
    answer = post_password(client, give_password(cast.ines))

    assert TOO_MANY in page_text(answer)
    assert not is_in(client)


def test_strangers_do_not_lock_a_known_browser_out(cast: Cast, rf: Any) -> None:
    for number in range(PASSWORD_ADDRESS_HOUR.max_count):
        post_password(from_network(number), cast.ines, WRONG)
    known = from_network(200)
    answer = post_password(known, give_password(cast.ines), WRONG)
    remember(answer.wsgi_request, answer, address=cast.ines.email)
    known.cookies.update(answer.cookies)

    assert post_password(known, cast.ines).status_code == 302
    assert is_in(known)


def test_who_knows_the_password_guesses_at_the_second_factor_only_so_often(cast: Cast) -> None:
    secret = give_app(give_password(cast.ines))
    client = browser()
    for number in range(FACTOR_HOUR.max_count):
        if number % 3 == 0:  # allauth ends a login after some wrong codes; the guesser begins anew
            post_password(client, cast.ines, PASSWORD)
        client.post("/account/2fa/authenticate/", {"code": "000000"})

    post_password(client, cast.ines, PASSWORD)
    answer = client.post("/account/2fa/authenticate/", {"code": code_of(secret)})

    assert answer.status_code == 200
    assert TOO_MANY in page_text(answer)
    assert not is_in(client)
