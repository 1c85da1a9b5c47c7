"""A security key that one only has to touch is a second factor, and never a login by itself."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from django.test import Client

from accounts.models import User
from tests.cast import Cast
from tests.security.entering import browser, give_app, give_password, post_password
from tests.security.entering import fast_and_fresh as fast_and_fresh
from tests.security.security_keys import SecurityKey

STAFF = "/account/2fa/webauthn/login/"
PORTAL = "/portal/login/passkey/"


def waiting(user: User) -> Client:
    client = browser()
    assert post_password(client, give_password(user))["Location"] == "/account/2fa/authenticate/"
    return client


def asked_at_second_factor(client: Client) -> Any:
    return client.get("/account/2fa/authenticate/").context["js_data"]["request_options"]


def give_up_waiting(client: Client) -> None:
    """What a quarter of an hour does: the login waits no more, and the challenge is still there."""
    session = client.session
    del session[LOGIN_SESSION_KEY]
    session.save()


def is_logged_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("address", [STAFF, PORTAL])
@pytest.mark.parametrize("verified", [False, True])
def test_a_touched_key_is_no_login_by_itself(address: str, verified: bool, cast: Cast) -> None:
    """The finder can ask for a touch alone, on the page of their own second factor."""
    key = SecurityKey(cast.ines)
    give_app(cast.theo)
    client = waiting(cast.theo)
    options = asked_at_second_factor(client)
    give_up_waiting(client)

    client.post(address, {"credential": key.sign(options, verified=verified)})

    assert is_logged_in(client) == verified


def test_a_touched_key_is_a_second_factor(cast: Cast) -> None:
    key = SecurityKey(cast.ines)
    client = waiting(cast.ines)
    options = asked_at_second_factor(client)

    client.post("/account/2fa/authenticate/", {"credential": key.sign(options, verified=False)})

    assert is_logged_in(client)


TEXTS = ("[" * 100_000, '{"a":' * 5_000 + "1" + "}" * 5_000, "1" * 5_000, '"\\ud800"', "[]", "{}")


@pytest.mark.parametrize("address", [STAFF, PORTAL, "/account/2fa/authenticate/"])
def test_what_no_browser_sends_is_refused(address: str, cast: Cast) -> None:
    SecurityKey(cast.ines)
    client = waiting(cast.ines)

    for text in TEXTS:
        assert client.post(address, {"credential": text}).status_code in {200, 302}, text[:40]
        client = waiting(cast.ines)


def test_what_no_browser_sends_confirms_and_adds_nothing(cast: Cast) -> None:
    key = SecurityKey(cast.ines)
    client = waiting(cast.ines)
    options = asked_at_second_factor(client)
    client.post("/account/2fa/authenticate/", {"credential": key.sign(options, verified=False)})
    confirm, add = "/account/2fa/webauthn/reauthenticate/", "/account/2fa/webauthn/add/"

    for text in TEXTS[:4]:
        assert client.post(confirm, {"credential": text}).status_code == 302, text[:40]
    options = client.get(confirm).context["js_data"]["request_options"]
    client.post(confirm, {"credential": key.sign(options, verified=False)})
    for text in TEXTS[:4]:
        assert client.post(add, {"credential": text}).status_code == 200, text[:40]
