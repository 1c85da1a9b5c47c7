"""The rate limit of a key: headers, 429, all processes together, and none without Valkey."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as NoConnectionError

from api import rate_limit
from core.cache import _Absence
from core.rate_limits import RateLimits
from tests.api.shop import ORDERS, Shop, key_for
from tests.cast import Cast, raw_order
from tests.snapshot import snapshot


def limits_of(rate: float = 0.001, size: int = 10, block: int = 1) -> RateLimits:
    """Buckets that practically do not fill while a test runs."""
    return RateLimits(f"test-{uuid4()}", rate=rate, size=size, block=block)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> Iterator[RateLimits]:
    """Ten requests at once, and practically none afterwards."""
    made = limits_of()
    monkeypatch.setattr(rate_limit, "LIMITS", made)
    yield made
    made.forget()


def test_each_answer_says_what_is_left(shop: Shop, narrow: RateLimits) -> None:
    first = shop.send(ORDERS, raw_order("1001"))
    refused = shop.send(ORDERS, b"{")
    missing = shop.ask(f"{ORDERS}/1002")

    assert [answer["RateLimit-Limit"] for answer in (first, refused, missing)] == ["10"] * 3
    assert [answer["RateLimit-Remaining"] for answer in (first, refused, missing)] == [
        "9", "8", "7",
    ]  # fmt: skip
    assert int(first["RateLimit-Reset"]) == pytest.approx(1_000, abs=2)


def test_a_request_too_many_is_refused_and_does_nothing(shop: Shop, narrow: RateLimits) -> None:
    for number in range(10):
        assert shop.send(ORDERS, raw_order(str(number))).status_code == 201
    before = snapshot()

    answer = shop.send(ORDERS, raw_order("11"))

    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["RateLimit-Remaining"] == "0"
    assert int(answer["Retry-After"]) == pytest.approx(1_000, abs=2)
    assert snapshot() == before


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/v1/nothing-here", 404), ("DELETE", "/api/v1/members", 405),
     ("GET", "/api/v1/members/none", 404)],
)  # fmt: skip
def test_a_request_that_reaches_no_operation_counts_once(
    shop: Shop, narrow: RateLimits, method: str, path: str, status: int
) -> None:
    answers = [shop.client.generic(method, path, headers=shop.headers) for _ in range(11)]

    assert [one.status_code for one in answers] == [status] * 10 + [429]
    assert [one["RateLimit-Remaining"] for one in answers[:2]] == ["9", "8"]
    assert answers[-1].json()["code"] == "too_many_requests"


def test_every_item_of_a_batch_counts(shop: Shop, narrow: RateLimits) -> None:
    batch = {"orders": [raw_order(str(number)) for number in range(8)]}

    taken, before = shop.send(ORDERS, batch), snapshot()
    refused = shop.send(ORDERS, batch)

    assert (taken.status_code, taken["RateLimit-Remaining"]) == (200, "2")
    assert refused.status_code == 429
    assert snapshot() == before


def test_keys_have_limits_of_their_own(cast: Cast, shop: Shop, narrow: RateLimits) -> None:
    for number in range(11):
        shop.send(ORDERS, raw_order(str(number)))

    assert Shop(key_for(cast.juniper)).send(ORDERS, raw_order("12")).status_code == 201


def test_a_wrong_key_has_no_limit_to_learn_from(shop: Shop, narrow: RateLimits) -> None:
    answer = Shop(shop.secret + "x").send(ORDERS, raw_order("1001"))

    assert (answer.status_code, answer.has_header("RateLimit-Limit")) == (401, False)


def test_a_repeat_of_an_idempotent_request_counts(shop: Shop, narrow: RateLimits) -> None:
    headers = shop.headers | {"Idempotency-Key": "k"}
    answers = [shop.send(ORDERS, raw_order("1"), headers=headers) for _ in range(11)]

    assert [answer.status_code for answer in answers] == [201] * 10 + [429]


def test_processes_share_a_limit() -> None:
    """Of two that take blocks of four, the first one gets the last two tokens."""
    one = limits_of(block=4)
    other = RateLimits(one.kind, rate=one.rate, size=one.size, block=one.block)

    drawn = [process.draw("k", 1) for _ in range(6) for process in (one, other)]

    assert [found.is_allowed for found in drawn if found].count(True) == 10
    assert [found.is_allowed for found in drawn if found] == [True] * 9 + [False, True, False]


def test_most_requests_do_not_ask_valkey(monkeypatch: pytest.MonkeyPatch) -> None:
    made = limits_of(size=1_000, block=100)
    asked = []
    run = cache.run_script  # type: ignore[attr-defined]

    def noted(*sent: object) -> object:
        asked.append(sent)
        return run(*sent)

    monkeypatch.setattr(cache, "run_script", noted)

    for _ in range(500):
        made.draw("k", 1)

    assert len(asked) == 5


def test_what_was_taken_comes_back() -> None:
    made = limits_of(rate=1_000_000, size=10)

    for _ in range(50):
        drawn = made.draw("k", 10)
        assert drawn is not None
        assert drawn.is_allowed


def test_a_large_draw_is_all_or_none() -> None:
    made = limits_of(size=10)
    made.draw("k", 6)

    denied, allowed = made.draw("k", 5), made.draw("k", 4)

    assert denied is not None
    assert allowed is not None
    assert (denied.is_allowed, denied.remaining, allowed.is_allowed) == (False, 4, True)


def test_without_valkey_nothing_is_limited(
    shop: Shop, narrow: RateLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise NoConnectionError("away")

    monkeypatch.setattr(_Absence, "until", 0.0)
    monkeypatch.setattr("redis.Redis.eval", away)

    answers = [shop.send(ORDERS, raw_order(str(number))) for number in range(12)]

    assert {answer.status_code for answer in answers} == {201}
    assert not answers[0].has_header("RateLimit-Limit")


def test_a_thousand_orders_a_second_by_batch_are_far_from_the_limit() -> None:
    """In blocks as they are: 500 orders each half a second, for a minute, is half of the rate."""
    assert (rate_limit.LIMITS.rate, rate_limit.LIMITS.size) == (2_000, 20_000)
