"""Brands, staff and API keys."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import ApiKey, Brand, Role, Staff, User
from accounts.permissions import Permission, may
from accounts.selectors import brands_of, role_in
from accounts.services import (
    BrandError,
    KeyRefusedError,
    add_staff,
    authenticate_api_key,
    create_api_key,
    create_brand,
    revoke_api_key,
)
from core.money import UnknownCurrencyError
from core.tenancy import acting_for
from tests.cast import NOW, SYSTEM, Cast


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
def test_a_brand_has_an_owner_from_the_start() -> None:
    brand = make_brand()

    found = role_in(user=User.objects.get(email="greta@fern.example"), slug="fern")
    assert found is not None
    assert (found.brand, found.role) == (brand, Role.OWNER)


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
    with pytest.raises(UnknownCurrencyError):
        make_brand(currency="ABC")

    assert Brand.objects.count() == 0


def test_one_person_may_work_for_two_brands(cast: Cast) -> None:
    with acting_for(cast.saltmarsh):
        add_staff(email="INES@juniper.example", role=Role.VIEWER, by=SYSTEM, now=NOW)

    assert [(entry.brand.slug, entry.role) for entry in brands_of(cast.ines)] == [
        ("juniper", "owner"),
        ("saltmarsh", "viewer"),
    ]


def test_an_outsider_has_no_role(cast: Cast) -> None:
    assert role_in(user=cast.otto, slug="juniper") is None
    assert role_in(user=cast.ines, slug="no-such-brand") is None


def test_giving_a_role_again_changes_it(cast: Cast) -> None:
    with acting_for(cast.juniper):
        add_staff(email="vera@juniper.example", role=Role.MANAGER, by=SYSTEM, now=NOW)

        assert Staff.objects.get(user=cast.vera).role == Role.MANAGER


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.OWNER, {"read", "manage", "pay", "administer"}),
        (Role.MANAGER, {"read", "manage", "pay"}),
        (Role.VIEWER, {"read"}),
    ],
)
def test_what_a_role_may_do(role: Role, allowed: set[str]) -> None:
    assert {permission.value for permission in Permission if may(role, permission)} == allowed


@pytest.fixture
def secret(cast: Cast) -> str:
    with acting_for(cast.juniper):
        return create_api_key(label="shop", by=SYSTEM, now=NOW).secret


def test_a_key_opens_its_own_brand(cast: Cast, secret: str) -> None:
    assert authenticate_api_key(secret=secret, now=NOW).brand == cast.juniper


def test_the_key_itself_is_stored_nowhere(cast: Cast, secret: str) -> None:
    with acting_for(cast.juniper):
        row = ApiKey.objects.get()

    assert secret not in {row.digest, row.prefix}
    assert secret.rpartition("_")[2] not in str(vars(row))


@pytest.mark.parametrize("spoil", ["", "trb_", "trb_x_y", "bearer", "trb_000000000000_abc"])
def test_what_is_no_key_is_refused(cast: Cast, secret: str, spoil: str) -> None:
    with pytest.raises(KeyRefusedError):
        authenticate_api_key(secret=spoil, now=NOW)


def test_a_key_with_another_ending_is_refused(cast: Cast, secret: str) -> None:
    with pytest.raises(KeyRefusedError):
        authenticate_api_key(secret=secret[:-1] + ("a" if secret[-1] != "a" else "b"), now=NOW)


def test_a_revoked_key_is_refused_at_once(cast: Cast, secret: str) -> None:
    with acting_for(cast.juniper):
        revoke_api_key(key=ApiKey.objects.get(), by=SYSTEM, now=NOW)

    with pytest.raises(KeyRefusedError):
        authenticate_api_key(secret=secret, now=NOW)


def test_when_a_key_was_last_used_is_kept_to_the_minute(cast: Cast, secret: str) -> None:
    for seconds in (0, 30, 90):
        authenticate_api_key(secret=secret, now=NOW + timedelta(seconds=seconds))

    with acting_for(cast.juniper):
        assert ApiKey.objects.get().last_used_at == NOW + timedelta(seconds=90)
