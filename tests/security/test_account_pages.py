"""The pages of a login and of the operator: who may open them, enumerated off the URL map."""

from __future__ import annotations

import itertools

import pytest

from tests.architecture.routes import opened_by, routes
from tests.architecture.test_urls import BROWSER_METHODS, browser
from tests.architecture.world import World
from tests.cast import Cast
from tests.security.identities import identities
from tests.snapshot import snapshot

ROUTED = {
    "login/", "logout/", "inactive/", "reauthenticate/",
    "password/reset/", "password/reset/done/", "password/reset/key/done/", "password/change/",
    "password/set/", "2fa/", "2fa/authenticate/", "2fa/reauthenticate/", "2fa/totp/activate/",
    "2fa/totp/deactivate/", "2fa/recovery-codes/", "2fa/recovery-codes/generate/",
    "2fa/recovery-codes/download/", "2fa/webauthn/", "2fa/webauthn/add/", "2fa/webauthn/login/",
    "2fa/webauthn/reauthenticate/", "2fa/webauthn/keys/<int:pk>/remove/",
    "2fa/webauthn/keys/<int:pk>/edit/",
    r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
}  # fmt: skip
OURS = {
    "login/code/", "login/code/confirm/", "confirm/", "confirm/code/", "address/", "address/code/",
}  # fmt: skip


def test_no_page_of_a_library_is_routed_unnamed() -> None:
    found = {
        route.pattern.removeprefix("account/")
        for route in routes()
        if route.pattern.startswith("account/")
    }

    assert found == ROUTED | OURS


@pytest.mark.parametrize(
    "gone", ["signup/", "email/", "confirm-email/", "confirm-email/x/", "2fa/webauthn/signup/"]
)
def test_pages_that_nobody_uses_are_not_there(gone: str, cast: Cast) -> None:
    for user in (None, cast.vera):
        assert browser(user).get(f"/account/{gone}").status_code == 404
        assert browser(user).post(f"/account/{gone}", {"email": "x@y.example"}).status_code == 404


def test_every_page_of_an_operator_says_so() -> None:
    platform = [route for route in routes() if route.pattern.startswith("platform/")]

    assert platform == opened_by("operator login")
    assert len(platform) > 8


def test_the_operators_pages_are_for_operators_alone(world: World) -> None:
    """Strangers are sent to the one login; anybody else is refused, whatever their role."""
    cast, values = world.cast, {"object_id": 1, "user_id": 1, "act": "deactivate"}
    visitors = [browser(user) for user in (None, cast.ines, cast.theo, cast.vera)]
    before = snapshot()

    for visitor, route, method in itertools.product(
        visitors, opened_by("operator login"), BROWSER_METHODS
    ):
        address = route.address(values)
        answer = getattr(visitor, method)(address, {"reason": "x"})
        if visitor is visitors[0]:
            assert answer.status_code == 302, (address, method)
            assert answer["Location"].startswith("/account/login/?next=/platform/"), address
        else:
            assert answer.status_code == 403, (address, method)

    assert snapshot() == before


def test_the_pages_of_a_login_send_strangers_to_it(world: World) -> None:
    before, stranger = snapshot(), browser()

    for route, method in itertools.product(opened_by("account login"), BROWSER_METHODS):
        answer = getattr(stranger, method)(route.address({"pk": 1}))
        assert answer.status_code == 302, (str(route), method)
        assert answer["Location"].startswith("/account/login/?next="), route

    assert len(opened_by("account login")) > 18
    assert snapshot() == before


def test_a_page_that_changes_a_login_asks_who_it_is_again(world: World) -> None:
    """Pages that show or change a second factor, a password or an address, with an old session."""
    ines, asked = browser(world.cast.ines), []
    before = identities()

    for route, method in itertools.product(opened_by("account login"), BROWSER_METHODS):
        answer = getattr(ines, method)(route.address({"pk": 1}))
        if answer.status_code == 302 and answer["Location"].startswith("/account/confirm/?next="):
            asked.append(route.pattern)
        assert identities() == before, (str(route), method)

    assert {pattern for pattern in asked if asked.count(pattern) == 2} == {
        route.pattern for route in opened_by("account login")
    } - {
        "account/2fa/",  # lists
        "account/2fa/webauthn/",  # lists
        "account/2fa/reauthenticate/",  # is how one is asked
        "account/2fa/webauthn/reauthenticate/",
        "account/reauthenticate/",
        "account/confirm/",
        "account/confirm/code/",
    }
