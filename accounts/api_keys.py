"""Make, revoke and check API keys.

A key reads trb_live_<prefix>_<secret>, one of a test brand trb_test_<prefix>_<secret>. Keys of
before there was a test mode read trb_<prefix>_<secret>, and stay valid. Publishable and postback
keys are made in `accounts.order_keys`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.models import EVERY_SCOPE, ApiKey, KeyKind, Scope
from accounts.selectors import current_brand
from core.clients import parse_address, parse_network
from core.kept_queries import kept_query
from core.tenancy import across_brands, acting_for

MAX_NETWORKS = 50  # of one key
LAST_USE_SECONDS = 60  # how exactly the last use is kept
BEGINNINGS = {  # of the keys of each kind, the longer ones first
    KeyKind.SECRET: ("trb_live_", "trb_test_", "trb_"),
    KeyKind.PUBLISHABLE: ("trb_pub_test_", "trb_pub_"),
    KeyKind.POSTBACK: ("trb_postback_test_", "trb_postback_"),
}


class ApiKeyError(ValueError):
    """A key can't have these values; `field` says what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class KeyRefusedError(Exception):
    """The API key is malformed, unknown, revoked, expired or used from a forbidden address.

    All of them get the same response. Where it is known which key was meant, `key` is that, and the
    message says what is wrong: this is for the staff of its brand.
    """

    def __init__(self, message: str = "", *, key: ApiKey | None = None) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, slots=True)
class NewApiKey:
    key: ApiKey
    secret: str  # shown once, never stored


@transaction.atomic
def create_api_key(
    *,
    label: str,
    scopes: Sequence[str] = EVERY_SCOPE,
    expires_at: datetime | None = None,
    allowed_addresses: Sequence[str] = (),
    by: Actor,
    now: datetime,
) -> NewApiKey:
    """Make a key of the brand acted for: of a test brand, a test key.

    `allowed_addresses` are addresses or networks (192.0.2.7, 192.0.2.0/24, 2001:db8::/48); none
    means everywhere. Raises ApiKeyError.
    """
    chosen = [scope.value for scope in Scope if scope.value in scopes]
    if not chosen or len(chosen) != len(set(scopes)):
        raise ApiKeyError("scopes", "Choose at least one thing that the key may do.")
    if expires_at is not None and expires_at <= now:
        raise ApiKeyError("expires_at", "Choose a time that is not over yet.")
    networks = _networks(allowed_addresses)
    prefix = secrets.token_hex(6)
    beginning = beginning_of(KeyKind.SECRET, is_test=current_brand().is_test)
    secret = f"{beginning}{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        label=label,
        prefix=prefix,
        digest=digest_of(secret),
        scopes=chosen,
        expires_at=expires_at,
        allowed_addresses=networks,
        created_at=now,
    )
    audit.record(
        action="api_key.created",
        target=key,
        by=by,
        now=now,
        label=label,
        scopes=chosen,
        expires_at=expires_at.isoformat() if expires_at else None,
        allowed_addresses=networks,
    )
    return NewApiKey(key=key, secret=secret)


def _networks(written: Sequence[str]) -> list[str]:
    """Return each network as it is stored, once. Raises ApiKeyError."""
    found: dict[str, None] = {}
    for text in written:
        try:
            network = parse_network(text)
        except ValueError:
            message = f"{text.strip()!r} is not an address or a network such as 192.0.2.0/24."
            raise ApiKeyError("allowed_addresses", message) from None
        found[str(network)] = None
    if len(found) > MAX_NETWORKS:
        message = f"{len(found)} are too many: a key has at most {MAX_NETWORKS}."
        raise ApiKeyError("allowed_addresses", message)
    return list(found)


@transaction.atomic
def revoke_api_key(*, key: ApiKey, by: Actor, now: datetime) -> None:
    """Revoke a key, from now on."""
    changed = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)
    if changed:
        audit.record(action="api_key.revoked", target=key, by=by, now=now)


def authenticate_api_key(
    *, secret: str, now: datetime, address: str = "", kind: KeyKind = KeyKind.SECRET
) -> ApiKey:
    """Return the key of this kind behind `secret`, used from the client's network `address`.

    Raises KeyRefusedError.
    """
    prefix = _prefix_of(secret, kind)
    if not prefix:
        raise KeyRefusedError
    with across_brands(reason="an API key names its brand"):
        key: ApiKey | None = next(iter(_api_key(prefix=prefix)), None)
    if key is None or key.kind != kind:
        raise KeyRefusedError
    if not secrets.compare_digest(key.digest, digest_of(secret)):
        said = f"The key begins like that of {key.label}, and goes on differently: copy it whole."
        raise KeyRefusedError(said, key=key)
    why = _why_refused(key, address=address, now=now)
    if why:
        raise KeyRefusedError(why, key=key)
    if key.last_used_at is None or (now - key.last_used_at).total_seconds() > LAST_USE_SECONDS:
        with acting_for(key.brand):
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def _prefix_of(secret: str, kind: KeyKind) -> str:
    """Return the part of a key by which its row is found; "" if it is no key of this kind.

    A publishable key ends with that part; the others go on with their secret.
    """
    beginning = next((one for one in BEGINNINGS[kind] if secret.startswith(one)), "")
    prefix, _, own = secret.removeprefix(beginning).partition("_")
    is_whole = bool(beginning) and bool(own) != (kind == KeyKind.PUBLISHABLE)
    return prefix if is_whole and prefix.isalnum() and prefix.isascii() else ""


def _why_refused(key: ApiKey, *, address: str, now: datetime) -> str:
    """Return why a key that was sent whole is refused, for the staff; "" if it is not."""
    if key.is_revoked:
        return f"The key of {key.label} was revoked. Make a new one."
    if key.has_expired(now):
        return f"The key of {key.label} expired. Make a new one."
    if key.allowed_addresses and not _is_within(address, key.allowed_addresses):
        sent_from = address or "an unknown address"
        return f"The key of {key.label} may not be used from {sent_from}. Allow it, or use another."
    return ""


def _is_within(address: str, networks: Sequence[str]) -> bool:
    """Whether the address is in one of the networks; an unknown address is in none."""
    client = parse_address(address)
    return client is not None and any(client in parse_network(network) for network in networks)


@kept_query
def _api_key(*, prefix: str) -> QuerySet[ApiKey]:
    return ApiKey.objects.select_related("brand").filter(prefix=prefix)


def beginning_of(kind: KeyKind, *, is_test: bool) -> str:
    """Return how a new key of this kind begins."""
    return next(one for one in BEGINNINGS[kind] if one.endswith("_test_") == is_test)


def digest_of(secret: str) -> str:
    """Return the SHA-256 by which a key is checked."""
    return hashlib.sha256(secret.encode()).hexdigest()
