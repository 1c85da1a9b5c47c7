"""Browsers in which somebody has proven an address or logged in before, known by a signed cookie.

Being known opens nothing. It gives the browser counts of its own in accounts.code_limits, so that
strangers who ask for codes for an address, or guess at it, don't keep its owner from logging in.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from accounts.code_limits import digest_of

SALT = "accounts.known_browsers"
LIFETIME = timedelta(days=365)  # since the address was last proven in this browser
MOST_ADDRESSES = 5  # of one browser; the one proven longest ago is forgotten


def known_as(request: HttpRequest, address: str) -> str:
    """The name under which limits count this browser; empty when it never proved the address."""
    known = _read(request).get(_mark(address))
    return f"browser {known}" if known else ""


def remember(request: HttpRequest, response: HttpResponseBase, *, address: str) -> None:
    """Make this browser known for an address that was proven, or logged in with, just now."""
    known = _read(request)
    mark = _mark(address)
    name = known.pop(mark, "") or secrets.token_urlsafe(12)
    newest = dict([*known.items(), (mark, name)][-MOST_ADDRESSES:])
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME,
        signing.dumps(newest, salt=SALT),
        max_age=LIFETIME,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _read(request: HttpRequest) -> dict[str, str]:
    text = request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, "")
    try:
        return dict(signing.loads(text, salt=SALT, max_age=LIFETIME)) if text else {}
    except signing.BadSignature:
        return {}


def _mark(address: str) -> str:
    """Stands for the address, so that the cookie doesn't tell it."""
    return digest_of("known browser", address.strip().lower())[:24]
