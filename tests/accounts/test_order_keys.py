"""Publishable keys and postback keys: how they are made, changed, and what PostgreSQL holds."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from accounts.api_keys import ApiKeyError, KeyRefusedError, authenticate_api_key
from accounts.models import ApiKey, AuditEntry, KeyKind
from accounts.order_keys import (
    MAX_ORIGINS,
    change_publishable_key,
    create_postback_key,
    create_publishable_key,
    publishable_text,
    read_origins,
)
from core.tenancy import acting_for
from tests.cast import NOW, RANDOM_PART, SYSTEM, Cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_juniper")]
SHOP = "https://shop.example.com"


def page_key(**chosen: Any) -> ApiKey:
    told = {"label": "pages", "origins": [SHOP], "by": SYSTEM, "now": NOW}
    return create_publishable_key(**{**told, **chosen})


def test_each_key_opens_its_kind_alone(cast: Cast) -> None:
    public = publishable_text(page_key(), is_test=False)
    postback = create_postback_key(label="network", by=SYSTEM, now=NOW).secret

    assert re.fullmatch(r"trb_pub_[0-9a-f]{12}", public)
    assert re.fullmatch(r"trb_postback_[0-9a-f]{12}_[0-9a-f]{40}", postback)
    opens = {KeyKind.PUBLISHABLE: public, KeyKind.POSTBACK: postback}
    for kind in KeyKind:
        for made_for, text in opens.items():
            if kind is made_for:
                assert authenticate_api_key(secret=text, now=NOW, kind=kind).kind == kind
            else:
                with pytest.raises(KeyRefusedError):
                    authenticate_api_key(secret=text, now=NOW, kind=kind)


def test_a_postback_key_is_stored_nowhere() -> None:
    made = create_postback_key(label="network", by=SYSTEM, now=NOW)

    assert made.secret[RANDOM_PART] not in str(vars(ApiKey.objects.get()))


def test_what_happens_to_a_key_is_audited_without_it() -> None:
    key = page_key()
    change_publishable_key(key=key, origins=[SHOP], is_trusted=True, by=SYSTEM, now=NOW)
    change_publishable_key(key=key, origins=[SHOP], is_trusted=True, by=SYSTEM, now=NOW)
    secret = create_postback_key(label="network", by=SYSTEM, now=NOW).secret

    entries = AuditEntry.objects.filter(action__startswith="api_key.").order_by("pk")
    assert [one.action for one in entries] == [
        "api_key.created", "api_key.changed", "api_key.created",
    ]  # fmt: skip
    assert secret[RANDOM_PART] not in str([vars(one) for one in entries])


def test_a_secret_key_of_the_api_is_not_changed_by_it(cast: Cast) -> None:
    made = create_postback_key(label="network", by=SYSTEM, now=NOW).key
    change_publishable_key(key=made, origins=[SHOP], is_trusted=True, by=SYSTEM, now=NOW)

    assert ApiKey.objects.get().origins == []


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://shop.example.com", SHOP),
        ("https://shop.example.com/cart?a=1#b", SHOP),
        ("HTTPS://Shop.Example.COM:443/", SHOP),
        ("shop.example.com", SHOP),
        ("https://shop.example.com:8443", f"{SHOP}:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(written: str, origin: str) -> None:
    assert read_origins([written]) == [origin]


@pytest.mark.parametrize(
    "written",
    ["null", "*", "https://*", "https://*.example.com", "ftp://shop.example.com", "https://",
     "https://a:b@shop.example.com", "https://shop_.example.com", "https://[::1", "javascript:1",
     "https://shop.example.com:99999", f"https://{'a' * 300}.com", "https://a\x00b.example", "com"],
)  # fmt: skip
def test_what_is_no_origin_is_refused(written: str) -> None:
    with pytest.raises(ApiKeyError) as refused:
        read_origins([written])
    assert refused.value.field == "origins"


def test_origins_are_some_and_not_too_many() -> None:
    for written in ([], [" "], [f"https://{n}.example.com" for n in range(MAX_ORIGINS + 1)]):
        with pytest.raises(ApiKeyError):
            read_origins(written)
    assert read_origins([SHOP, f"{SHOP}/"]) == [SHOP]


def test_production_takes_no_page_without_tls(settings: Settings) -> None:
    settings.LOCAL = False
    for written in ("http://shop.example.com", "http://localhost:8000", "https://localhost"):
        with pytest.raises(ApiKeyError):
            read_origins([written])


@pytest.mark.parametrize(
    "changes",
    [{"origins": []}, {"scopes": ["read"]}, {"kind": "secret"}, {"kind": "postback"},
     {"kind": "other"}],
)  # fmt: skip
def test_postgresql_refuses_a_key_that_is_of_two_kinds(changes: dict[str, Any]) -> None:
    page_key()
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.update(**changes)


def test_a_test_key_belongs_to_the_test_brand(cast: Cast) -> None:
    key = page_key(is_for_test=True)
    secret = create_postback_key(label="x", is_for_test=True, by=SYSTEM, now=NOW).secret

    assert not ApiKey.objects.exists()
    assert secret.startswith("trb_postback_test_")
    with acting_for(key.brand_id):
        assert ApiKey.objects.count() == 2
