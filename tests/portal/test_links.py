"""What a dashboard link opens, what it does not, and what neither gives away."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.redaction import redact
from core.tenancy import acting_for
from offers.dashboard_links import make_token, token_for
from offers.services import renew_dashboard_link
from portal.dashboard import misses
from tests.answers import Answer
from tests.cast import Cast
from tests.portal.conftest import Sell
from tests.snapshot import snapshot

UNKNOWN = "00000000-0000-4000-8000-000000000000"
PAGES = ("", "/why", "/qr", "/qr.svg", "/qr.png", "/links", "/conversions.csv")


def renew(cast: Cast) -> None:
    with acting_for(cast.juniper):
        renew_dashboard_link(enrollment=cast.mara_in_glow, by=cast.by, now=cast.now)


def body(answer: Answer) -> bytes:
    return b"".join(answer) if answer.streaming else answer.content


def broken_tokens(cast: Cast) -> dict[str, str]:
    good = token_for(cast.mara_in_glow)
    raw = base64.urlsafe_b64decode(good + "=")
    revoked = good
    renew(cast)
    return {
        "revoked": revoked,
        "unknown": base64.urlsafe_b64encode(bytes(16) + raw[16:]).rstrip(b"=").decode(),
        "forged": base64.urlsafe_b64encode(raw[:16] + bytes(16)).rstrip(b"=").decode(),
        "too short": good[:-1],
        "too long": good + "A",
        "padded": good + "=",
        "not base64": "!" * 43,
        "not ascii": "é" * 43,
        "a word": "hello",
        "with a slash": f"{good}/",
        "another address": f"{good}/nothing/here",
        "empty": "",
    }


def headers_of(answer: Answer) -> tuple[tuple[str, str], ...]:
    """The headers of an answer but for its own id."""
    return tuple(sorted(pair for pair in answer.headers.items() if pair[0] != "X-Request-Id"))


def test_every_link_that_does_not_open_gets_the_same_bytes(cast: Cast, client: Client) -> None:
    answers = {kind: client.get(f"/d/{token}") for kind, token in broken_tokens(cast).items()}

    assert {kind: answer.status_code for kind, answer in answers.items()} == dict.fromkeys(
        answers, 404
    )
    assert len({answer.content for answer in answers.values()}) == 1
    assert len({headers_of(answer) for answer in answers.values()}) == 1
    assert b"Juniper" not in answers["revoked"].content


@pytest.mark.parametrize("page", PAGES)
def test_no_page_of_a_revoked_link_opens(cast: Cast, client: Client, page: str, path: str) -> None:
    neutral = client.get("/d/nothing").content
    renew(cast)

    answer = client.get(path + page)

    assert answer.status_code == 404
    assert answer.content == neutral


def test_posting_to_a_revoked_link_gets_the_same_bytes(
    cast: Cast, client: Client, path: str
) -> None:
    neutral = client.get("/d/nothing").content
    renew(cast)
    before = snapshot()

    answer = client.post(f"{path}/links", {"page": "https://juniper.example/gift"})

    assert (answer.status_code, answer.content) == (404, neutral)
    assert snapshot() == before


def test_raising_the_version_ends_the_old_link_and_opens_a_new_one(
    cast: Cast, client: Client, path: str
) -> None:
    assert client.get(path).status_code == 200

    renew(cast)

    with acting_for(cast.juniper):
        cast.mara_in_glow.refresh_from_db()
    assert client.get(path).status_code == 404
    assert client.get(f"/d/{token_for(cast.mara_in_glow)}").status_code == 200


def test_keys_rotate_without_breaking_links(
    cast: Cast, client: Client, path: str, settings: Any
) -> None:
    settings.LINK_KEYS = ["a-new-key", *settings.LINK_KEYS]
    signed_new = f"/d/{token_for(cast.mara_in_glow)}"

    assert signed_new != path
    assert client.get(path).status_code == 200
    assert client.get(signed_new).status_code == 200

    settings.LINK_KEYS = ["a-new-key"]

    assert client.get(path).status_code == 404
    assert client.get(signed_new).status_code == 200


def test_a_token_for_another_version_does_not_open(cast: Cast, client: Client) -> None:
    ahead = make_token(cast.mara_in_glow.public_id, 2)

    assert client.get(f"/d/{ahead}").status_code == 404


@pytest.mark.parametrize("page", [*PAGES, "/no-such-page", "x"])
def test_every_answer_keeps_the_link_to_itself(
    client: Client, path: str, sell: Sell, page: str
) -> None:
    sell()

    answer = client.get(path + page)

    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["X-Frame-Options"] == "DENY"
    policy = answer["Content-Security-Policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "http" not in answer["Content-Security-Policy"]
    assert answer.cookies == {}


@pytest.mark.parametrize("page", PAGES)
def test_a_get_reads_and_nothing_else(client: Client, path: str, sell: Sell, page: str) -> None:
    sell()
    before = snapshot()

    with CaptureQueriesContext(connection) as asked:
        body(client.get(path + page))

    assert {query["sql"].lstrip("(").split()[0] for query in asked} <= {"SELECT", "DECLARE"}
    assert snapshot() == before


def test_a_visitor_who_is_logged_in_is_not_looked_at(cast: Cast, client: Client, path: str) -> None:
    client.force_login(cast.ines)
    session = client.session
    session["_messages"] = "kept for another page"
    session.save()

    with CaptureQueriesContext(connection) as asked:
        answer = client.get(path)

    assert [query for query in asked if "django_session" in query["sql"]] == []
    assert not answer.wsgi_request.session.accessed
    assert client.session["_messages"] == "kept for another page"
    assert b"Ines" not in answer.content


@pytest.mark.parametrize("page", ["", "/why", "/qr", "/conversions.csv"])
def test_pages_that_only_show_refuse_a_post(
    client: Client, path: str, sell: Sell, page: str
) -> None:
    sell()
    before = snapshot()

    answer = client.post(path + page)

    assert answer.status_code == 405
    assert answer["Referrer-Policy"] == "no-referrer"
    assert snapshot() == before


def test_head_answers_like_get_without_a_body(client: Client, path: str) -> None:
    answer = client.head(path)

    assert (answer.status_code, answer.content) == (200, b"")


def test_many_misses_are_slowed_and_a_link_that_works_is_not(client: Client, path: str) -> None:
    guesses = [client.get(f"/d/guess{number}") for number in range(misses.MAX_MISSES + 1)]

    assert [answer.status_code for answer in guesses] == [404] * misses.MAX_MISSES + [429]
    assert guesses[-1].content == guesses[0].content
    assert guesses[-1]["Retry-After"] == "60"
    assert client.get("/d/other", REMOTE_ADDR="203.0.113.9").status_code == 404
    assert client.get(path).status_code == 200


def test_nothing_depends_on_the_cache(client: Client, path: str, settings: Any) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }

    assert client.get("/d/nothing").status_code == 404
    assert client.get(path).status_code == 200


def test_a_token_reaches_no_log(
    client: Client, path: str, caplog: pytest.LogCaptureFixture, cast: Cast
) -> None:
    renew(cast)

    client.get(path)

    assert path in caplog.text  # somebody logs it, so it is for the handler to cut it out
    assert "/d/[redacted]" in redact(caplog.text)
    assert path not in redact(caplog.text)


def test_a_page_carries_its_own_style_and_its_policy_takes_no_other(
    client: Client, path: str
) -> None:
    answer = client.get(path)

    [style] = re.findall(r"<style>(.*?)</style>", answer.content.decode(), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer["Content-Security-Policy"].split("; ")
    assert f"style-src 'self' 'sha256-{digest}'" in policy
    assert "script-src 'self'" in policy


def test_a_page_is_packed_and_the_neutral_one_is_the_same_bytes_for_all(
    client: Client, path: str
) -> None:
    packed = {"accept-encoding": "gzip"}
    page, neutral = client.get(path, headers=packed), client.get("/d/nothing", headers=packed)

    assert page["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in page["Vary"]
    assert b"MARA15" in gzip.decompress(page.content)
    assert len(page.content) < 20_000
    assert neutral.content == client.get("/d/nothing").content
    assert client.get(f"{path}/payments/{UNKNOWN}", headers=packed).content == neutral.content
