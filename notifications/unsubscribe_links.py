"""Links that unsubscribe one address from one brand: derived, never stored, signed.

The token of an address never changes, so a preview shows the same link as the mail.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.core import signing

PATH = "/u/"


class BadUnsubscribeLinkError(ValueError):
    """A token without a valid signature."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One address's mail from one brand."""

    brand_id: int
    address: str


def unsubscribe_link(*, brand_id: int, address: str) -> str:
    """The full address of the page that unsubscribes `address` from the brand."""
    encoded = base64.urlsafe_b64encode(address.lower().encode()).decode().rstrip("=")
    return f"{settings.BASE_URL}{PATH}{_signer().sign(f'{brand_id}.{encoded}')}"


def read_token(token: str) -> Subscription:
    """The brand and address of a token. Raises BadUnsubscribeLinkError for every kind of defect."""
    try:
        brand_id, encoded = _signer().unsign(token).split(".")
        padded = encoded + "=" * (-len(encoded) % 4)
        return Subscription(int(brand_id), base64.urlsafe_b64decode(padded).decode())
    except (signing.BadSignature, ValueError, binascii.Error) as error:
        raise BadUnsubscribeLinkError from error


def _signer() -> signing.Signer:
    return _signer_with(tuple(settings.LINK_KEYS))


@lru_cache(maxsize=4)
def _signer_with(keys: tuple[str, ...]) -> signing.Signer:
    first, *older = keys
    return signing.Signer(
        key=first, fallback_keys=[*older], sep=".", salt="notifications.unsubscribe"
    )
