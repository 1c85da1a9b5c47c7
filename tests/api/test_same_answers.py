"""A request that is answered together with others gets the answer that Django gives it alone.

Status, headers, body, log lines, metrics and what the shop's developers see: all are compared for
good and for bad requests.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings
from prometheus_client import REGISTRY

from accounts.models import Scope
from api import metrics, rate_limit
from api.request_log import REQUESTS
from config import shop_requests, wsgi
from config.forwarding import parse_networks
from core.rate_limits import RateLimits
from tests.api.posts import Post, send
from tests.api.shop import ORDERS, REFUNDS, key_for
from tests.cast import Cast, raw_order, raw_refund

Requests = Callable[[str, str], list[Post]]
ONLY_ONE = "{one}"
SECONDS = re.compile(r"\b(?:1000|[1-9]?99[0-9])\b")  # until a bucket is full, or a token is there

pytestmark = pytest.mark.django_db(transaction=True)


def post(body: Callable[[str], Any], **more: Any) -> Requests:
    """A request whose body has ids that begin with a name."""
    return lambda name, secret: [Post(body(name), secret, **more)]


def order(name: str, **changes: Any) -> dict[str, Any]:
    return raw_order(f"{name}-1", **changes)


def repeated(name: str, secret: str) -> list[Post]:
    return [Post(order(name), secret), Post(order(name), secret)]


def contradicted(name: str, secret: str) -> list[Post]:
    return [Post(order(name), secret), Post(order(name, amount="7.00"), secret)]


def refunded(name: str, secret: str) -> list[Post]:
    return [
        Post(order(name), secret),
        Post(raw_refund(f"{name}-r", order_id=f"{name}-1"), secret, path=REFUNDS),
    ]


def same_key(name: str, secret: str) -> list[Post]:
    return [Post(order(name), secret, idempotency_key=f"key-{name}") for _ in range(2)]


def same_key_for_others(name: str, secret: str) -> list[Post]:
    return [
        Post(order(name), secret, idempotency_key=f"key-{name}"),
        Post(order(name, amount="8.00"), secret, idempotency_key=f"key-{name}"),
    ]


def two(name: str) -> dict[str, Any]:
    return {"orders": [raw_order(f"{name}-1"), raw_order(f"{name}-2")]}


def half_bad(name: str) -> dict[str, Any]:
    return {"orders": [raw_order(f"{name}-1"), raw_order(f"{name}-2") | {"currency": "?"}, 3]}


TOGETHER: dict[str, Requests] = {
    "good": post(order),
    "unattributed": post(lambda name: order(name, promo_code="NOBODY")),
    "repeated": repeated,
    "contradicted": contradicted,
    "stated": post(order, method="PUT"),
    "stated at its address": lambda name, secret: [
        Post(order(name), secret, method="PUT", path=f"{ORDERS}/api/{name}-1")
    ],
    "refunded": refunded,
    "refund first": post(lambda name: raw_refund(f"{name}-r", order_id=name), path=REFUNDS),
    "batch": post(two),
    "half bad": post(half_bad),
    "charset": post(order, content_type="application/JSON; charset=utf-8"),
    "body in parts": lambda name, secret: [Post(order(name), secret, parts=3)],
    "same key": same_key,
    "same key for others": same_key_for_others,
    "bad key": post(order, idempotency_key="\x07"),
}
ALONE: dict[str, Requests] = {
    "with a query": post(order, path=f"{ORDERS}?dry=1"),
    "in the future": post(lambda name: order(name, ordered_at="2999-01-01T00:00:00Z")),
    "not JSON": post(lambda name: b"["),
    "empty": post(lambda name: b""),
    "no object": post(lambda name: [order(name)]),
    "wrong field": post(lambda name: order(name) | {"currency": "?"}),
    "all wrong": post(lambda name: {"orders": [{}]}),
    "other type": post(order, content_type="text/plain"),
    "unknown key": lambda name, secret: [Post(order(name), "trb_live_nobody_nothing")],
    "unknown address": post(order, path=f"{ORDERS}/"),
    "no such method": post(order, path=f"{ORDERS}/api/1"),
    "other host": post(order, host="evil.example"),
    "key and query": lambda name, secret: [
        Post(order(name), secret, path=f"{ORDERS}?dry=1", idempotency_key=f"key-{name}")
    ],
    "not the addressed": post(order, method="PUT", path=f"{ORDERS}/api/other"),
}


class Line(logging.Handler):
    """Keeps what is logged of requests, without the ids and times."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def emit(self, record: logging.LogRecord) -> None:
        named = ("method", "path", "status", "client", "status_code")
        found = {name: getattr(record, name) for name in named if hasattr(record, name)}
        self.seen.append((record.name, record.levelname, record.getMessage(), found))


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    kept = Line()
    loggers = [logging.getLogger(name) for name in ("access", "django.request", "django.security")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(kept)
        logger.setLevel(logging.INFO)
    yield kept.seen
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(kept)
        logger.setLevel(level)


@pytest.fixture(autouse=True)
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A bucket that is narrow and does not fill, and no headers of other settings."""
    give_bucket(monkeypatch)
    shop_requests._common_headers.cache_clear()
    yield
    shop_requests._common_headers.cache_clear()


def give_bucket(monkeypatch: pytest.MonkeyPatch, size: int = 10) -> None:
    made = RateLimits(f"test-{uuid4()}", rate=0.001, size=size, block=1)
    monkeypatch.setattr(rate_limit, "LIMITS", made)


def counted() -> dict[tuple[str, ...], float]:
    """How many requests the metric has counted, by method, route and status."""
    name = "tributary_request_seconds_count"
    return {
        tuple(sorted(sample.labels.values())): sample.value
        for metric in REGISTRY.restricted_registry([name]).collect()
        for sample in metric.samples
    }


def seen_of(
    posts: Sequence[Post], name: str, lines: list[Any], *, at_once: Callable[..., Any]
) -> dict[str, Any]:
    """Everything that can be seen of the requests, which are sent one after another."""
    lines.clear()
    REQUESTS.forget()
    metrics.REQUESTS.clear()
    for one in posts:
        send([one], at_once=at_once)
    notes = [note for listed in REQUESTS._notes.values() for note in listed]
    return {
        "answers": [(one.status, headers_of(one), plain(one.answer, name)) for one in posts],
        "lines": [plain(repr(line).encode(), name) for line in lines],
        "counted": counted(),
        "notes": [
            plain(
                repr((n.method, n.path, n.status, n.sent, n.sent_bytes, n.answered)).encode(), name
            )
            for n in notes
        ],
    }


def headers_of(one: Post) -> dict[str, str]:
    """The headers; of an id only its form, of a time only that it is there."""
    named = {**one.headers}
    if "x-request-id" in named:
        named["x-request-id"] = re.sub("[0-9a-f]", "x", named["x-request-id"])
    for name in {"ratelimit-reset", "retry-after"} & named.keys():
        named[name] = SECONDS.sub("few", named[name])
    return named


def plain(text: bytes, name: str) -> str:
    return SECONDS.sub("few", text.decode().replace(name, ONLY_ONE))


def at_once(answered: list[bool]) -> Callable[..., Any]:
    """`wsgi.answer_at_once`, which notes whether it answered each request."""

    def answer(environs: Sequence[Any]) -> Any:
        found = wsgi.answer_at_once(environs)
        answered.extend(one is not None for one in found)
        return found

    return answer


def never(environs: Sequence[Any]) -> list[None]:
    return [None] * len(environs)


@pytest.mark.parametrize("what", [*TOGETHER, *ALONE])
def test_both_ways_give_the_same(
    cast: Cast, lines: list[Any], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    requests, secret = (TOGETHER | ALONE)[what], key_for(cast.juniper)
    key_for(cast.juniper)
    alone = seen_of(requests("aaaaaaaa", secret), "aaaaaaaa", lines, at_once=never)
    give_bucket(monkeypatch)
    answered: list[bool] = []

    together = seen_of(requests("bbbbbbbb", secret), "bbbbbbbb", lines, at_once=at_once(answered))

    assert together == alone
    assert set(answered) == {what in TOGETHER}


@pytest.mark.parametrize(("body", "size"), [(order, 0), (two, 1)])
def test_a_request_too_many(
    cast: Cast, lines: list[Any], monkeypatch: pytest.MonkeyPatch, body: Any, size: int
) -> None:
    secret = key_for(cast.juniper)
    found: list[dict[str, Any]] = []
    for name, way in (("aaaaaaaa", never), ("bbbbbbbb", wsgi.answer_at_once)):
        give_bucket(monkeypatch, size=2)
        used = [Post(order(f"{name}-{number}"), secret) for number in range(2 - size)]
        more = [Post(body(name), secret, idempotency_key=f"key-{name}")]
        found.append(seen_of([*used, *more], name, lines, at_once=way))
        assert more[0].status == 429

    assert found[0] == found[1]


def test_a_key_without_the_scope(
    cast: Cast, lines: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = key_for(cast.juniper, scopes=[Scope.READ])
    found: list[dict[str, Any]] = []
    for way in (never, wsgi.answer_at_once):
        give_bucket(monkeypatch)
        found.append(seen_of([Post(order("aaaaaaaa"), secret)], "aaaaaaaa", lines, at_once=way))

    assert found[0] == found[1]
    assert found[0]["answers"][0][0] == 403


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_behind_a_proxy_that_ends_tls(
    cast: Cast, lines: list[Any], monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    secret = key_for(cast.juniper)
    found: list[dict[str, Any]] = []
    proxies = parse_networks(["127.0.0.1"])
    with override_settings(
        SECURE_SSL_REDIRECT=True, SECURE_HSTS_SECONDS=99, TRUSTED_PROXIES=proxies
    ):
        django: Any = WSGIHandler()
        application = wsgi.behind_proxies(django)
        monkeypatch.setattr(wsgi, "application", application)
        for name, way in (("aaaaaaaa", never), ("bbbbbbbb", wsgi.answer_at_once)):
            give_bucket(monkeypatch)
            one = Post(order(name), secret, x_forwarded_proto=scheme, x_forwarded_for="192.0.2.7")
            found.append(seen_of([one], name, lines, at_once=way))

    assert found[0] == found[1]
    assert one.status == (201 if scheme == "https" else 301)
    assert ("strict-transport-security" in one.headers) == (scheme == "https")
    assert repr(found).count("192.0.2.7") == 2
