"""Check that Shopify sent a delivery: base64 of HMAC-SHA256 over its raw bytes.

The key is the app's client secret. No time is signed, so a repeat must do no harm by its identity.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping, Sequence

HEADER = "x-shopify-hmac-sha256"


def sign(body: bytes, secret: str) -> str:
    """Return the signature of a body, as Shopify writes it in the header."""
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def is_signed(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
    """Whether one of the secrets signed these very bytes, in constant time.

    For an hour after a secret was rotated, Shopify may still sign with the old one. An empty secret
    signs nothing: anybody could have used it.
    """
    found = headers.get(HEADER, "").strip().encode("utf-8", "replace")
    matches = [
        hmac.compare_digest(found, sign(body, secret).encode()) for secret in secrets if secret
    ]
    return any(matches)
