"""A change of address: a fresh login, a code from the new address, and the old one is told."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.db import connection
from django.test import Client

from accounts.codes import ExpiredCodeError
from accounts.models import AuditEntry, CodePurpose, User
from affiliates.address_change import AddressTakenError, change_address
from core.tenancy import acting_for
from notifications.models import SuppressionReason
from notifications.selectors import suppressed_among
from tests.answers import page_text
from tests.cast import NOW, Cast
from tests.factories import ProvenCodeFactory
from tests.journeys.busy_creator import prove
from tests.mailbox import Mailbox
from tests.portal.test_portal import another, mailed_code
from tests.security.identities import identities
from tests.security.people import VICTIMS, People, creator_with, gather, logged_in
from tests.snapshot import snapshot
from tracking.figures.creator_brands import memberships_of
from tracking.privacy.erasure import erase_creator

NEW = "somewhere@new.example"
CODE_PAGE = "/account/address/code/"


@pytest.fixture
def people(cast: Cast) -> People:
    return gather(cast)


def asked(user: User, address: str = NEW) -> Client:
    """A browser that has just shown who it is, and asked for a code at the new address."""
    client = logged_in(user, method="code")
    assert client.post("/account/address/", {"email": address})["Location"] == CODE_PAGE
    return client


LATER = timedelta(minutes=1)


def entered(now: datetime) -> uuid.UUID:
    """A code that was entered for the new address, without the mail."""
    return ProvenCodeFactory.create(address=NEW, purpose=CodePurpose.NEW_ADDRESS, now=now).public_id


@pytest.mark.parametrize("who", ["owner", "manager", "viewer", "creator"])
def test_everybody_moves_by_a_code_from_the_new_address(
    who: str, cast: Cast, people: People, mailbox: Mailbox
) -> None:
    user = people.all()[who]
    before, elsewhere = user.email, logged_in(user)
    client = asked(user, "Somewhere@New.example ")
    assert User.objects.get(pk=user.pk).email == before

    answer = client.post(CODE_PAGE, {"code": mailed_code(mailbox, NEW)})

    moved = User.objects.get(pk=user.pk)
    assert answer["Location"] == ("/portal/security/" if who == "creator" else "/")
    assert moved.email == NEW
    assert moved.email_proven_at
    assert user.email_proven_at
    assert moved.email_proven_at > user.email_proven_at
    [told] = mailbox.to(before)
    assert NEW in told.get_content()
    assert client.get("/account/2fa/").status_code in {200, 302}
    assert "_auth_user_id" not in elsewhere.session
    if who == "creator":
        assert creator_with(NEW).user == moved


def test_a_creators_members_stay_as_the_brands_wrote_them(
    cast: Cast, people: People, mailbox: Mailbox
) -> None:
    client = asked(people.creator)

    client.post(CODE_PAGE, {"code": mailed_code(mailbox, NEW)})

    for brand, member in ((cast.juniper, cast.june), (cast.saltmarsh, cast.june_at_saltmarsh)):
        with acting_for(brand):
            member.refresh_from_db()
        assert member.email == "june@okafor.example"
        assert member.creator == creator_with(NEW)


def test_what_a_creator_wishes_reaches_the_address_that_a_brand_writes_to(
    cast: Cast, people: People, mailbox: Mailbox
) -> None:
    """Stopping mails, and being deleted, are about the old address as well as the new one."""
    client = asked(people.creator)
    client.post(CODE_PAGE, {"code": mailed_code(mailbox, NEW)})

    client.post("/portal/emails/juniper/", {"mails": "off"})

    creator = creator_with(NEW)
    with acting_for(cast.juniper):
        assert suppressed_among(["june@okafor.example", NEW]) == {
            "june@okafor.example": SuppressionReason.UNSUBSCRIBED
        }
    assert {one.brand.slug: bool(one.reason) for one in memberships_of(creator)} == {
        "juniper": True, "saltmarsh": False,
    }  # fmt: skip
    erase_creator(creator=creator, code=prove(creator, CodePurpose.DELETION, now=NOW), now=NOW)
    tables = snapshot().tables
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {table} AS row WHERE row::text LIKE %s",  # noqa: S608
                           ["%june@okafor%"])  # fmt: skip
            assert cursor.fetchone() == (0,), table


def test_the_audit_log_of_each_brand_tells_it(cast: Cast, people: People, mailbox: Mailbox) -> None:
    client = asked(people.viewer)

    client.post(CODE_PAGE, {"code": mailed_code(mailbox, NEW)})

    with acting_for(cast.juniper):
        [entry] = AuditEntry.objects.filter(action="staff.address_changed")
    assert entry.detail == {"before": "vera@juniper.example", "email": NEW}


@pytest.mark.parametrize("who", ["owner", "manager", "viewer", "creator", "operator"])
def test_a_session_alone_changes_nothing(who: str, people: People, mailbox: Mailbox) -> None:
    client = logged_in(people.all()[who])
    before = identities()

    for page in ("/account/address/", CODE_PAGE):
        answer = client.post(page, {"email": NEW, "code": "123456"})
        assert answer.status_code == 302
        assert answer["Location"].split("?")[0] in {
            "/account/confirm/", "/account/2fa/reauthenticate/",
        }  # fmt: skip

    assert (identities(), mailbox.mails) == (before, [])


def test_who_has_only_mail_shows_that_they_read_it(people: People, mailbox: Mailbox) -> None:
    client = logged_in(people.viewer)
    onward = "?next=/account/address/"

    asking = client.post(f"/account/confirm/{onward}")
    code = mailed_code(mailbox, people.viewer.email)
    wrong = client.post(asking["Location"], {"code": another(code)})
    right = client.post(asking["Location"], {"code": code})

    assert asking["Location"] == "/account/confirm/code/?next=%2Faccount%2Faddress%2F"
    assert wrong.status_code == 422
    assert right["Location"] == "/account/address/"
    assert client.get("/account/address/").status_code == 200


def test_who_has_a_second_factor_is_not_asked_for_mail_instead(people: People) -> None:
    client = logged_in(people.operator, method="code")

    assert client.get("/account/address/")["Location"].startswith("/account/2fa/reauthenticate/")
    assert client.get("/account/confirm/")["Location"].startswith("/account/2fa/reauthenticate/")


def test_a_code_from_another_browser_or_for_something_else_moves_nothing(
    people: People, mailbox: Mailbox
) -> None:
    asked(people.viewer)
    code = mailed_code(mailbox, NEW)
    thief = asked(people.creator, "thief@new.example")
    before = identities()

    assert thief.post(CODE_PAGE, {"code": code}).status_code == 422
    with pytest.raises(ExpiredCodeError):
        change_address(
            user=people.creator, address=NEW, session_key=None, now=NOW,
            code=prove(creator_with(people.creator.email), CodePurpose.EXPORT, now=NOW),
        )  # fmt: skip

    assert identities() == before


@pytest.mark.parametrize("taken", VICTIMS[:2])
def test_an_address_that_somebody_has_is_refused_once_it_is_proven(
    taken: str, people: People, mailbox: Mailbox
) -> None:
    """Mara is a creator whom a brand knows; Otto owns a brand. June can not become either."""
    client = asked(people.creator, taken)
    before = identities()

    page = client.post(CODE_PAGE, {"code": mailed_code(mailbox, taken)}, follow=True)

    assert "There is another login with this address" in page_text(page)
    assert identities() == before
    assert mailbox.to(people.creator.email) == []


def test_the_same_moment_makes_no_two_of_one_address(cast: Cast, people: People) -> None:
    first = entered(NOW)
    change_address(user=people.viewer, address=NEW, code=first, session_key=None, now=NOW + LATER)

    with pytest.raises(AddressTakenError):
        change_address(
            user=people.manager, address=NEW, code=entered(NOW), session_key=None,
            now=NOW + LATER,
        )  # fmt: skip


def test_keys_and_codes_of_the_old_address_die_with_it(
    cast: Cast, people: People, mailbox: Mailbox
) -> None:
    key = default_token_generator.make_token(people.viewer)
    client = asked(people.viewer)

    client.post(CODE_PAGE, {"code": mailed_code(mailbox, NEW)})

    assert not default_token_generator.check_token(User.objects.get(pk=people.viewer.pk), key)
    Client().post("/account/password/reset/", {"email": "vera@juniper.example"})
    assert len(mailbox.to("vera@juniper.example")) == 1  # that it was changed, and no key
