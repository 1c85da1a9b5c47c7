"""Whether Stripe signed a delivery: header `Stripe-Signature: t=…,v1=…`, checked by its library.

The library compares the time with this machine's clock; here the time is given instead.
https://docs.stripe.com/webhooks/signatures
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from stripe import SignatureVerificationError, WebhookSignature

HEADER = "stripe-signature"
TOLERANCE_SECONDS = 300


def is_signed(header: str, body: bytes, *, secrets: Sequence[str], now: datetime) -> bool:
    """Whether one of the secrets signed these bytes, at most five minutes before or after `now`.

    The header may have several `v1` while Stripe rotates a secret; one that fits is enough.
    """
    signed_at = _signed_at(header)
    if signed_at is None or abs(now.timestamp() - signed_at) > TOLERANCE_SECONDS:
        return False
    fitting = [_fits(header, body, secret) for secret in secrets]  # all, so that time tells nothing
    return any(fitting)


def sign(body: bytes, *, secret: str, now: datetime) -> str:
    """Return the header that Stripe would send with the body."""
    seconds = int(now.timestamp())
    return str(WebhookSignature.generate_signature_header(body.decode(), secret, seconds))


def _signed_at(header: str) -> int | None:
    """Return the seconds since 1970 of the first `t`, as the library reads it."""
    for part in header.split(","):
        name, _, value = part.partition("=")
        if name == "t":
            return int(value) if value.isascii() and value.isdigit() and len(value) < 15 else None
    return None


def _fits(header: str, body: bytes, secret: str) -> bool:
    try:
        return bool(WebhookSignature.verify_header(body, header, secret, tolerance=None))
    except (SignatureVerificationError, UnicodeError, TypeError):
        return False  # UnicodeError: the body is no text; TypeError: the header is not ASCII
