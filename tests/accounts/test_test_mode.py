"""A test brand: made once, kept apart by PostgreSQL, emptied without a trace in the live brand."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, transaction

from accounts.api_keys import authenticate_api_key, create_api_key
from accounts.invitations import invite_staff
from accounts.models import ApiKey, AuditEntry, Brand, Invitation, Role, Staff
from accounts.selectors import brands_of, role_in_test_brand
from accounts.services import StaffError
from accounts.test_mode import (
    TooMuchTestDataError,
    create_test_api_key,
    delete_test_data,
    open_test_brand,
)
from affiliates.models import Creator, Member
from affiliates.services import add_member, change_member
from core.tenancy import acting_for
from notifications.models import Campaign, Message
from notifications.services import deliver, sweep
from notifications.services.campaigns import NO_MAIL_IN_TEST_MODE
from tests.cast import NOW, SYSTEM, Cast
from tests.notifications.senders import confirm, recipient
from tests.snapshot import snapshot


@pytest.fixture
def at_test(cast: Cast) -> Brand:
    """Juniper's test brand."""
    return open_test_brand(brand=cast.juniper, by=SYSTEM, now=NOW)


def refuses(what: str) -> Any:
    return pytest.raises(ProgrammingError, match=what)


def test_a_live_brand_has_one_test_brand(cast: Cast, at_test: Brand) -> None:
    again = open_test_brand(brand=cast.juniper, by=SYSTEM, now=NOW)

    assert (again.pk, at_test.slug, at_test.test_of) == (at_test.pk, "juniper-test", cast.juniper)
    assert (at_test.currency, at_test.time_zone) == (cast.juniper.currency, "Europe/London")
    assert at_test.is_test
    assert not cast.juniper.is_test


def test_another_brand_may_have_the_address_already(cast: Cast) -> None:
    Brand.objects.filter(pk=cast.saltmarsh.pk).update(slug="juniper-test")

    assert open_test_brand(brand=cast.juniper, by=SYSTEM, now=NOW).slug == "juniper-test-2"


def test_postgresql_keeps_a_test_brand_as_it_was_made(cast: Cast, at_test: Brand) -> None:
    changes = [
        (at_test.pk, None, "a brand stays live"),
        (at_test.pk, cast.saltmarsh.pk, "a brand stays live"),
        (cast.saltmarsh.pk, cast.juniper.pk, "a brand stays live"),
    ]
    for pk, test_of, why in changes:
        with refuses(why), transaction.atomic():
            Brand.objects.filter(pk=pk).update(test_of=test_of)
    with refuses("no test brand of a test brand"), transaction.atomic():
        Brand.objects.create(
            slug="x", name="X", currency="GBP", time_zone="UTC", created_at=NOW, test_of=at_test
        )


def test_postgresql_refuses_staff_and_invitations_of_a_test_brand(
    cast: Cast, at_test: Brand
) -> None:
    with acting_for(at_test):
        with refuses("staff"), transaction.atomic():
            Staff.objects.create(user=cast.otto, role=Role.OWNER)
        with refuses("invitations"), transaction.atomic():
            Invitation.objects.create(
                email="x@x.example", role=Role.OWNER, invited_at=NOW, expires_at=NOW
            )


def test_an_invitation_to_a_test_brand_is_refused_in_words(cast: Cast, at_test: Brand) -> None:
    with acting_for(at_test), pytest.raises(StaffError, match="invite them there"):
        invite_staff(email="x@x.example", role=Role.OWNER, by=SYSTEM, now=NOW)

    assert mail.outbox == []


def test_roles_are_those_of_the_live_brand(cast: Cast, at_test: Brand) -> None:
    for user, role in ((cast.ines, "owner"), (cast.theo, "manager"), (cast.vera, "viewer")):
        found = role_in_test_brand(brands_of(user), slug=at_test.slug)
        assert found is not None
        assert (found.brand, found.role) == (at_test, role)
        assert at_test not in [one.brand for one in brands_of(user)]
    assert role_in_test_brand(brands_of(cast.otto), slug=at_test.slug) is None


def test_a_key_of_a_test_brand_says_so(cast: Cast, at_test: Brand) -> None:
    with acting_for(at_test):
        made = create_api_key(label="shop", by=SYSTEM, now=NOW)

    assert made.secret.startswith(f"trb_test_{made.key.prefix}_")
    assert authenticate_api_key(secret=made.secret, now=NOW).brand == at_test


def test_the_first_test_key_opens_test_mode(cast: Cast) -> None:
    made = create_test_api_key(
        brand=cast.juniper,
        label="shop",
        scopes=["read"],
        expires_at=None,
        allowed_addresses=[],
        by=SYSTEM,
        now=NOW,
    )

    assert made.key.brand.test_of == cast.juniper
    with acting_for(cast.juniper):
        assert not ApiKey.objects.exists()


def test_a_member_of_a_test_brand_belongs_to_no_creator(cast: Cast, at_test: Brand) -> None:
    before = Creator.objects.count()
    with acting_for(at_test):
        known = add_member(
            email=cast.mara.email, first_name="Mara", last_name="", by=SYSTEM, now=NOW
        )
        new = add_member(email="new@x.example", first_name="N", last_name="", by=SYSTEM, now=NOW)
        changed = change_member(
            member=new, email=cast.june.email, first_name="N", last_name="", by=SYSTEM, now=NOW
        )
        with refuses("creators"), transaction.atomic():
            Member.objects.update(creator=cast.mara.creator)

    assert [one.creator for one in (known, new, changed)] == [None] * 3
    assert Creator.objects.count() == before


def test_a_test_brand_sends_no_mail(cast: Cast, at_test: Brand) -> None:
    with acting_for(at_test):
        campaign = confirm([recipient()])
        deliver(campaign_id=campaign.pk, now=NOW)
        message = Message.objects.get()

        assert (campaign.state, campaign.finished_at) == ("done", NOW)
        assert (message.state, message.reason) == ("suppressed", NO_MAIL_IN_TEST_MODE)
        with refuses("campaigns that are sent"), transaction.atomic():
            Campaign.objects.update(state="sending")
    assert sweep(now=NOW) == []
    assert mail.outbox == []


def test_deleting_test_data_leaves_the_keys_and_the_live_brand(cast: Cast, at_test: Brand) -> None:
    live, other = snapshot(brand_id=cast.juniper.pk), snapshot(brand_id=cast.saltmarsh.pk)
    with acting_for(at_test):
        made = create_api_key(label="shop", by=SYSTEM, now=NOW)
        confirm([recipient()])
        add_member(email="new@x.example", first_name="N", last_name="", by=SYSTEM, now=NOW)

    delete_test_data(brand=at_test, by=SYSTEM, now=NOW)

    left = {name: number for name, number in snapshot(brand_id=at_test.pk).counts.items() if number}
    assert left == {}
    assert authenticate_api_key(secret=made.secret, now=NOW) == made.key
    assert snapshot(brand_id=cast.saltmarsh.pk) == other
    after = snapshot(brand_id=cast.juniper.pk)
    assert {name for name, rows in after.tables.items() if rows != live.tables[name]} == {
        "accounts_auditentry", "accounts_auditcount",
    }  # fmt: skip
    with acting_for(cast.juniper):
        [entry] = AuditEntry.objects.filter(action="test_mode.emptied")
    assert entry.detail["rows"] > 0


def test_a_live_brands_data_are_never_deleted(cast: Cast) -> None:
    before = snapshot()

    with pytest.raises(ValueError, match="juniper is a live brand"):
        delete_test_data(brand=cast.juniper, by=SYSTEM, now=NOW)
    with pytest.raises(CommandError, match="juniper is a live brand"):
        call_command("delete_test_data", "--brand", "juniper")

    assert snapshot() == before


def test_a_page_deletes_only_so_much(cast: Cast, at_test: Brand) -> None:
    with acting_for(at_test):
        for _ in range(3):
            add_member(
                email=f"{uuid.uuid4()}@x.example", first_name="X", last_name="", by=SYSTEM, now=NOW
            )
    before = snapshot()

    with pytest.raises(TooMuchTestDataError, match="delete_test_data --brand juniper-test"):
        delete_test_data(brand=at_test, by=SYSTEM, now=NOW, limit=2)

    assert snapshot() == before
