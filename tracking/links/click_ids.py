"""Make click ids and read them.

A click id is a signed token of link and time, so an order with a click id is attributed even if the
row of the click is lost. Layout before base64url, 36 bytes: link id (8), Unix time in seconds (5),
nonce (7), HMAC-SHA256 cut to 128 bits (16).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings

from core.keyed_hash import KeyedHash

CLICK_PARAMETER = "trb"  # of an address that leads to a shop
MAC_BYTES = 16
NONCE_BYTES = 7
LENGTH = 48
_PURPOSE = b"tributary.click"
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_NONCES_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class ClickIdContents:
    """The contents of a valid click id."""

    link_id: int
    clicked_at: datetime


class Minting:
    """Makes click ids as `make` does, a third as long: key and random bytes are prepared.

    Not for use by several threads, nor across a fork: both would give a nonce twice.
    """

    def __init__(self, key: str) -> None:
        self._hash = KeyedHash(key.encode(), beginning=_PURPOSE)
        self._nonces: list[bytes] = []

    def make(self, link: bytes, second: bytes) -> str:
        """Return a new click id, from `link_bytes` and `second_bytes`."""
        if not self._nonces:
            random = secrets.token_bytes(NONCE_BYTES * _NONCES_AT_ONCE)
            starts = range(0, len(random), NONCE_BYTES)
            self._nonces = [random[start : start + NONCE_BYTES] for start in starts]
        body = link + second + self._nonces.pop()
        whole = body + self._hash.digest(body)[:MAC_BYTES]
        return binascii.b2a_base64(whole, newline=False).translate(_URL_SAFE).decode()


def link_bytes(link_id: int) -> bytes:
    return link_id.to_bytes(8, "big")


def second_bytes(second: int) -> bytes:
    """`second` is Unix time."""
    return second.to_bytes(5, "big")


def make(*, link_id: int, clicked_at: datetime) -> str:
    """Return a new click id of 48 characters that are safe in a URL."""
    minting = Minting(settings.CLICK_KEYS[0])
    return minting.make(link_bytes(link_id), second_bytes(int(clicked_at.timestamp())))


def read(click_id: str) -> ClickIdContents | None:
    """Return the contents of a click id, or None when the signature is wrong.

    An id has one spelling: with `+` and `/`, which the decoder takes too, it is none.
    """
    if len(click_id) != LENGTH or "+" in click_id or "/" in click_id:
        return None
    try:
        raw = base64.b64decode(click_id, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    body, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    if not any(hmac.compare_digest(mac, _mac(key, body)) for key in settings.CLICK_KEYS):
        return None
    return ClickIdContents(
        link_id=int.from_bytes(body[:8], "big"),
        clicked_at=datetime.fromtimestamp(int.from_bytes(body[8:13], "big"), tz=UTC),
    )


def _mac(key: str, body: bytes) -> bytes:
    return hmac.digest(key.encode(), _PURPOSE + body, "sha256")[:MAC_BYTES]
