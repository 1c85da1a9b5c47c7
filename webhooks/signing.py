"""The secrets of endpoints, and the signature of what is sent (Standard Webhooks, version 1)."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from standardwebhooks import Webhook

from core.resealing import Resealed, reseal_rows
from core.sealing import Seal, SealError
from webhooks.models import Endpoint

_SEAL = Seal("webhook secrets")  # part of the keys: with another text nothing stored opens
SEALED = ("sealed_secret", "sealed_former_secret")
SECRET = "secret"  # noqa: S105 # pragma: allowlist secret - the name of the value
PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """Return a random secret as receivers enter it: whsec_ and base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def seal_secret(endpoint: Endpoint, secret: str) -> str:
    """Return the secret as encrypted text, which opens for this endpoint alone."""
    return _SEAL.seal(_owner(endpoint), {SECRET: secret})


@dataclass(frozen=True, slots=True)
class FormerSecret:
    """A secret that signs beside the newest one until then."""

    secret: str
    until: datetime


def seal_former(endpoint: Endpoint, former: Sequence[FormerSecret]) -> str:
    """Return former secrets, the newest first, as one encrypted text; "" for none.

    The time of the first is a column of the endpoint. Of the others, each has its own beside it.
    """
    if not former:
        return ""
    older = {one.secret: one.until.isoformat() for one in former[1:]}
    return _SEAL.seal(_owner(endpoint), {SECRET: former[0].secret, **older})


def former_secrets(endpoint: Endpoint, *, now: datetime) -> list[FormerSecret]:
    """Return the former secrets that sign still, the newest first; none that can't be decrypted."""
    until = endpoint.former_secret_until
    if until is None or until <= now:
        return []
    try:
        held = _SEAL.unseal(_owner(endpoint), endpoint.sealed_former_secret)
    except SealError:
        return []
    first = FormerSecret(held.pop(SECRET), until)
    older = [FormerSecret(secret, datetime.fromisoformat(at)) for secret, at in held.items()]
    return [first, *(one for one in older if now < one.until)]


def newest_secret(endpoint: Endpoint) -> str:
    """Return the secret that was made last. Raises SealError."""
    return _SEAL.unseal(_owner(endpoint), endpoint.sealed_secret)[SECRET]


def live_secrets(endpoint: Endpoint, *, now: datetime) -> tuple[str, ...]:
    """Return what to sign with: the newest secret, and former ones for a day. Raises SealError."""
    former = former_secrets(endpoint, now=now)
    return (newest_secret(endpoint), *(one.secret for one in former))


def signed_headers(
    message_id: str, body: str, *, secrets: Sequence[str], now: datetime
) -> dict[str, str]:
    """Return the three headers of the specification, with a signature for each secret."""
    at = now.astimezone(UTC)
    signatures = [Webhook(one).sign(message_id, at, body) for one in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def reseal_endpoints() -> Resealed:
    """Encrypt what is sealed with another key than the first again, of all brands."""
    return reseal_rows(Endpoint, columns=SEALED, seal=_SEAL)


def _owner(endpoint: Endpoint) -> str:
    """What never changes of an endpoint."""
    return f"{endpoint.brand_id}/{endpoint.public_id}"
