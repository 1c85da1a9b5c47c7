"""Encrypt what a database dump must not reveal: account numbers and tax ids.

Uses Fernet (AES-128 in CBC mode with an HMAC) from `cryptography`. The first of `DETAILS_KEYS`
encrypts and all of them decrypt, so that keys can rotate. The encrypted text names its owner, so it
can't be decrypted after somebody copied it to another person's row.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SealError(Exception):
    """The text was not encrypted with our keys, was altered, or belongs to another owner."""


def seal(owner: str, values: dict[str, str]) -> str:
    """Return the values as encrypted text."""
    plain = json.dumps({"owner": owner, "values": values}, ensure_ascii=False)
    return _fernet(tuple(settings.DETAILS_KEYS)).encrypt(plain.encode()).decode()


def unseal(owner: str, sealed: str) -> dict[str, str]:
    """Return the values that were encrypted for this owner. Raises SealError."""
    try:
        plain = json.loads(_fernet(tuple(settings.DETAILS_KEYS)).decrypt(sealed.encode()))
    except InvalidToken as error:
        raise SealError from error
    if plain["owner"] != owner:
        raise SealError
    return dict(plain["values"])


def is_sealed_by_first_key(sealed: str) -> bool:
    """Return whether the first key alone can decrypt the text."""
    try:
        _fernet((settings.DETAILS_KEYS[0],)).decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def reseal(sealed: str) -> str:
    """Return the text encrypted with the first key. Raises SealError when no key decrypts it."""
    try:
        return _fernet(tuple(settings.DETAILS_KEYS)).rotate(sealed.encode()).decode()
    except InvalidToken as error:
        raise SealError from error


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_fernet_key(key)) for key in keys])


def _fernet_key(secret: str) -> bytes:
    """A 32-byte key from a secret of any length. A plain hash is enough for a random secret."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"payout details:{secret}".encode()).digest())
