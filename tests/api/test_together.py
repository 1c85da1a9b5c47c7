"""Orders that arrive at the same moment are recorded together, and each gets its own answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from api import together
from api.together import Together
from tests.own_processes import MAX_WAIT_SECONDS


class Recorder:
    """Records by writing down each group. The first call waits until it may go on."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.has_begun, self.may_go_on = threading.Event(), threading.Event()
        self.fails_with: list[str] = []

    def __call__(self, items: Sequence[str]) -> list[str]:
        self.groups.append(list(items))
        if not self.has_begun.is_set():
            self.has_begun.set()
            assert self.may_go_on.wait(MAX_WAIT_SECONDS)
        if set(items) & set(self.fails_with):
            raise ValueError(items)
        return [f"recorded {item}" for item in items]


class Place:
    def __init__(self) -> None:
        self.is_taken = True

    def give_up(self) -> None:
        self.is_taken = False

    def pass_to(self, other: together.Place) -> None:
        assert isinstance(other, Place)
        assert (self.is_taken, other.is_taken) == (True, False)
        self.is_taken, other.is_taken = False, True


class Shop:
    """Sends items, each in a separate request, while the first one is being recorded."""

    def __init__(self) -> None:
        self.together = Together[str, str]()
        self.recorder = Recorder()
        self.places: dict[str, Place] = {}
        self.pool = ThreadPoolExecutor(20)

    def send(self, item: str, *, key: str = "juniper", lines: int = 1) -> Future[str]:
        place = self.places[item] = Place()
        return self.pool.submit(
            self.together.record, key, item, lines=lines, record=self.recorder, place=place
        )

    def send_first(self, item: str = "first") -> Future[str]:
        sent = self.send(item)
        assert self.recorder.has_begun.wait(MAX_WAIT_SECONDS)
        return sent

    def send_next(self, item: str, **more: Any) -> Future[str]:
        """Send an item and wait until it waits."""
        before = self.waiting()
        sent = self.send(item, **more)
        until(lambda: self.waiting() == before + 1)
        return sent

    def waiting(self) -> int:
        return sum(map(len, self.together._waiting.values()))


def until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(MAX_WAIT_SECONDS / 0.01)):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come to that")


@pytest.fixture
def shop() -> Shop:
    return Shop()


def results(sent: Sequence[Future[str]]) -> list[str]:
    return [future.result(MAX_WAIT_SECONDS) for future in sent]


def test_one_alone_is_recorded_at_once_and_leaves_nothing(shop: Shop) -> None:
    shop.recorder.may_go_on.set()
    assert results([shop.send("a")]) == ["recorded a"]
    assert results([shop.send("b")]) == ["recorded b"]
    assert shop.recorder.groups == [["a"], ["b"]]
    assert shop.together._waiting == {}


def test_what_comes_meanwhile_is_recorded_in_one_group(shop: Shop) -> None:
    sent = [shop.send_first(), *(shop.send_next(item) for item in "abc")]
    assert not any(future.done() for future in sent)
    shop.recorder.may_go_on.set()
    assert results(sent) == ["recorded first", "recorded a", "recorded b", "recorded c"]
    assert shop.recorder.groups == [["first"], ["a", "b", "c"]]
    assert shop.together._waiting == {}


def test_other_keys_do_not_wait(shop: Shop) -> None:
    first = shop.send_first()
    assert results([shop.send("a", key="willow")]) == ["recorded a"]
    shop.recorder.may_go_on.set()
    assert results([first]) == ["recorded first"]


def test_a_group_that_fails_is_recorded_one_by_one(shop: Shop) -> None:
    shop.recorder.fails_with = ["b"]
    sent = [shop.send_first(), *(shop.send_next(item) for item in "abc")]
    shop.recorder.may_go_on.set()
    assert results([sent[0], sent[1], sent[3]]) == ["recorded first", "recorded a", "recorded c"]
    with pytest.raises(ValueError, match="b"):
        sent[2].result(MAX_WAIT_SECONDS)
    assert sorted(map(tuple, shop.recorder.groups[1:])) == [
        ("a",), ("a", "b", "c"), ("b",), ("c",),
    ]  # fmt: skip
    assert shop.together._waiting == {}


def test_one_that_fails_alone_lets_the_next_record(shop: Shop) -> None:
    shop.recorder.fails_with = ["first"]
    sent = [shop.send_first(), shop.send_next("a")]
    shop.recorder.may_go_on.set()
    with pytest.raises(ValueError, match="first"):
        sent[0].result(MAX_WAIT_SECONDS)
    assert results(sent[1:]) == ["recorded a"]


def test_a_group_holds_a_limited_number_of_lines(shop: Shop) -> None:
    sent = [
        shop.send_first(),
        shop.send_next("a", lines=together.MAX_LINES - 1),
        shop.send_next("b", lines=1),
        shop.send_next("c", lines=together.MAX_LINES + 1),
        shop.send_next("d"),
    ]
    shop.recorder.may_go_on.set()
    results(sent)
    assert shop.recorder.groups == [["first"], ["a", "b"], ["c"], ["d"]]


def test_a_group_holds_a_limited_number_of_items(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "MAX_ITEMS", 2)
    sent = [shop.send_first(), *(shop.send_next(item) for item in "abc")]
    shop.recorder.may_go_on.set()
    results(sent)
    assert shop.recorder.groups == [["first"], ["a", "b"], ["c"]]


def test_who_waits_too_long_records_alone(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "WAIT_SECONDS", 0.05)
    first = shop.send_first()
    assert results([shop.send("a")]) == ["recorded a"]
    shop.recorder.may_go_on.set()
    assert results([first]) == ["recorded first"]
    assert shop.recorder.groups == [["first"], ["a"]]


def test_who_waits_has_no_place_and_who_records_has_one(shop: Shop) -> None:
    sent = [shop.send_first(), shop.send_next("a"), shop.send_next("b")]
    assert {item: place.is_taken for item, place in shop.places.items()} == {
        "first": True, "a": False, "b": False,
    }  # fmt: skip
    shop.recorder.may_go_on.set()
    results(sent)
    assert {item: place.is_taken for item, place in shop.places.items()} == {
        "first": False, "a": True, "b": False,
    }  # fmt: skip
