"""Keep an erased address suppressed: the list holds a keyed digest in its place.

Nobody can read the address from the digest. A member who is added again with the same address
is found by it, and gets no mail.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from django.conf import settings

DOMAIN = "erased.invalid"  # RFC 2606: no mail ever goes there


def erased_form(address: str) -> str:
    """What replaces an erased address in the suppression list."""
    return _form_by(settings.ERASED_KEYS[0], address)


def is_erased_form(address: str) -> bool:
    return address.endswith(f"@{DOMAIN}")


def forms_of(address: str) -> tuple[str, ...]:
    """Every form of the address that the list may hold: itself, or erased by any key."""
    erased = (_form_by(key, address) for key in settings.ERASED_KEYS)
    return address.strip().lower(), *erased


def _form_by(secret: str, address: str) -> str:
    digest = hmac.digest(_key(secret), address.strip().lower().encode(), "sha256")
    return f"{digest[:16].hex()}@{DOMAIN}"


@lru_cache(maxsize=8)
def _key(secret: str) -> bytes:
    return hashlib.sha256(f"notifications.erased:{secret}".encode()).digest()
