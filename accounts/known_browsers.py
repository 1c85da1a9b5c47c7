"""Known browsers: an address was proven or logged in with there before. Stored in a signed cookie.

A known browser has no extra access. It has its own counts in accounts.code_limits, so that
strangers who request or guess codes for an address don't stop its owner from logging in.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from accounts.code_limits import digest_of

SALT = "accounts.known_browsers"
BROWSER_KNOWN_FOR = timedelta(days=365)  # since the address was last proven in this browser
MAX_ADDRESSES = 5  # per browser; the one proven longest ago is removed


def known_as(request: HttpRequest, address: str) -> str:
    """The name under which limits count this browser; empty when it never proved the address."""
    known = _read(request).get(_address_digest(address))
    return f"browser {known}" if known else ""


def remember(request: HttpRequest, response: HttpResponseBase, *, address: str) -> None:
    """Make this browser known for an address that was proven, or logged in with, just now."""
    known = _read(request)
    digest = _address_digest(address)
    name = known.pop(digest, "") or secrets.token_urlsafe(12)
    newest = dict([*known.items(), (digest, name)][-MAX_ADDRESSES:])
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME,
        signing.dumps(newest, salt=SALT),
        max_age=BROWSER_KNOWN_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _read(request: HttpRequest) -> dict[str, str]:
    text = request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, "")
    try:
        return dict(signing.loads(text, salt=SALT, max_age=BROWSER_KNOWN_FOR)) if text else {}
    except signing.BadSignature:
        return {}


def _address_digest(address: str) -> str:
    """Replaces the address, so that the cookie does not contain it."""
    return digest_of("known browser", address.strip().lower())[:24]
