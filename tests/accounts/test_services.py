"""Brands and staff."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import override_settings

from accounts.brands import create_brand
from accounts.invitation_links import link_of
from accounts.invitations import open_invitations
from accounts.models import Brand, Role, Staff, User
from accounts.permissions import Permission, may
from accounts.selectors import brands_of, role_in
from accounts.services import (
    BrandError,
    StaffError,
    give_role,
)
from core.tenancy import acting_for
from tests.cast import NOW, SYSTEM, Cast, proven_user
from tests.factories import UserFactory
from tests.snapshot import snapshot


def make_brand(**changes: str) -> Brand:
    told = {
        "slug": "fern",
        "name": "Fern",
        "currency": "EUR",
        "time_zone": "Europe/Berlin",
        "owner_email": "Greta@Fern.example",
    }
    return create_brand(**(told | changes), by=SYSTEM, now=NOW)


@pytest.mark.django_db
def test_whose_address_is_proven_owns_the_brand_from_the_start() -> None:
    greta = proven_user("greta@fern.example")

    brand = make_brand()

    found = role_in(brands_of(greta), slug="fern")
    assert found is not None
    assert (found.brand, found.role) == (brand, Role.OWNER)
    assert mail.outbox == []


@pytest.mark.django_db
@pytest.mark.parametrize("has_user", [False, True])
def test_anybody_else_is_invited_to_own_it(has_user: bool) -> None:
    if has_user:
        UserFactory.create(email="greta@fern.example")

    brand = make_brand()

    with acting_for(brand):
        assert not Staff.objects.exists()
        [invitation] = open_invitations()
    assert (invitation.email, invitation.role) == ("greta@fern.example", Role.OWNER)
    [sent] = mail.outbox
    assert sent.to == ["greta@fern.example"]
    assert link_of(invitation) in sent.body


def test_no_role_is_given_to_an_unproven_address(cast: Cast) -> None:
    stranger = UserFactory.create()
    before = snapshot()

    with acting_for(cast.juniper), pytest.raises(StaffError) as refused:
        give_role(user=stranger, role=Role.VIEWER, by=SYSTEM, now=NOW)

    assert refused.value.field == "email"
    assert snapshot() == before


@pytest.mark.django_db
def test_the_command_says_what_becomes_of_the_owner() -> None:
    proven_user("greta@fern.example")
    told = ["--name", "Fern", "--currency", "EUR", "--timezone", "Europe/Berlin", "--owner"]
    said = StringIO()

    call_command("create_brand", "fern", *told, "greta@fern.example", stdout=said)
    call_command("create_brand", "moss", *told, "new@fern.example", stdout=said)
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_PORT=1
    ):
        call_command("create_brand", "lark", *told, "late@fern.example", stdout=said)
        call_command("invite_staff", "more@fern.example", "--brand", "lark", stdout=said)

    with acting_for(Brand.objects.get(slug="lark")):
        more, late = [link_of(row) for row in open_invitations()]
    first, second, third, third_link, fourth, fourth_link = said.getvalue().splitlines()
    assert first == "Brand fern made. greta@fern.example owns it."
    assert second == (
        "Brand moss made. new@fern.example is invited as owner: the link in the mail works for a"
        " week."
    )
    assert "late@fern.example is invited as owner, but the mail could not be sent" in third
    assert "more@fern.example is invited as owner, but the mail could not be sent" in fourth
    assert (third_link, fourth_link) == (late, more)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"slug": "Not a slug"}, "slug"),
        ({"slug": ""}, "slug"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"owner_email": "nobody"}, "owner"),
    ],
)
def test_a_brand_that_can_not_be_is_named_and_leaves_nothing(
    change: dict[str, str], field: str
) -> None:
    with pytest.raises(BrandError) as error:
        make_brand(**change)

    assert error.value.field == field
    assert (Brand.objects.count(), User.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_a_brand_needs_a_real_currency() -> None:
    for code in ("ABC", "XAU", "HRK"):
        with pytest.raises(BrandError) as error:
            make_brand(currency=code)
        assert error.value.field == "currency"

    assert Brand.objects.count() == 0


def test_one_person_may_work_for_two_brands(cast: Cast) -> None:
    with acting_for(cast.saltmarsh):
        give_role(user=cast.ines, role=Role.VIEWER, by=SYSTEM, now=NOW)

    assert [(entry.brand.slug, entry.role) for entry in brands_of(cast.ines)] == [
        ("juniper", "owner"),
        ("saltmarsh", "viewer"),
    ]


def test_an_outsider_has_no_role(cast: Cast) -> None:
    assert role_in(brands_of(cast.otto), slug="juniper") is None
    assert role_in(brands_of(cast.ines), slug="no-such-brand") is None


def test_giving_a_role_again_changes_it(cast: Cast) -> None:
    with acting_for(cast.juniper):
        give_role(user=cast.vera, role=Role.MANAGER, by=SYSTEM, now=NOW)

        assert Staff.objects.get(user=cast.vera).role == Role.MANAGER


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.OWNER, {"read", "manage", "pay", "administer", "own account"}),
        (Role.MANAGER, {"read", "manage", "pay", "own account"}),
        (Role.VIEWER, {"read", "own account"}),
    ],
)
def test_what_a_role_may_do(role: Role, allowed: set[str]) -> None:
    assert {permission.value for permission in Permission if may(role, permission)} == allowed
