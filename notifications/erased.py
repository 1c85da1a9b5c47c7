"""How an address is remembered that asked to be forgotten: by a keyed digest, to stay silent.

Nobody can read the address off it. Who is added under the same address again is found by it.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from django.conf import settings

DOMAIN = "erased.invalid"  # RFC 2606: no mail ever goes there


def erased_form(address: str) -> str:
    """What stands for an erased address in the list of those that get no mail."""
    return _form_by(settings.ERASED_KEYS[0], address)


def is_erased_form(address: str) -> bool:
    return address.endswith(f"@{DOMAIN}")


def forms_of(address: str) -> tuple[str, ...]:
    """The address as it may stand in that list: itself, or erased, by whichever key it was."""
    erased = (_form_by(key, address) for key in settings.ERASED_KEYS)
    return address.strip().lower(), *erased


def _form_by(secret: str, address: str) -> str:
    digest = hmac.digest(_key(secret), address.strip().lower().encode(), "sha256")
    return f"{digest[:16].hex()}@{DOMAIN}"


@lru_cache(maxsize=8)
def _key(secret: str) -> bytes:
    return hashlib.sha256(f"notifications.erased:{secret}".encode()).digest()
