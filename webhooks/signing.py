"""The secrets of endpoints, and the signature of what is sent (Standard Webhooks, version 1)."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

from core.resealing import Resealed, reseal_rows
from core.sealing import Seal
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


def live_secrets(endpoint: Endpoint, *, now: datetime) -> tuple[str, ...]:
    """Return what to sign with: one secret, or two after a change. Raises SealError."""
    until = endpoint.former_secret_until
    sealed = [endpoint.sealed_secret]
    if until is not None and now < until:
        sealed.append(endpoint.sealed_former_secret)
    return tuple(_SEAL.unseal(_owner(endpoint), one)[SECRET] for one in sealed if one)


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
