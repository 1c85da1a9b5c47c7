"""What another site can have a browser do: nothing.

A POST without the form's token is refused on every page, and no GET changes anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from time_machine import TimeMachineFixture

from accounts.invitation_links import link_of
from accounts.models import Invitation, User
from accounts.one_time_login import make_token
from core.tenancy import acting_for
from notifications.unsubscribe_links import unsubscribe_link
from offers.dashboard_links import token_for
from payouts.models import Payout
from tests.architecture.routes import Route, in_brand_admin, routes
from tests.architecture.test_urls import body
from tests.architecture.world import World
from tests.cast import NOW, Cast
from tests.security.people import gather, logged_in
from tests.snapshot import snapshot

# Pages whose POST needs no token of a form, and what stands in its place.
NO_FORM_TOKEN = {
    "d/": "the dashboard link in the address; no cookie is read",
    "u/<str:token>": "the signed token in the address; mail providers post without a cookie",
    "language": "the cookie of a login is SameSite=Lax and does not come along",
    "webhooks/email/<slug:service>/": "a signature or password of the delivery service",
    "webhooks/<uuid:public_id>": "the shop's signature",
    "api/v1/": "the API key in a header",
}
# A GET that is counted, on purpose.
COUNTED = {"r/<slug:slug>", "api/v1/postback"}  # the second with a key in its address
# Those that would change something, if a GET did.
OPENED = {
    "once/<str:token>", "invitation/<str:token>", "u/<str:token>", "account/logout/",
    "d/<str:token>", "d/<str:token>/questions", "portal/confirm/<slug:act>/", "portal/security/",
    "platform/accounts/user/<int:user_id>/act/<slug:act>/",
}  # fmt: skip


@pytest.fixture
def world(world: World, time_machine: TimeMachineFixture) -> World:
    time_machine.move_to(NOW, tick=False)  # the invitations are open
    return world


def visitors(cast: Cast, *, is_checked: bool = False) -> dict[str, Client]:
    """A browser of each kind of person, logged in; a checked one may post with a token alone."""
    people: dict[str, User | None] = {**gather(cast).all(), "stranger": None}
    found = {
        name: logged_in(user, method="mfa" if name == "operator" else "")
        for name, user in people.items()
    }
    for client in found.values():
        client.handler.enforce_csrf_checks = is_checked
    return found


def addresses(world: World) -> Iterator[tuple[Route, str]]:
    """Every address of the product, with what its parameters name."""
    cast = world.cast
    with acting_for(cast.juniper):
        invited = urlsplit(link_of(Invitation.objects.get())).path.rpartition("/")[2]
        payout = Payout.objects.get(member=cast.mara, state="paid")
    leaving = urlsplit(unsubscribe_link(brand_id=cast.juniper.pk, address=cast.mara.email)).path
    tokens = {
        "once/<str:token>": make_token(cast.theo),
        "invitation/<str:token>": invited,
        "u/<str:token>": leaving.rpartition("/")[2],
    }
    values: dict[str, Any] = {
        "act": "payout", "object_id": cast.vera.pk, "user_id": cast.vera.pk, "pk": 1,
        "passkey_id": 1, "year": 2026, "sheet": "portal", "digest": "0" * 12, "colour": "007a85",
        "rest": "x", "language": "en",
        "public_id": payout.public_id, "service": "mailgun", "source": "api", "key": "x",
        "uidb36": "1",
    }  # fmt: skip
    for route in routes():
        own = {**values, **world.own_values()}
        own["token"] = tokens.get(route.pattern, token_for(cast.mara_in_glow))
        if route.pattern.startswith("platform/"):
            own["act"] = "deactivate"
        if route.pattern.startswith("api/"):
            own |= dict.fromkeys(set(route.parameters) - own.keys(), "1")
            own |= {"order_id": "juniper-9001", "refund_id": "R1"}
        yield route, route.address(own)


def test_a_post_without_the_forms_token_is_refused_everywhere(world: World) -> None:
    clients = visitors(world.cast, is_checked=True)
    before, refused = snapshot(), set()

    for route, address in addresses(world):
        needs_none = route.pattern.startswith(tuple(NO_FORM_TOKEN))
        assert needs_none or not getattr(route.view, "csrf_exempt", False), str(route)
        for client in clients.values():
            if not needs_none:
                answer = client.post(address, {"selected": "1", "email": "x@else.example"})
                assert answer.status_code in {403, 404, 405}, str(route)
                refused.add(route.pattern) if answer.status_code == 403 else None

    assert len(refused) > 100
    assert snapshot() == before


def test_a_login_does_not_come_along_from_another_site() -> None:
    assert settings.SESSION_COOKIE_SAMESITE == "Lax"
    assert settings.CSRF_TRUSTED_ORIGINS == [settings.BASE_URL]


def test_no_get_changes_anything(world: World) -> None:
    """The pages of a brand have a test of their own: tests/architecture/test_addresses.py."""
    clients, own = visitors(world.cast), in_brand_admin()
    before, opened = snapshot(), set()

    for route, address in addresses(world):
        if route.pattern in COUNTED or route in own:
            continue
        for name, client in clients.items():
            answer = client.get(address)
            body(answer)
            opened.add(route.pattern) if answer.status_code == 200 else None
            assert answer.status_code < 500, (address, name)
            assert name == "stranger" or "_auth_user_id" in client.session, (address, name)

    assert opened >= OPENED
    assert snapshot() == before
