"""Encrypt what a database dump must not reveal: account numbers, tax ids, keys of shops.

Uses Fernet (AES-128 in CBC mode with an HMAC) from `cryptography`. The first of `DETAILS_KEYS`
encrypts and all of them decrypt, so that keys can rotate. Each purpose has separate keys, made
from these. The encrypted text names its owner, so it can't be decrypted after somebody copied it to
another row.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SealError(Exception):
    """The text was not encrypted with our keys, was altered, or belongs to another owner."""


@dataclass(frozen=True, slots=True)
class Seal:
    """Encrypts for one purpose, such as "payout details"; it never changes for stored texts."""

    purpose: str

    def seal(self, owner: str, values: dict[str, str]) -> str:
        """Return the values as encrypted text."""
        plain = json.dumps({"owner": owner, "values": values}, ensure_ascii=False)
        return self._fernet().encrypt(plain.encode()).decode()

    def unseal(self, owner: str, sealed: str) -> dict[str, str]:
        """Return the values that were encrypted for this owner. Raises SealError."""
        try:
            plain = json.loads(self._fernet().decrypt(sealed.encode()))
        except InvalidToken as error:
            raise SealError from error
        if plain["owner"] != owner:
            raise SealError
        return dict(plain["values"])

    def is_sealed_by_first_key(self, sealed: str) -> bool:
        """Return whether the first key alone can decrypt the text."""
        try:
            _fernet(self.purpose, (settings.DETAILS_KEYS[0],)).decrypt(sealed.encode())
        except InvalidToken:
            return False
        return True

    def reseal(self, sealed: str) -> str:
        """Return the text encrypted with the first key. Raises SealError if no key decrypts it."""
        try:
            return self._fernet().rotate(sealed.encode()).decode()
        except InvalidToken as error:
            raise SealError from error

    def _fernet(self) -> MultiFernet:
        return _fernet(self.purpose, tuple(settings.DETAILS_KEYS))


@lru_cache(maxsize=8)
def _fernet(purpose: str, keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_fernet_key(purpose, key)) for key in keys])


def _fernet_key(purpose: str, secret: str) -> bytes:
    """A 32-byte key from a secret of any length. A plain hash is enough for a random secret."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"{purpose}:{secret}".encode()).digest())
