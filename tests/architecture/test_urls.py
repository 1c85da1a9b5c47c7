"""Every address says who may use it, and holds to it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest
from django.forms import BaseForm, ChoiceField, ModelChoiceField
from django.test import Client

import brand_admin
from accounts.models import User
from accounts.permissions import Permission
from tests.answers import Answer
from tests.architecture.routes import Route, in_brand_admin, opened_by, routes
from tests.architecture.world import FIELDS, NAMED, NOBODYS, WORDS, World, undone
from tests.snapshot import Unchanged, snapshot

# Open to everybody, and why.
PUBLIC = {
    "": "the front door sends everybody on",
    "assets/<slug:sheet>.<slug:digest>.css": "stylesheets",
    "assets/accent/<colour:colour>.css": "a colour",
    "account/login/": "where staff and operators log in",
    "account/login/code/": "the same, by a code",
    "account/login/code/confirm/": "the same",
    "account/2fa/webauthn/login/": "the same, by a passkey",
    "account/2fa/authenticate/": "the second step of a login; who began none is sent back",
    "account/logout/": "leaving needs nobody's leave",
    "account/inactive/": "says that a login was deactivated",
    "account/password/reset/": "who forgot a password is mailed a link",
    "account/password/reset/done/": "says that a mail was sent, for every address",
    r"account/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "the key is the proof",
    "account/password/reset/key/done/": "says that a password was set",
    "once/<str:token>": "the token is the login",
    "invitation/<str:token>": "the token invites one address",
    "app/<slug:language>.webmanifest": "the same for everybody",
    "d/<str:token>": "the token opens one member's dashboard",
    "d/<str:token>/conversions.csv": "the same",
    "d/<str:token>/payments.csv": "the same",
    "d/<str:token>/payments/<uuid:public_id>": "the same",
    "d/<str:token>/payments/<uuid:public_id>.csv": "the same",
    "d/<str:token>/why": "the same",
    "d/<str:token>/questions": "the same",
    "d/<str:token>/language": "the same",
    "d/<str:token>/qr": "the same",
    "d/<str:token>/qr.svg": "the same",
    "d/<str:token>/qr.png": "the same",
    "d/<str:token>/sources": "the same",
    "d/<str:token>/links": "the same",
    "d/<str:token>/links/<slug:slug>": "the same",
    "d/": "the page for a link that doesn't work",
    "d/<path:rest>": "the same",
    "portal/login/": "where creators log in",
    "portal/login/code/": "the same",
    "portal/login/passkey/": "the same",
    "portal/login/passkey/options": "a challenge, the same for everybody",
    "portal/logout/": "leaving needs nobody's leave",
    "language": "which language a reader chose, in a cookie",
    "u/<str:token>": "the token unsubscribes one address",
    "certificates/ask": "a proxy asks whether a host is one of a brand",
    "pictures/<slug:slug>/<slug:digest>": "logos and images, which mails show too",
    "healthz": "says that the process lives",
    "readyz": "says which server does not answer",
    "metrics": "nothing there without METRICS_TOKEN",
    "webhooks/email/<slug:service>/": "delivery services sign or bring a password",
    "webhooks/<uuid:public_id>": "shops sign what they deliver",
    "webhooks/<uuid:public_id>/": "the same",
    "webhooks/<uuid:public_id>/<path:rest>": "the same",
    "api/docs": "documentation",
    "api/guides/": "the same",
    "api/guides/<slug:name>": "the same",
    "api/v1/openapi.json": "documentation",
    "api/problems/<slug:code>": "what an error of the API means",
    "inbox/": "local mode only",
    "inbox/<str:key>/": "local mode only",
    "inbox/<str:key>/html": "local mode only",
}
LOGINS = {"creator login", "account login", "operator login"}  # what a page says it is opened by

# Own rows alone don't make these pages: one is told whom to write to, one shows a browser's draft,
# one is of a publishable key.
NEEDS_MORE = {
    "admin/<slug:slug>/connections/script/keys/<int:key_id>/",
    "admin/<slug:slug>/emails/compose/",
    "admin/<slug:slug>/emails/compose/<uuid:confirmation>/<int:enrollment_id>/",
}
# Fields whose choices come from elsewhere than the brand's rows, or are mere words.
OF_NO_ROW = {"currency", "source", "tag", "time_zone"}
BROWSER_METHODS = ("get", "post")
# A viewer reads the brand, and ends sessions of their own.
OF_EVERY_ROLE = {Permission.READ, Permission.OWN_ACCOUNT}


def browser(user: User | None = None) -> Client:
    """A visitor; a page that fails answers 500 here instead of raising."""
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    return client


def body(answer: Answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]


def test_every_address_is_public_or_guarded() -> None:
    patterns = {route.pattern for route in routes()}
    unguarded = {
        route.pattern
        for route in routes()
        if route.permission is None
        and route.opened_by not in LOGINS
        and not route.pattern.startswith("api/v1/")
        and route.pattern not in {"admin/", "portal/"}
    }

    assert unguarded == PUBLIC.keys() - {"api/v1/openapi.json"}
    assert PUBLIC.keys() <= patterns


def test_every_page_of_a_brand_declares_both_permissions() -> None:
    assert len(in_brand_admin()) > 50
    assert [
        str(route)
        for route in in_brand_admin()
        if not isinstance(route.permission, Permission)
        or not isinstance(route.post_permission, Permission)
    ] == []


def test_every_parameter_is_known() -> None:
    """A new one belongs into NAMED with its model, or into WORDS with a value."""
    used = {name for route in in_brand_admin() for name in route.parameters} - {"slug"}

    assert used <= NAMED.keys() | WORDS.keys()


def test_the_api_needs_a_key_everywhere(world: World) -> None:
    named = {"order_id": "juniper-9001", "refund_id": "R1", "source": "api"}
    nouns = {
        "campaign", "click", "code", "conversion", "delivery", "endpoint", "enrollment", "flag",
        "link", "link_domain", "member", "offer", "payout",
        "question", "refund", "revision", "run", "terms",
    }  # fmt: skip
    values = named | dict.fromkeys(nouns, "1")
    before = snapshot()

    for route in routes():
        if route.pattern.startswith("api/v1/") and route.pattern not in {
            "api/v1/",
            "api/v1/openapi.json",
        }:
            statuses = {
                getattr(browser(), method)(route.address(values)).status_code
                for method in ("get", "head", "options", "post", "put", "patch", "delete")
            }
            assert statuses == {401, 405}, route

    assert snapshot() == before


@pytest.mark.parametrize("address", ["/admin/", "/portal/"])
def test_a_start_page_sends_strangers_to_the_login(address: str, world: World) -> None:
    answer = browser().get(address)

    assert answer.status_code == 302
    assert "login" in answer["Location"]


def test_strangers_are_sent_to_the_login(world: World) -> None:
    before, stranger = snapshot(), browser()

    for route, method in itertools.product(in_brand_admin(), BROWSER_METHODS):
        answer = getattr(stranger, method)(route.address(world.own_values()))
        assert answer.status_code in {302, 405}, (str(route), method)
        assert answer.status_code == 405 or "/account/login/" in answer["Location"], route

    assert snapshot() == before


def test_a_brand_one_does_not_work_for_answers_like_one_that_does_not_exist(world: World) -> None:
    outsider = browser(world.cast.otto)
    before = snapshot()
    own = world.own_values()

    for route, method in itertools.product(in_brand_admin(), BROWSER_METHODS):
        there = getattr(outsider, method)(route.address(own))
        nowhere = getattr(outsider, method)(route.address({**own, "slug": "nowhere"}))
        assert there.status_code in {404, 405}, (str(route), method)
        assert (there.status_code, body(there)) == (nowhere.status_code, body(nowhere)), route

    assert snapshot() == before


def with_somebody_elses(route: Route, world: World) -> Iterator[tuple[str, str]]:
    """The address with foreign rows in one or more places, and with rows that do not exist."""
    own = world.own_values()
    named = [name for name in route.parameters if name in NAMED]
    for count in range(1, len(named) + 1):
        for changed in itertools.combinations(named, count):
            foreign = {name: world.foreign[name] for name in changed}
            missing = dict.fromkeys(changed, NOBODYS)
            yield route.address(own | foreign), route.address(own | missing)


def test_another_brands_row_answers_like_one_that_does_not_exist(world: World) -> None:
    owner, tried = browser(world.cast.ines), 0
    before = snapshot()

    for route in in_brand_admin():
        for foreign, missing in with_somebody_elses(route, world):
            statuses = set()
            for method in BROWSER_METHODS:
                there, nowhere = (getattr(owner, method)(path) for path in (foreign, missing))
                assert (there.status_code, body(there)) == (nowhere.status_code, body(nowhere)), (
                    foreign,
                    method,
                )
                statuses.add(there.status_code)
            assert statuses in ({404}, {404, 405}), (foreign, statuses)
            tried += 1

    assert tried > 25
    assert snapshot() == before


def test_who_only_reads_changes_nothing(world: World) -> None:
    viewer, denied = browser(world.cast.vera), 0
    unchanged = Unchanged()

    for route in in_brand_admin():
        address = route.address(world.own_values())
        answer = viewer.post(address, {"selected": list(world.own.values())})
        if route.post_permission not in OF_EVERY_ROLE:
            assert answer.status_code in {403, 405}, route
            denied += answer.status_code == 403
        if route.permission not in OF_EVERY_ROLE:
            assert viewer.get(address).status_code in {403, 405}, route
        assert unchanged.holds(), route

    assert snapshot() == unchanged.before
    assert denied > 20


def test_a_page_that_takes_a_post_needs_more_than_reading(world: World) -> None:
    """A page with nothing to send refuses to be sent anything, whatever is in it."""
    owner, taking = browser(world.cast.ines), []

    for route in in_brand_admin():
        with undone():
            answer = owner.post(route.address(world.own_values()))
            if route.post_permission is Permission.READ and answer.status_code != 405:
                taking.append(route.pattern)

    assert taking == []


def test_looking_changes_nothing_and_every_page_is_there(world: World) -> None:
    owner, found = browser(world.cast.ines), {}
    before = snapshot()

    for route in in_brand_admin():
        answer = owner.get(route.address(world.own_values()))
        body(answer)
        found[route.pattern] = answer.status_code

    accepted = {200, 302, 405}
    assert {
        pattern: status
        for pattern, status in found.items()
        if status not in accepted and not (status == 404 and pattern in NEEDS_MORE)
    } == {}
    assert snapshot() == before


def test_no_page_shows_anything_of_another_brand(world: World) -> None:
    # Whole words: a random token may hold four letters by chance.
    marks = re.compile(rb"\b(JUNETIDE|Tide|saltmarsh|Saltmarsh)\b")
    owner = browser(world.cast.ines)
    queries: tuple[dict[str, Any], ...] = ({}, world.foreign_fields())

    for route, query in itertools.product(in_brand_admin(), queries):
        text = body(owner.get(route.address(world.own_values()), query))
        assert marks.findall(text) == [], (str(route), query)


def forms_of_the_admin() -> list[type[BaseForm]]:
    """Every form class that a module of the brand admin defines."""
    modules = [
        import_module(one.name) for one in walk_packages(brand_admin.__path__, "brand_admin.")
    ]
    return [
        found
        for module in modules
        for found in vars(module).values()
        if isinstance(found, type)
        and issubclass(found, BaseForm)
        and found.__module__ == module.__name__
    ]


def test_every_field_that_names_a_row_is_known() -> None:
    """A choice whose choices come from the brand's rows belongs into FIELDS."""
    naming = {
        name
        for form in forms_of_the_admin()
        for name, field in getattr(form, "base_fields", {}).items()
        if isinstance(field, ModelChoiceField)
        or (isinstance(field, ChoiceField) and not field.choices)
    }

    assert naming >= {"offer", "owner", "project", *OF_NO_ROW}
    assert naming - FIELDS.keys() == OF_NO_ROW


def test_no_form_changes_anything_of_another_brand(world: World) -> None:
    """A POST that names another brand's rows under every name a form might look for."""
    owner, failed = browser(world.cast.ines), {}
    unchanged = Unchanged(brand_id=world.cast.saltmarsh.pk)

    for route in in_brand_admin():
        with undone():
            answer = owner.post(route.address(world.own_values()), world.foreign_fields())
            body(answer)
            if answer.status_code >= 500:
                failed[route.pattern] = answer.status_code
            assert unchanged.holds(), route

    assert snapshot(brand_id=unchanged.brand_id) == unchanged.before
    assert failed == {}


def in_the_portal() -> list[Route]:
    """The pages of the creator portal that need a login."""
    return opened_by("creator login")


def test_the_portal_sends_strangers_to_its_login(world: World) -> None:
    before, stranger = snapshot(), browser()
    values = {"act": "payout", "slug": "juniper", "handle": "x", "passkey_id": 1, "year": 2026}

    for route, method in itertools.product(in_the_portal(), BROWSER_METHODS):
        answer = getattr(stranger, method)(route.address(values))
        assert answer.status_code in {302, 405}, (str(route), method)
        assert answer.status_code == 405 or answer["Location"] == "/portal/login/", route

    assert len(in_the_portal()) > 12
    assert snapshot() == before


def test_pages_of_the_portal_are_for_creators(world: World) -> None:
    """Who works for a brand and belongs to none finds the first page, which says so."""
    staff, before = browser(world.cast.otto), snapshot()
    values = {"act": "payout", "slug": "juniper", "handle": "x", "passkey_id": 1, "year": 2026}

    for route, method in itertools.product(in_the_portal(), BROWSER_METHODS):
        answer = getattr(staff, method)(route.address(values))
        if route.pattern != "portal/":
            assert answer.status_code in {302, 405}, (str(route), method)
            assert answer.status_code == 405 or answer["Location"] == "/portal/", route

    assert snapshot() == before
