"""Every road by which an address or a role is gained: without proof nothing moves."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta

import pgtrigger
import pytest
from allauth.account.models import EmailAddress
from django.db import DatabaseError, connection, transaction
from django.test import Client

from accounts import one_time_login
from accounts.brands import create_brand
from accounts.invitation_links import link_of
from accounts.invitations import LoginError, accept_invitation, invite_staff, open_invitations
from accounts.models import Role, Session, Staff, User
from accounts.proven_addresses import prove_address
from accounts.services import StaffError, change_staff_role, give_role
from affiliates.models import Creator
from affiliates.services import add_member, change_member
from core.tenancy import acting_for
from tests.architecture.routes import Route, routes
from tests.architecture.source import modules, relative
from tests.architecture.world import undone
from tests.cast import NOW, SYSTEM, Cast
from tests.factories import UserFactory
from tests.mailbox import Mailbox
from tests.portal.test_portal import ask, enter, mailed_code
from tests.security.entering import fast_and_fresh as fast_and_fresh
from tests.security.identities import identities
from tests.security.people import (
    VICTIMS,
    People,
    creator_with,
    gather,
    logged_in,
    same_login,
    unproven,
)

# Every name under which a page might look for an address, or for what to do with it.
FIELDS = ("email", "email2", "address", "login", "username", "user", "owner", "owner_email", "to",
          "new_email", "primary", "next")  # fmt: skip
DOING = {
    "action_add": "1", "action_primary": "1", "action_send": "1", "role": "owner", "name": "X",
    "password": "a-quiet-river-9", "password1": "a-quiet-river-9", "password2": "a-quiet-river-9",
    "is_staff": "on", "is_superuser": "on", "verified": "on", "code": "123456", "reason": "x",
}  # fmt: skip


@pytest.fixture
def people(cast: Cast) -> People:
    return gather(cast)


def of_logins() -> list[Route]:
    """The pages of logins and of the operator."""
    return [route for route in routes() if route.pattern.startswith(("account/", "platform/"))]


def address_of(route: Route, victim: User) -> str:
    values = {"pk": 1, "object_id": victim.pk, "user_id": victim.pk, "act": "activate"}
    if "uidb36" in route.pattern:
        return "/account/password/reset/key/1-set-password/"
    return route.address(values)


@pytest.mark.parametrize("who", ["stranger", "owner", "manager", "viewer", "creator", "operator"])
def test_no_page_of_a_login_moves_an_address_or_a_role(
    who: str, cast: Cast, people: People
) -> None:
    """Each page is sent somebody else's address under every name, by each kind of person."""
    user = people.all().get(who)
    failed, tried = {}, 0
    before = identities().who
    login = logged_in(user, method="mfa" if who == "operator" else "code")

    for route, victim in itertools.product(of_logins(), VICTIMS):
        client = same_login(login)
        with undone():
            sent = dict.fromkeys(FIELDS, victim) | DOING
            answer = client.post(address_of(route, cast.otto), sent)
            assert identities().who == before, (str(route), victim)
        tried += 1
        if answer.status_code >= 500:
            failed[route.pattern] = answer.status_code

    assert failed == {}
    assert tried > 100


@pytest.mark.parametrize("role", Role)
def test_an_invitation_gives_nothing_until_its_own_address_accepts(
    role: Role, cast: Cast, people: People
) -> None:
    with acting_for(cast.juniper):
        invitations = [
            invite_staff(email=victim, role=role, by=SYSTEM, now=NOW) for victim in VICTIMS
        ]
    impostor = unproven(VICTIMS[0])
    before = identities()

    for invitation, user in itertools.product(invitations, [*people.all().values(), impostor]):
        path = link_of(invitation).removeprefix("http://testserver")
        logged_in(user, method="code").post(path, DOING)
        with pytest.raises(LoginError):
            accept_invitation(invitation=invitation, user=user, now=NOW)

    assert identities() == before


@pytest.mark.parametrize("has_user", [False, True])
def test_a_new_brand_gives_its_owner_nothing_before_the_link_was_followed(
    has_user: bool, cast: Cast
) -> None:
    impostor = unproven("next-owner@fern.example") if has_user else None
    before = identities()

    brand = create_brand(
        slug="fern", name="Fern", currency="EUR", time_zone="Europe/Berlin",
        owner_email="next-owner@fern.example", by=SYSTEM, now=NOW,
    )  # fmt: skip

    assert identities() == before
    with acting_for(brand):
        assert open_invitations().get().role == Role.OWNER
    if impostor is not None:
        assert logged_in(impostor).get("/admin/fern/").status_code == 404


def test_a_role_is_neither_given_to_nor_raised_for_the_unproven(cast: Cast) -> None:
    """A row from before addresses were proven stays as it is."""
    old = unproven("old@juniper.example")
    with acting_for(cast.juniper):
        with pgtrigger.ignore("accounts.Staff:accounts_staff_proven"):
            row = Staff.objects.create(user=old, role=Role.VIEWER, since=NOW)
        before = identities()

        with pytest.raises(StaffError):
            change_staff_role(staff=row, role=Role.OWNER, by=SYSTEM, now=NOW)
        with pytest.raises(StaffError):
            give_role(user=unproven("x@juniper.example"), role=Role.VIEWER, by=SYSTEM, now=NOW)

    assert identities().roles == before.roles


def test_a_brand_that_types_an_address_links_nobody(cast: Cast, people: People) -> None:
    """Members get the address of an owner, of a manager, of the operator, of an unproven login."""
    impostor = unproven("impostor@fern.example")
    typed = [people.manager.email, people.operator.email, cast.otto.email, impostor.email]
    before = identities()

    with acting_for(cast.juniper):
        for address in typed:
            add_member(email=address, first_name="X", last_name="Y", by=SYSTEM, now=NOW)
        change_member(
            member=cast.diego, email="changed@arroyo.example", first_name="D", last_name="A",
            by=SYSTEM, now=NOW,
        )  # fmt: skip

    after = identities()
    assert (after.users, after.roles) == (before.users, before.roles)
    linked = {row[2] for row in after.creators}
    assert linked == {None, people.creator.pk}


def run(statement: str, values: dict[str, int]) -> None:
    """One statement, and what is otherwise looked at when the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_user SET email = 'mara@lindqvist.example' WHERE id = %(viewer)s",
        (
            "UPDATE accounts_user SET email = 'x@y.example', email_proven_at = email_proven_at"
            " WHERE id = %(viewer)s"
        ),
        "UPDATE accounts_user SET email_proven_at = NULL WHERE id = %(viewer)s",
        (
            "INSERT INTO accounts_staff (brand_id, user_id, role, since)"
            " VALUES (%(brand)s, %(unproven)s, 'viewer', now())"
        ),
        "UPDATE accounts_staff SET user_id = %(unproven)s WHERE user_id = %(viewer)s",
        (
            "UPDATE affiliates_creator SET user_id = %(unproven)s"
            " WHERE email = 'mara@lindqvist.example'"
        ),
        "UPDATE affiliates_creator SET user_id = %(viewer)s WHERE email = 'mara@lindqvist.example'",
        "UPDATE affiliates_creator SET email = 'x@y.example' WHERE user_id = %(creator)s",
        (
            "UPDATE accounts_user SET email = 'x@y.example', email_proven_at = now()"
            " WHERE id = %(creator)s"
        ),
        (
            'INSERT INTO account_emailaddress (email, verified, "primary", user_id)'
            " VALUES ('x@y.example', true, true, %(viewer)s)"
        ),
    ],
)
def test_postgresql_refuses_what_no_page_should_try(
    statement: str, cast: Cast, people: People
) -> None:
    values = {
        "viewer": people.viewer.pk,
        "creator": people.creator.pk,
        "brand": cast.juniper.pk,
        "unproven": unproven("mara@lindqvist.example").pk,
    }
    before = identities()

    with pytest.raises(DatabaseError), transaction.atomic():
        run(statement, values)

    assert identities() == before


def test_no_road_writes_a_second_record_of_addresses(cast: Cast, people: People) -> None:
    """allauth's own code would keep its table in step with a login or a reset."""
    logged_in(None).post("/account/password/reset/", {"email": people.viewer.email})
    logged_in(None).post("/account/login/", {"login": people.viewer.email, "password": "wrong"})

    assert EmailAddress.objects.count() == 0


def test_one_module_alone_writes_down_what_is_proven() -> None:
    writes = re.compile(r"email_proven_at\s*=[^=]|\"email_proven_at\"")

    assert {relative(path) for path in modules() if writes.search(path.read_text())} == {
        "accounts/proven_addresses.py",
        "accounts/models/users.py",  # the column
        "accounts/proof_triggers.py",  # PostgreSQL's guard of it
        "config/platform/pages.py",  # shows it
    }


def test_a_password_alone_does_not_log_in_the_unproven(cast: Cast) -> None:
    """Whoever typed the address and the password may be anybody."""
    impostor, client = unproven(VICTIMS[0]), Client()
    before = identities()

    answer = client.post(
        "/account/login/", {"login": impostor.email, "password": "a-quiet-river-9"}
    )

    assert answer["Location"] == "/account/login/code/"
    assert "_auth_user_id" not in client.session
    assert identities() == before


def test_a_one_time_link_proves_nothing(cast: Cast) -> None:
    impostor, client = unproven(VICTIMS[0]), Client()
    before = identities()

    answer = client.post(f"/once/{one_time_login.make_token(impostor)}")

    assert answer["Location"] == "/account/login/code/"
    assert "_auth_user_id" not in client.session
    assert identities() == before


def test_the_first_proof_shuts_out_whoever_made_the_login(cast: Cast, mailbox: Mailbox) -> None:
    """Somebody typed Mara's address and waits, with a password and a session, for her to come."""
    impostor = unproven(VICTIMS[0])
    waiting, mara = logged_in(impostor), Client()

    ask(mara, VICTIMS[0])
    answer = enter(mara, mailed_code(mailbox, VICTIMS[0]))

    assert answer["Location"] == "/portal/"
    assert creator_with(VICTIMS[0]).user == impostor  # who is Mara now
    assert not User.objects.get(pk=impostor.pk).has_usable_password()
    assert Session.objects.filter(user=impostor).count() == 1
    assert waiting.get("/portal/")["Location"] == "/portal/login/"


def test_a_code_for_an_address_that_was_left_logs_nobody_in(cast: Cast, mailbox: Mailbox) -> None:
    """June asked for a code, then moved: who reads the old address has the code now."""
    old = Client()
    ask(old, cast.june.email)
    prove_address(user=UserFactory.create(email=cast.june.email), now=NOW)
    june = User.objects.get(email=cast.june.email)
    later = NOW + timedelta(minutes=1)
    User.objects.filter(pk=june.pk).update(email="june@new.example", email_proven_at=later)
    Creator.objects.filter(email=cast.june.email).update(email="june@new.example")

    enter(old, mailed_code(mailbox, cast.june.email))

    assert "_auth_user_id" not in old.session


def test_a_stranger_with_a_victims_address_does_not_lock_the_victim_out(
    cast: Cast, people: People, mailbox: Mailbox
) -> None:
    """June's login was given Mara's address once, and Mara's own login answered 500, for ever."""
    june, mara = people.creator, Client()
    with pytest.raises(DatabaseError), transaction.atomic():
        User.objects.filter(pk=june.pk).update(email=VICTIMS[0])

    ask(mara, VICTIMS[0])
    answer = enter(mara, mailed_code(mailbox, VICTIMS[0]))

    assert (answer.status_code, answer["Location"]) == (302, "/portal/")
    assert creator_with(VICTIMS[0]).user not in {None, june}
    assert creator_with(cast.june.email).user == june
