"""API keys: what they may do, until when and from where."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.api_keys import (
    ApiKeyError,
    KeyRefusedError,
    authenticate_api_key,
    create_api_key,
    revoke_api_key,
)
from accounts.models import EVERY_SCOPE, ApiKey
from core.tenancy import acting_for
from tests.cast import NOW, RANDOM_PART, SYSTEM, Cast


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
    assert secret[RANDOM_PART] not in str(vars(row))


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


def test_a_new_key_is_a_live_one_and_may_do_everything(cast: Cast, secret: str) -> None:
    with acting_for(cast.juniper):
        row = ApiKey.objects.get()

    assert secret.startswith(f"trb_live_{row.prefix}_")
    assert (row.scopes, row.expires_at, row.allowed_addresses) == (EVERY_SCOPE, None, [])


def test_a_key_of_before_stays_valid(cast: Cast, secret: str) -> None:
    old = secret.replace("trb_live_", "trb_")
    with acting_for(cast.juniper):
        ApiKey.objects.update(digest=_digest(old))

    assert authenticate_api_key(secret=old, now=NOW).brand == cast.juniper
    with pytest.raises(KeyRefusedError):
        authenticate_api_key(secret=secret, now=NOW)


@pytest.mark.parametrize("scopes", [[], ["write"], ["read", "write"]])
def test_scopes_that_do_not_exist_are_refused(cast: Cast, scopes: list[str]) -> None:
    with acting_for(cast.juniper), pytest.raises(ApiKeyError) as error:
        create_api_key(label="shop", scopes=scopes, by=SYSTEM, now=NOW)

    assert error.value.field == "scopes"


@pytest.mark.parametrize("scopes", [[], ["write"], ["read", "write"]])
def test_postgresql_refuses_scopes_that_do_not_exist(
    cast: Cast, secret: str, scopes: list[str]
) -> None:
    with acting_for(cast.juniper), pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.update(scopes=scopes)


def test_a_key_works_until_the_second_of_its_expiry(cast: Cast) -> None:
    expires_at = NOW + timedelta(days=1)
    with acting_for(cast.juniper):
        made = create_api_key(label="shop", expires_at=expires_at, by=SYSTEM, now=NOW)

    authenticate_api_key(secret=made.secret, now=expires_at - timedelta(microseconds=1))
    with pytest.raises(KeyRefusedError, match="The key of shop expired"):
        authenticate_api_key(secret=made.secret, now=expires_at)


def test_a_key_cannot_expire_before_it_is_made(cast: Cast) -> None:
    with acting_for(cast.juniper), pytest.raises(ApiKeyError) as error:
        create_api_key(label="shop", expires_at=NOW, by=SYSTEM, now=NOW)

    assert error.value.field == "expires_at"


@pytest.mark.parametrize(
    ("allowed", "inside", "outside"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
        ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
        ("192.0.2.0/24", "::ffff:192.0.2.1", "::ffff:192.0.3.1"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.8"),
        ("::ffff:192.0.2.0/120", "::ffff:192.0.2.1", "192.0.3.0"),
        ("::ffff:0:0/96", "192.0.2.7", "2001:db8::7"),
        ("2001:db8::/48", "2001:db8::1", "2001:db8:1::1"),
        ("2001:db8::7", "2001:db8:0::7", "192.0.2.7"),
        ("0.0.0.0/0", "192.0.2.7", "2001:db8::7"),
        ("::/0", "2001:db8::7", ""),
    ],
)
def test_a_key_works_from_allowed_addresses_only(
    cast: Cast, allowed: str, inside: str, outside: str
) -> None:
    with acting_for(cast.juniper):
        made = create_api_key(label="shop", allowed_addresses=[allowed], by=SYSTEM, now=NOW)

    authenticate_api_key(secret=made.secret, address=inside, now=NOW)
    with pytest.raises(KeyRefusedError, match="may not be used from"):
        authenticate_api_key(secret=made.secret, address=outside, now=NOW)


def test_an_address_is_kept_in_the_form_in_which_clients_are_known(cast: Cast) -> None:
    written = ["::ffff:192.0.2.7", " 192.0.2.7 ", "::ffff:198.51.100.0/120", "2001:db8::7"]

    with acting_for(cast.juniper):
        made = create_api_key(label="shop", allowed_addresses=written, by=SYSTEM, now=NOW)

    assert made.key.allowed_addresses == ["192.0.2.7/32", "198.51.100.0/24", "2001:db8::7/128"]


def test_an_address_that_was_kept_in_another_form_works(cast: Cast) -> None:
    with acting_for(cast.juniper):
        made = create_api_key(label="shop", allowed_addresses=["192.0.2.7"], by=SYSTEM, now=NOW)
        ApiKey.objects.update(allowed_addresses=["::ffff:192.0.2.7/128"])

    assert authenticate_api_key(secret=made.secret, address="192.0.2.7", now=NOW) == made.key


@pytest.mark.parametrize("wrong", ["", "shop.example", "192.0.2.1/24", "192.0.2.0/33", "192.0.2"])
def test_what_is_no_network_is_refused(cast: Cast, wrong: str) -> None:
    with acting_for(cast.juniper), pytest.raises(ApiKeyError) as error:
        create_api_key(label="shop", allowed_addresses=[wrong], by=SYSTEM, now=NOW)

    assert error.value.field == "allowed_addresses"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def test_the_command_makes_a_key_that_may_do_what_it_was_told(cast: Cast) -> None:
    out = StringIO()

    call_command("create_api_key", "--brand", "juniper", "--scopes", "read,members", stdout=out)

    with acting_for(cast.juniper):
        assert ApiKey.objects.get().scopes == ["read", "members"]
    assert out.getvalue().startswith("trb_live_")
    with pytest.raises(CommandError, match="scopes: use read, orders, members, payouts"):
        call_command("create_api_key", "--brand", "juniper", "--scopes", "write")
