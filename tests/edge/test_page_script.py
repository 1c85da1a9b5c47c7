"""/t.js: small, from memory, for the pages of every shop; on our host and on link domains."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from core import page_script
from tests.edge.targets import destination, serving
from tests.following import Answer, ask

MAX_BYTES = 2_048


def load(*, host: str = "tributary.example", **request: Any) -> Answer:
    """What a browser gets that asks for the script. A header's underscore stands for a hyphen."""
    method = request.pop("method", "GET")
    headers = {name.replace("_", "-"): value for name, value in request.items()}
    redirects = serving(destination())
    redirects.links.hosts = {"go.juniper.example": 1}
    scope = {"type": "http", "path": "/t.js", "headers": [(b"host", host.encode())]}
    assert redirects.takes(scope)
    return ask(redirects, "/t.js", method=method, headers={"host": host, **headers})


@pytest.mark.parametrize("host", ["tributary.example", "go.juniper.example"])
def test_it_is_small_as_browsers_load_it(host: str) -> None:
    answer = load(host=host, accept_encoding="gzip, br")

    assert answer.status == 200
    assert answer["Content-Encoding"] == "gzip"
    assert int(answer["Content-Length"]) == len(answer.body) < MAX_BYTES
    assert gzip.decompress(answer.body) == page_script.BODY
    assert answer.lines == []  # it is no click


def test_a_client_that_unpacks_nothing_gets_it_too() -> None:
    answer = load()

    assert "content-encoding" not in dict(answer.headers)
    assert answer.body == page_script.BODY


def test_any_page_may_load_it_and_browsers_keep_it() -> None:
    answer = load()

    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer["Cache-Control"].startswith("public, max-age=")
    assert "Accept-Encoding" in answer["Vary"]
    assert "set-cookie" not in dict(answer.headers)


@pytest.mark.parametrize("known", ["{}", "W/{}", '"x", {}', "*"])
def test_who_has_it_is_told_so(known: str) -> None:
    answer = load(if_none_match=known.format(page_script.ETAG))

    assert (answer.status, answer.body) == (304, b"")
    assert answer["ETag"] == page_script.ETAG


def test_other_methods_are_refused() -> None:
    assert load(method="POST").status == 405
    head = load(method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert int(head["Content-Length"]) == len(page_script.BODY)


def test_nothing_in_it_needs_an_unsafe_policy() -> None:
    text = page_script.BODY.decode()

    for forbidden in ("eval", "Function(", "innerHTML", "document.write", "setTimeout", ".style"):
        assert forbidden not in text


def test_comments_alone_are_taken_away() -> None:
    source = "// a\n  let a = 'https://b'\n\n    // c\n  a += 1\n"

    assert page_script.shortened(source) == b"let a = 'https://b'\na += 1"
