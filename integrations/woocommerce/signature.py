"""The signature of a delivery: base64 of the HMAC-SHA256 of the body, with the webhook's secret.

No time is signed, so a replay is harmless by what it states, not by its signature.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Mapping, Sequence

HEADER = "x-wc-webhook-signature"


def new_secret() -> str:
    """Return a secret for webhooks: 256 bits in hexadecimal, so WordPress decodes nothing in it."""
    return secrets.token_hex(32)


def sign(body: bytes, secret: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def is_signed(headers: Mapping[str, str], body: bytes, known: Sequence[str]) -> bool:
    """Whether one of the `known` secrets signed these bytes. Compares in constant time."""
    given = headers.get(HEADER, "").strip().encode("utf-8", "replace")
    matches = [
        hmac.compare_digest(given, sign(body, secret).encode()) for secret in known if secret
    ]
    return any(matches)
