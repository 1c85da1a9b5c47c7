"""Encrypt what a database dump must not tell: account numbers, tax ids.

Fernet (AES-128 in CBC mode with an HMAC) from `cryptography`. The first of `DETAILS_KEYS` seals,
all of them open, so that keys rotate. What is sealed names its owner: one person's text, copied
into another's row, does not open there.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SealError(Exception):
    """Sealed by none of our keys, altered, or somebody else's."""


def seal(owner: str, values: dict[str, str]) -> str:
    """The values as text that only we can read."""
    plain = json.dumps({"owner": owner, "values": values}, ensure_ascii=False)
    return _box(tuple(settings.DETAILS_KEYS)).encrypt(plain.encode()).decode()


def unseal(owner: str, sealed: str) -> dict[str, str]:
    """What was sealed for this owner. Raises SealError."""
    try:
        plain = json.loads(_box(tuple(settings.DETAILS_KEYS)).decrypt(sealed.encode()))
    except InvalidToken as error:
        raise SealError from error
    if plain["owner"] != owner:
        raise SealError
    return dict(plain["values"])


def is_sealed_by_first_key(sealed: str) -> bool:
    """Whether it opens without the older keys."""
    try:
        _box((settings.DETAILS_KEYS[0],)).decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def reseal(sealed: str) -> str:
    """The same text, sealed by the first key. Raises SealError when none of the keys opens it."""
    try:
        return _box(tuple(settings.DETAILS_KEYS)).rotate(sealed.encode()).decode()
    except InvalidToken as error:
        raise SealError from error


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_fernet_key(key)) for key in keys])


def _fernet_key(secret: str) -> bytes:
    """32 bytes of a secret of any length; the secret itself is as strong as a key."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"payout details:{secret}".encode()).digest())
