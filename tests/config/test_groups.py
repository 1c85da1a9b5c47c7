"""Requests of one sender that arrive while one of them is answered are answered together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from config import groups
from config.groups import Groups
from tests.event_loop import run

SOON = 60.0  # seconds, on a busy machine


class Answering:
    """Answers each group when it is told to, and writes it down. Fails for the item "bad"."""

    def __init__(self, *, waiting: int = 10, seconds: float = SOON) -> None:
        self.groups = Groups[str](self.answer, waiting=waiting, seconds=seconds)
        self.answered: list[list[str]] = []
        self.may_go_on = asyncio.Event()

    async def answer(self, items: Sequence[str]) -> None:
        self.answered.append(list(items))
        await self.may_go_on.wait()
        if "bad" in items:
            raise ValueError(items)

    async def join(self, *items: str, key: str = "juniper") -> list[asyncio.Task[str]]:
        """Have the items join one after another, each as far as it gets alone."""
        joined = []
        for item in items:
            joined.append(asyncio.create_task(self.groups.join(key, item)))
            for _ in range(3):
                await asyncio.sleep(0)
        return joined

    async def end(self) -> None:
        """Wait until no request is expected any more."""
        async with asyncio.timeout(SOON):
            while self.groups._senders:
                await asyncio.sleep(0.001)


def test_those_that_come_meanwhile_are_answered_together() -> None:
    async def ask() -> tuple[list[str], list[list[str]]]:
        answering = Answering()
        joined = await answering.join(*"abcd")
        assert answering.answered == [["a"]]
        answering.may_go_on.set()
        said = await asyncio.gather(*joined)
        await answering.end()
        return said, answering.answered

    assert run(ask()) == ([""] * 4, [["a"], ["b", "c", "d"]])


def test_those_that_ask_again_at_once_get_into_the_next_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(groups, "QUIET_SECONDS", SOON)
    monkeypatch.setattr(groups, "MAX_GATHERING_SECONDS", SOON)
    monkeypatch.setattr(groups, "GATHERING_PART", SOON * 1_000_000)

    async def ask() -> list[list[str]]:
        answering = Answering()
        joined = await answering.join(*"abc")
        answering.may_go_on.set()
        await joined[0]
        begun = list(answering.answered)
        joined += await answering.join("a again")
        await asyncio.gather(*joined)
        monkeypatch.setattr(groups, "MAX_GATHERING_SECONDS", 0)
        joined += await answering.join("b again", "c again", "d")
        await asyncio.gather(*joined)
        await answering.end()
        return [*begun, *answering.answered[1:]]

    assert run(ask()) == [["a"], ["b", "c", "a again"], ["b again", "c again", "d"]]


def test_one_that_sends_one_after_another_is_answered_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(groups, "QUIET_SECONDS", SOON)
    monkeypatch.setattr(groups, "MAX_GATHERING_SECONDS", SOON)
    monkeypatch.setattr(groups, "GATHERING_PART", SOON * 1_000_000)

    async def ask() -> list[list[str]]:
        answering = Answering()
        answering.may_go_on.set()
        for name in "abc":
            [joined] = await answering.join(name)
            await joined
            assert answering.groups._senders == {}
        return answering.answered

    assert run(ask()) == [["a"], ["b"], ["c"]]


def test_those_that_wait_are_answered_when_no_more_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of three ask again, each before the other was given up; the third one does not."""
    monkeypatch.setattr(groups, "QUIET_SECONDS", 0.2)
    monkeypatch.setattr(groups, "MAX_GATHERING_SECONDS", SOON)
    monkeypatch.setattr(groups, "GATHERING_PART", SOON * 1_000_000)

    async def ask() -> list[list[str]]:
        answering = Answering()
        joined = await answering.join(*"abc")
        answering.may_go_on.set()
        await joined[0]
        joined += await answering.join("a again")
        await asyncio.gather(*joined)
        for again in ("b again", "c again"):
            await asyncio.sleep(0.12)
            joined += await answering.join(again)
        await asyncio.gather(*joined)
        await answering.end()
        return answering.answered

    assert run(ask()) == [["a"], ["b", "c", "a again"], ["b again", "c again"]]


def test_other_senders_do_not_wait() -> None:
    async def ask() -> list[list[str]]:
        answering = Answering()
        joined = [*await answering.join("a"), *await answering.join("b", key="willow")]
        begun = list(answering.answered)
        answering.may_go_on.set()
        await asyncio.gather(*joined)
        await answering.end()
        return begun

    assert run(ask()) == [["a"], ["b"]]


def test_a_group_has_a_limited_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "MAX_GROUP", 2)

    async def ask() -> list[list[str]]:
        answering = Answering()
        joined = await answering.join(*"abcd")
        answering.may_go_on.set()
        await asyncio.gather(*joined)
        await answering.end()
        return answering.answered

    assert run(ask()) == [["a"], ["b", "c"], ["d"]]


def test_a_limited_number_waits_for_a_limited_time() -> None:
    async def ask() -> list[str]:
        answering = Answering(waiting=1, seconds=0.01)
        first, *others = await answering.join(*"abc")
        said = await asyncio.gather(*others)
        answering.may_go_on.set()
        await first
        await answering.end()
        return said

    assert run(ask()) == ["waited too long", "queue full"]


def test_the_next_are_answered_after_one_that_failed_or_left() -> None:
    async def ask() -> list[str]:
        answering = Answering()
        joined = await answering.join("a", "bad", "left", "b")
        joined[2].cancel()
        answering.may_go_on.set()
        said = await asyncio.gather(*joined, return_exceptions=True)
        await answering.end()
        assert answering.answered == [["a"], ["bad", "b"]]
        return [str(type(one).__name__) for one in said]

    assert run(ask()) == ["str", "ValueError", "CancelledError", "ValueError"]


def test_a_client_that_leaves_while_it_is_answered_lets_the_next_be_answered() -> None:
    async def ask() -> list[list[str]]:
        answering = Answering()
        joined = await answering.join("a", "b")
        joined[0].cancel()
        answering.may_go_on.set()
        await asyncio.gather(*joined, return_exceptions=True)
        await answering.end()
        return answering.answered

    assert run(ask()) == [["a"], ["b"]]
