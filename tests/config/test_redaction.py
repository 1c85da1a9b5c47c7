"""Nothing that opens something stands in a log line, wherever it came from."""

from __future__ import annotations

import json
import logging
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.logs import configuration
from core.log_context import begin
from core.redaction import CUT, redact
from tests.architecture.routes import PARAMETER, routes
from tests.config.lines import KEY, SECRET, Lines, lines, through

__all__ = ["lines"]

# --- What opens something


OPENING = [
    f"/d/{SECRET}",
    f"/d/{SECRET}/payments/why",
    f"GET /u/{SECRET} HTTP/1.1",
    f"https://a.example/once/{SECRET}",
    f"/invitation/{SECRET}",
    f"/d/%20{SECRET}",
    f"/d/ .{SECRET}",
    f"/once/[{SECRET}]",
    f"/account/password/reset/key/3f-{SECRET}/",
    f"/account/confirm-email/{SECRET}/",
    f"next=%2Fd%2F{SECRET}%2Fqr",
    f"/x?token={SECRET}&a=1",
    f"/x?a=1&code={SECRET}",
    f"/x?key={SECRET}",
    f"/x?access_token={SECRET}",
    f"code%3D{SECRET}",
    f"Authorization: Bearer {SECRET}",
    f"authorization: Basic {SECRET}==",
    f"{{'HTTP_AUTHORIZATION': 'Bearer {SECRET}'}}",
    f"{{'HTTP_COOKIE': 'sessionid={SECRET}; language=de'}}",
    f"Cookie: a=b; __Host-sessionid={SECRET}; c=d",
    f"Set-Cookie: __Host-sessionid={SECRET}; Path=/",
    f"(b'cookie', b'sessionid={SECRET}')",
    f"csrfmiddlewaretoken={SECRET}&email=x",
    f"{{'password': '{SECRET} with spaces'}}",
    f'{{"api_key": "{SECRET}"}}',
    f"User(password='{SECRET}')",
    f"key {KEY} was used",
    f"postgres://tributary:{SECRET}@db.example:5432/tributary",
    f"redis://:{SECRET}@valkey:6379/0",
    f"DETAIL:  Key (lower(address))=({SECRET}) already exists.",
    f"DETAIL:  Failing row contains (1, {SECRET}, 2026-01-01).",
]


@pytest.mark.parametrize("text", OPENING)
@pytest.mark.parametrize("as_json", [True, False])
def test_what_opens_something_is_cut_out(text: str, as_json: bool, lines: Lines) -> None:
    through(configuration(level="WARNING", as_json=as_json, access=True), lines)
    logger = logging.getLogger("tests")
    begin(note=text)

    logger.warning(text)
    logger.warning("%s and %r", text, text)
    logger.warning("extra", extra={"given": text, "held": {"inner": [text]}})
    logger.warning("json in json %s", json.dumps({"body": json.dumps({"inner": text})}))
    try:
        raise ValueError(text)
    except ValueError:
        logger.exception("failed")
    logger.warning("stack", stack_info=True)

    assert SECRET not in lines.text
    assert "zq7" not in lines.text
    assert lines.text.count(CUT) >= 6  # in each of the six, once at the least
    if as_json:
        assert len(lines.all) == 6


@pytest.mark.parametrize(
    "name", ["password", "token", "code", "Authorization", "api_key", "Cookie"]
)
def test_a_field_with_the_name_of_a_secret_is_cut_out_whole(name: str, lines: Lines) -> None:
    value = f"a \"quoted\" 'value' \\ {SECRET}"

    logging.getLogger("tests").warning("x", extra={name: value, "in": {"deep": {name: value}}})

    assert (lines.only[name], lines.only["in"]) == (CUT, {"deep": {name: CUT}})


def test_what_opens_nothing_stays() -> None:
    for text in (
        "GET /admin/juniper/members/ 200",
        "/d/ is where dashboards are",
        "the code SAVE10 has no member",
        "3 keys; tokens: none",
        "monkey=business",
        "https://a.example:8000/x@y",
    ):
        assert redact(text) == text


def test_every_address_with_a_token_is_covered() -> None:
    """Who adds an address that proves something by being known finds it here."""
    secret = {"token", "key", "uidb36", "secret", "signature"}
    found = [route for route in routes() if secret & set(route.parameters)]
    covered = [route for route in found if not str(route).startswith("inbox/")]

    assert len(covered) > 10
    for route in covered:
        address = "/" + PARAMETER.sub(
            lambda match: SECRET if match[1] in secret else "1", str(route)
        )
        address = address.replace("^", "").replace("$", "")
        if "(?P" in address:  # allauth's two patterns with uidb36 and key
            address = f"/account/password/reset/key/1-{SECRET}/"
        assert "zq7" not in redact(address), route


@given(st.text(max_size=300))
def test_redaction_changes_nothing_the_second_time(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "unit", ["a", "/d/", "token=", "'", "\\", "key':'", "Key (", "://:", "é", "csrf"]
)
def test_no_text_makes_it_slow(unit: str) -> None:
    begun = time.process_time()

    redact(unit * 100_000)

    assert time.process_time() - begun < 5
