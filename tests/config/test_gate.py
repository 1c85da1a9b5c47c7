"""A limited number of requests runs, a limited number waits, and all others are refused at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from io import BytesIO
from typing import Any, TypeVar

import pytest

from config import request_log
from config.gate import Pace, Places
from config.unavailable import refuse
from tests import event_loop

T = TypeVar("T")
SOON = 60.0  # seconds, on a busy machine


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a test's coroutine, for at most SOON seconds."""

    async def bounded() -> T:
        async with asyncio.timeout(SOON):
            return await work

    return event_loop.run(bounded())


async def one_waits(places: Places) -> asyncio.Task[str]:
    """A task that waits in the queue."""
    before = len(places.waiting)
    task = asyncio.create_task(places.take())
    while len(places.waiting) == before:
        await asyncio.sleep(0)
    return task


def test_a_request_beyond_the_queue_is_refused_and_one_that_waited_gets_the_place() -> None:
    async def compete() -> tuple[str, str, str, str, int]:
        places = Places(1, queue=1, seconds=SOON)
        first = await places.take()
        second = await one_waits(places)
        third = await places.take()
        places.leave()
        outcome = first, await second, third
        places.leave()
        return *outcome, await places.take(), places.taken

    assert run(compete()) == ("", "", "queue full", "", 1)


def test_those_who_wait_are_served_in_the_order_they_came() -> None:
    async def compete() -> list[int]:
        places, served = Places(1, queue=5, seconds=SOON), list[int]()
        await places.take()

        async def ask(number: int) -> None:
            assert await places.take() == ""
            served.append(number)
            places.leave()

        waiting = [asyncio.create_task(ask(number)) for number in range(5)]
        await asyncio.sleep(0)
        places.leave()
        await asyncio.gather(*waiting)
        return served

    assert run(compete()) == [0, 1, 2, 3, 4]


def test_nobody_waits_longer_than_stated() -> None:
    async def compete() -> tuple[str, int, str]:
        places = Places(1, queue=1, seconds=0.05)
        await places.take()
        refused = await places.take()
        waiting = len(places.waiting)
        places.leave()
        return refused, waiting, await places.take()

    assert run(compete()) == ("waited too long", 0, "")


@pytest.mark.parametrize("has_the_place_by_then", [False, True])
def test_a_request_that_is_cancelled_while_it_waits_takes_no_place(
    has_the_place_by_then: bool,
) -> None:
    async def cancel() -> tuple[int, int]:
        places = Places(1, queue=1, seconds=SOON)
        await places.take()
        waiting = await one_waits(places)
        if has_the_place_by_then:
            places.leave()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        if not has_the_place_by_then:
            places.leave()
        return places.taken, len(places.waiting)

    assert run(cancel()) == (0, 0)


def test_a_flood_of_refusals_is_spread_over_time_and_none_waits_long() -> None:
    async def refuse_all(pace: Pace, number: int) -> list[float]:
        begun = time.monotonic()

        async def one() -> float:
            await pace.wait()
            return time.monotonic() - begun

        return sorted(await asyncio.gather(*(one() for _ in range(number))))

    spread = run(refuse_all(Pace(100, seconds=SOON), 20))
    capped = run(refuse_all(Pace(1, seconds=0.05), 20))

    assert all(after >= number / 100 for number, after in enumerate(spread))
    assert 0.05 <= capped[-1] < 10


def ask(path: str, **environ: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of a refusal."""
    said: list[Any] = []
    given = {"PATH_INFO": path, "REQUEST_METHOD": "GET", "wsgi.input": BytesIO(), **environ}
    body = b"".join(refuse(given, lambda *words: said.append(words)))
    assert said[-1][0].startswith("503")
    return dict(said[-1][1]), body


def test_programs_are_refused_in_json_and_readers_in_their_language() -> None:
    api = ask("/api/v1/orders", REQUEST_METHOD="POST")
    page = ask("/portal/", HTTP_ACCEPT_LANGUAGE="de-AT")
    form = ask("/portal/", REQUEST_METHOD="POST")

    assert api[0]["Content-Type"] == "application/problem+json"
    assert b"Nothing of this request was recorded. It is safe to send it again." in api[1]
    assert "Bitte versuche es gleich noch einmal" in page[1].decode()
    assert b"What you sent was not saved" in form[1]
    assert {answer[0]["Cache-Control"] for answer in (api, page, form)} == {"no-store"}
    assert {answer[0]["Retry-After"] for answer in (api, page, form)} == {"2"}


def test_a_flood_of_refusals_does_not_flood_the_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_log, "refusals", request_log.Refusals())
    seconds = 7.1
    monkeypatch.setattr("config.request_log.time.monotonic", lambda: seconds)
    caplog.set_level("INFO", logger="access")

    for _ in range(request_log.MAX_REFUSALS_LOGGED + 5):
        ask("/portal/")
    assert len(caplog.records) == request_log.MAX_REFUSALS_LOGGED

    seconds = 8.0
    ask("/portal/")
    assert len(caplog.records) == request_log.MAX_REFUSALS_LOGGED + 1
