"""Who may open and post what in a brand: every address, for everybody who may not.

What a page declares (`brand_page`) decides, and `accounts.permissions` says which role has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from django.test import Client

from accounts.invitation_links import link_of
from accounts.models import Brand, Invitation, Role, Session, Staff, User
from accounts.permissions import Permission, may
from accounts.services import give_role, remove_staff
from affiliates.logins import user_for_proven_address
from core.tenancy import acting_for
from tests.amounts import share
from tests.answers import as_one_line
from tests.architecture.routes import Route, in_brand_admin
from tests.architecture.test_urls import body, browser
from tests.architecture.world import World
from tests.cast import IBAN, NOW, SYSTEM, Cast
from tests.security.people import gather, logged_in
from tests.snapshot import snapshot


def removed(cast: Cast) -> Client:
    """Somebody who was logged in when their role was taken away."""
    client = browser(cast.theo)
    assert client.get("/admin/juniper/").status_code == 200
    with acting_for(cast.juniper):
        remove_staff(staff=Staff.objects.get(user=cast.theo), by=SYSTEM, now=NOW)
    return client


def creator(cast: Cast) -> Client:
    """A member of the brand, in the portal."""
    return logged_in(user_for_proven_address(email=cast.june.email, now=NOW), method="code")


def operator_without_a_role(cast: Cast) -> Client:
    return logged_in(gather(cast).operator, method="mfa")


def accepted_elsewhere(cast: Cast) -> Client:
    """Somebody who was invited and did not accept."""
    return browser(User.objects.create_user("new@juniper.example", joined_at=NOW))


def deactivated(cast: Cast) -> Client:
    """The owner, whose login the operator deactivated."""
    client = browser(cast.ines)
    User.objects.filter(pk=cast.ines.pk).update(is_active=False)
    return client


def logged_out_elsewhere(cast: Cast) -> Client:
    """The owner, whose session was ended on another device."""
    client = browser(cast.ines)
    Session.objects.filter(user=cast.ines).delete()
    return client


def operator_without_a_factor(cast: Cast) -> Client:
    """An operator who owns the brand, and has used no second factor in this session."""
    operator = gather(cast).operator
    with acting_for(cast.juniper):
        give_role(user=operator, role=Role.OWNER, by=SYSTEM, now=NOW)
    return logged_in(operator, method="password")


def owner_without_a_factor(cast: Cast) -> Client:
    """The owner of a brand that requires a second factor."""
    Brand.objects.filter(pk=cast.juniper.pk).update(requires_second_factor=True)
    return browser(cast.ines)


Visitor = Callable[[Cast], Client]
WITHOUT_A_ROLE: list[Visitor] = [
    removed, creator, operator_without_a_role, accepted_elsewhere,
]  # fmt: skip
WITHOUT_A_LOGIN: list[Visitor] = [deactivated, logged_out_elsewhere]
WITHOUT_A_FACTOR: list[Visitor] = [operator_without_a_factor, owner_without_a_factor]


def asked_by(visitor: Visitor, group: list[Visitor]) -> Sequence[Route]:
    """A share of the addresses; those of a group ask for every one of them together."""
    return share(in_brand_admin(), group.index(visitor), len(group))


@contextmanager
def nothing_changes() -> Iterator[None]:
    before = snapshot()
    yield
    assert snapshot() == before


@pytest.mark.parametrize("visitor", WITHOUT_A_ROLE)
def test_without_a_role_a_brand_is_not_there(visitor: Visitor, world: World) -> None:
    client, own = visitor(world.cast), world.own_values()
    missing = body(client.get("/admin/nobody-works-for-this-one/"))

    with nothing_changes():
        for route in asked_by(visitor, WITHOUT_A_ROLE):
            for ask in (client.get, client.post):
                answer = ask(route.address(own))
                assert answer.status_code in {404, 405}, str(route)
                assert answer.status_code == 405 or body(answer) == missing, str(route)


@pytest.mark.parametrize("visitor", WITHOUT_A_LOGIN)
def test_a_session_that_was_ended_leads_to_the_login(visitor: Visitor, world: World) -> None:
    client = visitor(world.cast)

    with nothing_changes():
        for route in asked_by(visitor, WITHOUT_A_LOGIN):
            for ask in (client.get, client.post):
                answer = ask(route.address(world.own_values()))
                assert answer.status_code in {302, 405}, str(route)
                assert answer.status_code == 405 or "/account/login/" in answer["Location"]


@pytest.mark.parametrize("visitor", WITHOUT_A_FACTOR)
def test_without_a_second_factor_no_page_opens(visitor: Visitor, world: World) -> None:
    client = visitor(world.cast)

    with nothing_changes():
        for route in asked_by(visitor, WITHOUT_A_FACTOR):
            for ask in (client.get, client.post):
                answer = ask(route.address(world.own_values()))
                assert answer.status_code in {403, 405}, str(route)
                page = as_one_line(body(answer).decode())
                assert answer.status_code == 405 or "second factor" in page, str(route)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_what_it_is_permitted_and_nothing_else(role: Role, world: World) -> None:
    """And whatever it opens shows no account number, password or link of an invitation."""
    staff = {Role.OWNER: "ines", Role.MANAGER: "theo", Role.VIEWER: "vera"}
    client = browser(getattr(world.cast, staff[role]))
    with acting_for(world.cast.juniper):
        invited = link_of(Invitation.objects.get()).rpartition("/")[2]
    secrets = [IBAN, invited, *User.objects.exclude(password="").values_list("password", flat=True)]

    with nothing_changes():
        for route in in_brand_admin():
            address = route.address(world.own_values())
            answer = client.get(address)
            text = body(answer).decode(errors="replace")
            assert [one for one in secrets if one in text] == [], str(route)
            assert answer.status_code == 405 or (answer.status_code == 403) != may(
                role, route.permission
            ), route
            if not may(role, route.post_permission):
                posted = client.post(address, {"selected": "1"})
                assert posted.status_code in {403, 405}, str(route)


def test_what_only_owners_do_is_written_down() -> None:
    """A permission that is loosened by mistake is seen here."""
    administered = {
        route.name
        for route in in_brand_admin()
        if Permission.ADMINISTER in {route.permission, route.post_permission}
    }

    assert [role for role in Role if may(role, Permission.ADMINISTER)] == [Role.OWNER]
    assert administered == {
        "settings", "settings_logo", "settings_staff", "settings_second_factor",
        "settings_slack", "slack_test", "slack_remove",
        "settings_notices", "brand_basics",
        "staff_role", "staff_remove", "invitation_resend", "invitation_withdraw",
        "developers", "key_revoke",
        "connection_setup", "connection_name", "connection_credentials", "connection_secret",
        "connection_disconnect",
        "link_domains", "link_domain_check", "link_domain_main", "link_domain_remove",
        "page_script", "page_key", "postbacks", "postback_try",
        "test_data_delete",
        "webhook_add", "webhook_change", "webhook_secret", "webhook_test", "webhook_on",
        "webhook_off", "webhook_again", "webhook_delete", "webhook_deliveries_change",
        "webhook_deliveries_csv",  # to order a large file; a small one takes READ
    }  # fmt: skip
