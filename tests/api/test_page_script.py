"""/t.js: small, from memory, for the pages of every shop."""

from __future__ import annotations

import gzip

import pytest
from django.test import Client

from core import page_script

MAX_BYTES = 2_048


def test_it_is_small_as_browsers_load_it() -> None:
    answer = Client().get("/t.js", headers={"Accept-Encoding": "gzip, br"})

    assert answer.status_code == 200
    assert answer["Content-Encoding"] == "gzip"
    assert len(answer.content) < MAX_BYTES
    assert gzip.decompress(answer.content) == page_script.BODY


def test_a_client_that_unpacks_nothing_gets_it_too() -> None:
    answer = Client().get("/t.js")

    assert not answer.has_header("Content-Encoding")
    assert answer.content == page_script.BODY


def test_any_page_may_load_it_and_browsers_keep_it() -> None:
    answer = Client().get("/t.js")

    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer["Cache-Control"].startswith("public, max-age=")
    assert "Accept-Encoding" in answer["Vary"]
    assert not answer.cookies


@pytest.mark.parametrize("known", ["{}", "W/{}", '"x", {}', "*"])
def test_who_has_it_is_told_so(known: str) -> None:
    sent = {"If-None-Match": known.format(page_script.ETAG)}
    answer = Client().get("/t.js", headers=sent)

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer["ETag"] == page_script.ETAG


def test_other_methods_are_refused() -> None:
    assert Client().post("/t.js").status_code == 405
    assert Client().head("/t.js").status_code == 200


def test_nothing_in_it_needs_an_unsafe_policy() -> None:
    text = page_script.BODY.decode()

    for forbidden in ("eval", "Function(", "innerHTML", "document.write", "setTimeout", ".style"):
        assert forbidden not in text


def test_comments_alone_are_taken_away() -> None:
    source = "// a\n  let a = 'https://b'\n\n    // c\n  a += 1\n"

    assert page_script.shortened(source) == b"let a = 'https://b'\na += 1"
