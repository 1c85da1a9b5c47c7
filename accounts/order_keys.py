"""Make and change keys that can only send orders: publishable ones and those of postbacks.

A publishable key reads trb_pub_<prefix>. It stands in the pages of a shop, where everybody can read
it: it says which brand an order is for, and no more. A postback key reads
trb_postback_<prefix>_<secret> and stands in an address that another system calls. Those of a test
brand have test_ before the prefix.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

import idna
from django.conf import settings
from django.db import transaction

from accounts.actors import Actor
from accounts.api_keys import ApiKeyError, NewApiKey, beginning_of, digest_of
from accounts.audit_log import audit
from accounts.models import ApiKey, KeyKind
from accounts.selectors import current_brand
from accounts.test_mode import open_test_brand
from core.tenancy import acting_for

MAX_ORIGINS = 20  # of one key
MAX_ORIGIN = 300  # characters
DEFAULT_PORTS = {"http": 80, "https": 443}


@transaction.atomic
def create_publishable_key(
    *,
    label: str,
    origins: Sequence[str],
    is_trusted: bool = False,
    is_for_test: bool = False,
    by: Actor,
    now: datetime,
) -> ApiKey:
    """Make a key for the pages of these origins (https://shop.example.com).

    Orders with it wait for review unless `is_trusted`. Raises ApiKeyError.
    """
    allowed = read_origins(origins)
    with _brand_of_key(is_for_test, by=by, now=now):
        prefix = secrets.token_hex(6)
        key = ApiKey.objects.create(
            label=label,
            kind=KeyKind.PUBLISHABLE,
            prefix=prefix,
            digest=digest_of(_beginning(KeyKind.PUBLISHABLE) + prefix),
            scopes=[],
            origins=allowed,
            is_trusted=is_trusted,
            created_at=now,
        )
        told = {"kind": key.kind, "label": label, "origins": allowed, "trusted": is_trusted}
        audit.record(action="api_key.created", target=key, by=by, now=now, **told)
    return key


@transaction.atomic
def create_postback_key(
    *, label: str, is_for_test: bool = False, by: Actor, now: datetime
) -> NewApiKey:
    """Make a key for the address that another system calls."""
    with _brand_of_key(is_for_test, by=by, now=now):
        prefix = secrets.token_hex(6)
        secret = f"{_beginning(KeyKind.POSTBACK)}{prefix}_{secrets.token_hex(20)}"
        key = ApiKey.objects.create(
            label=label,
            kind=KeyKind.POSTBACK,
            prefix=prefix,
            digest=digest_of(secret),
            scopes=[],
            created_at=now,
        )
        audit.record(
            action="api_key.created", target=key, by=by, now=now, kind=key.kind, label=label
        )
    return NewApiKey(key=key, secret=secret)


@transaction.atomic
def change_publishable_key(
    *, key: ApiKey, origins: Sequence[str], is_trusted: bool, by: Actor, now: datetime
) -> None:
    """Bind the key to other origins, and say whether its orders count at once.

    Raises ApiKeyError. A key that was revoked, or is of another kind, stays as it is.
    """
    allowed = read_origins(origins)
    row = (
        ApiKey.objects.select_for_update()
        .filter(pk=key.pk, kind=KeyKind.PUBLISHABLE, revoked_at=None)
        .first()
    )
    if row is None or (row.origins, row.is_trusted) == (allowed, is_trusted):
        return
    before = {"origins_before": row.origins, "trusted_before": row.is_trusted}
    row.origins, row.is_trusted = allowed, is_trusted
    row.save(update_fields=["origins", "is_trusted"])
    now_so = {"origins": allowed, "trusted": is_trusted}
    audit.record(action="api_key.changed", target=row, by=by, now=now, **before, **now_so)


def publishable_text(key: ApiKey, *, is_test: bool) -> str:
    """Return a publishable key as it stands in a page."""
    return beginning_of(KeyKind.PUBLISHABLE, is_test=is_test) + key.prefix


def read_origins(written: Sequence[str]) -> list[str]:
    """Return each origin as browsers send it, once. Raises ApiKeyError.

    An address of a page is read as its origin, and a host alone as one with https.
    """
    found = dict.fromkeys(_origin(text.strip()) for text in written if text.strip())
    if not found:
        raise ApiKeyError("origins", "Name at least one address, such as https://shop.example.com.")
    if len(found) > MAX_ORIGINS:
        message = f"{len(found)} are too many: a key has at most {MAX_ORIGINS}."
        raise ApiKeyError("origins", message)
    return list(found)


def _origin(text: str) -> str:
    wrong = ApiKeyError(
        "origins", f"{text!r} is not the address of a shop, such as https://shop.example.com."
    )
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError:  # also idna.IDNAError
        raise wrong from None
    if parts.scheme not in DEFAULT_PORTS or not host or parts.username is not None:
        raise wrong
    if parts.scheme == "http" and not settings.LOCAL:
        message = f"{text!r} begins with http: only pages with https can be trusted to be yours."
        raise ApiKeyError("origins", message)
    is_usual = port is None or port == DEFAULT_PORTS[parts.scheme]
    origin = f"{parts.scheme}://{host}" + ("" if is_usual else f":{port}")
    if len(origin) > MAX_ORIGIN:
        raise wrong
    return origin


def _host(host: str) -> str:
    """Return the host as browsers write it, in punycode. Raises ValueError."""
    if ":" in host:
        return f"[{ip_address(host)}]"
    if host == "localhost" and settings.LOCAL:
        return host
    if "." not in host.strip("."):
        raise ValueError(host)
    return idna.encode(host, uts46=True, std3_rules=True).decode()


def _beginning(kind: KeyKind) -> str:
    """How a key of the brand acted for begins."""
    return beginning_of(kind, is_test=current_brand().is_test)


@contextmanager
def _brand_of_key(is_for_test: bool, *, by: Actor, now: datetime) -> Iterator[None]:
    """Act for the test brand of the brand acted for, if the key is for that."""
    brand = current_brand()
    if is_for_test and not brand.is_test:
        brand = open_test_brand(brand=brand, by=by, now=now)
    with acting_for(brand):
        yield
