"""Links that unsubscribe one address from one brand, or from one kind of its mails.

They are derived, never stored, and signed. The token of an address and kind never changes, so a
preview shows the same link as the mail.
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
    """One address's mail from one brand; with `kind` only mails of that purpose."""

    brand_id: int
    address: str
    kind: str = ""


def unsubscribe_link(*, brand_id: int, address: str, kind: str = "") -> str:
    """The full address of the page that unsubscribes `address` from the brand, or from a kind."""
    encoded = base64.urlsafe_b64encode(address.lower().encode()).decode().rstrip("=")
    text = f"{brand_id}.{encoded}.{kind}" if kind else f"{brand_id}.{encoded}"
    return f"{settings.BASE_URL}{PATH}{_signer().sign(text)}"


def read_token(token: str) -> Subscription:
    """What a token unsubscribes from. Raises BadUnsubscribeLinkError for every kind of defect."""
    try:
        brand_id, encoded, *kinds = _signer().unsign(token).split(".")
        padded = encoded + "=" * (-len(encoded) % 4)
        address = base64.urlsafe_b64decode(padded).decode()
        return Subscription(int(brand_id), address, *kinds)
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
