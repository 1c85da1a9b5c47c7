"""What is answered beside addresses: headers, pages where there is no link, the page script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from csp.constants import HEADER as POLICY_HEADER
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, parse_cookie
from django.template.loader import render_to_string

from core import page_script
from core.languages import language_of, speaking, tag_for

Headers = list[tuple[bytes, bytes]]
LINK_HEADERS: Headers = [
    (b"cache-control", b"no-store"),
    # The shop learns the site that the shopper comes from, but not the full address.
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"x-robots-tag", b"noindex"),
    (b"x-content-type-options", b"nosniff"),
]
EMPTY = (b"content-length", b"0")
RETRY_AFTER_SECONDS = b"2"
OK, UNKNOWN, NOT_ALLOWED, UNAVAILABLE = 200, 404, 405, 503
KNOWN_READERS = 1_000  # whose language is remembered
MAX_REMEMBERED = 4_000  # bytes of their headers: a client may send several 100,000


@dataclass(frozen=True, slots=True)
class Page:
    """An answer with a body, as it is sent each time."""

    status: int
    headers: Headers
    body: bytes


def transport_security() -> Headers:
    """Return the Strict-Transport-Security of answers over TLS (RFC 6797), as Django sends it."""
    if not settings.SECURE_HSTS_SECONDS:
        return []
    words = [f"max-age={settings.SECURE_HSTS_SECONDS}"]
    words += ["includeSubDomains"] * bool(settings.SECURE_HSTS_INCLUDE_SUBDOMAINS)
    words += ["preload"] * bool(settings.SECURE_HSTS_PRELOAD)
    return [(b"strict-transport-security", "; ".join(words).encode())]


def language(accepted: bytes, cookies: bytes) -> str:
    """Return the reader's tag, from the headers Accept-Language and Cookie."""
    if len(accepted) + len(cookies) > MAX_REMEMBERED:
        return _language(accepted, cookies)
    return _kept_language(accepted, cookies)


def _language(accepted: bytes, cookies: bytes) -> str:
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = accepted.decode("latin-1")
    # None has a backslash (RFC 6265 section 4.1.1). Some Pythons read many in quadratic time.
    request.COOKIES.update(parse_cookie(cookies.replace(b"\\", b"").decode("latin-1")))
    return tag_for(request)


_kept_language = lru_cache(maxsize=KNOWN_READERS)(_language)


def script(headers: Mapping[bytes, bytes]) -> Page:
    """Return the page script, or that the browser has it already."""
    status, told, body = page_script.answer(
        if_none_match=headers.get(b"if-none-match", b"").decode("latin-1"),
        accept_encoding=headers.get(b"accept-encoding", b"").decode("latin-1"),
    )
    sent = [(name.lower().encode(), value.encode()) for name, value in told.items()]
    if status == OK:
        sent.append((b"content-length", b"%d" % len(body)))
    return Page(status, sent, body)


class Pages:
    """The pages where there is no redirect, by status and by the reader's tag.

    404 is the neutral page, the same for every address that leads nowhere. 503: PostgreSQL is
    away, and nobody knows whether the link exists.
    """

    def __init__(self) -> None:
        self._ready: dict[tuple[int, str], Page] = {}

    def ready(self, status: int, tag: str) -> Page | None:
        """Return the page if it was made before."""
        return self._ready.get((status, tag))

    def make(self, status: int, tag: str) -> Page:
        """Make the page, which takes a while. A tag is one of a few hundred."""
        page = self._ready[status, tag] = _page(status, tag)
        return page


def _page(status: int, tag: str) -> Page:
    more = [(b"retry-after", RETRY_AFTER_SECONDS)] if status == UNAVAILABLE else []
    template = f"errors/{status}.html"
    with speaking(tag):
        body = render_to_string(template, {"kept": ""}).encode()
    headers = [
        *LINK_HEADERS,
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"content-language", language_of(tag).encode()),
        (b"vary", b"Accept-Language, Cookie"),
        (b"x-frame-options", settings.X_FRAME_OPTIONS.encode()),
        (b"cross-origin-opener-policy", b"same-origin"),
        (POLICY_HEADER.lower().encode(), build_policy().encode()),
        *more,
    ]
    return Page(status, headers, body)
