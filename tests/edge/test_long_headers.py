"""Headers of any length: a client may send as much as the web server takes."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from django.conf import settings
from django.http import parse_cookie

from config.arriving import environ_of
from edge.answers import language
from tests.edge.targets import BROWSER, destination, serving
from tests.following import ask

LONG = 50_000
MANY = 200
KEPT = 2_000_000  # bytes at most, of MANY times as much


@pytest.mark.parametrize("name", ["User-Agent", "Referer", "X-Forwarded-For", "X-Forwarded-Proto"])
def test_what_is_remembered_of_a_header_is_short(name: str) -> None:
    application = serving(destination())
    tracemalloc.start()
    for number in range(MANY):
        headers = {"User-Agent": BROWSER, name: f"{number}{'x' * LONG}{number}"}
        assert ask(application, "/r/mara", headers=headers).status == 302
        application.clicks.take(MANY)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kept < KEPT


def test_what_is_remembered_of_a_reader_is_short() -> None:
    tracemalloc.start()
    for number in range(MANY):
        assert language(b"de", b"other=%d%b" % (number, b"x" * LONG)) == "de"
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kept < KEPT


def test_a_cookie_full_of_escapes_holds_nobody_up() -> None:
    """Python 3.11.7 reads one in quadratic time (CVE-2024-7592)."""
    name = settings.LANGUAGE_COOKIE_NAME
    cookie = b'a="%b"; %b=fr' % (b'\\"' * (LONG // 2), name.encode())
    scope = {"method": "GET", "path": "/", "query_string": b"", "http_version": "1.1"}
    begun = time.perf_counter()

    assert language(b"de", cookie) == "fr"
    environ = environ_of(scope, [("cookie", cookie.decode())], None, 0)  # type: ignore[arg-type]
    assert parse_cookie(environ["HTTP_COOKIE"])[name] == "fr"

    assert time.perf_counter() - begun < 1
