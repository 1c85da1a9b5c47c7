"""Calls that run in one thread do at once what they ask for, and each gets its own result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar

import pytest
from django.db import transaction

from core import together
from core.together import do_together, run_together

NAME = ContextVar("name", default="nobody")


class Recorder:
    """Writes each group down. Fails for groups that hold one of `fails_with`."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.fails_with: set[str] = set()
        self.results: dict[str, str] = {}

    def record(self, items: Sequence[str]) -> list[str]:
        self.groups.append(list(items))
        if self.fails_with & set(items):
            raise ValueError(items)
        return [f"recorded {item}" for item in items]

    def call(self, item: str, *, key: str = "juniper", size: int = 1) -> Callable[[], None]:
        def run() -> None:
            try:
                result = do_together(key, item, do=self.record, size=size)
            except ValueError as error:
                result = f"failed {error}"
            self.results[item] = result

        return run


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def test_outside_of_a_group_it_is_done_at_once(recorder: Recorder) -> None:
    assert do_together("juniper", "a", do=recorder.record) == "recorded a"


def test_what_asks_for_the_same_is_done_at_once_and_each_gets_its_own(recorder: Recorder) -> None:
    run_together([*map(recorder.call, "abc"), recorder.call("d", key="willow")])
    assert recorder.groups == [["a", "b", "c"], ["d"]]
    assert recorder.results == {item: f"recorded {item}" for item in "abcd"}


def test_one_call_alone_is_done_once(recorder: Recorder) -> None:
    run_together([recorder.call("a")])
    assert recorder.groups == [["a"]]


def test_a_group_that_fails_is_done_one_by_one(recorder: Recorder) -> None:
    recorder.fails_with = {"b"}
    run_together(map(recorder.call, "abc"))
    assert recorder.groups == [["a", "b", "c"], ["a"], ["b"], ["c"]]
    assert recorder.results == {"a": "recorded a", "b": "failed ['b']", "c": "recorded c"}


def test_one_that_fails_alone_is_done_once(recorder: Recorder) -> None:
    recorder.fails_with = {"a"}
    run_together([recorder.call("a")])
    assert (recorder.groups, recorder.results) == ([["a"]], {"a": "failed ['a']"})


def test_a_group_has_a_limited_size(recorder: Recorder) -> None:
    sizes = {"a": 1, "b": together.MAX_SIZE - 1, "c": 1, "d": together.MAX_SIZE + 1, "e": 1}
    run_together([recorder.call(item, size=size) for item, size in sizes.items()])
    assert recorder.groups == [["a", "b"], ["c"], ["d"], ["e"]]


def test_a_call_may_ask_several_times(recorder: Recorder) -> None:
    """Those that come from different ways meet where they ask for the same."""

    def twice() -> None:
        do_together("first", "x", do=recorder.record)
        recorder.call("y")()

    run_together([twice, recorder.call("a"), lambda: None, twice])
    assert recorder.groups == [["x", "x"], ["a"], ["y", "y"]]


def test_every_call_has_context_variables_of_its_own() -> None:
    seen = []

    def call(name: str) -> Callable[[], None]:
        def run() -> None:
            token = NAME.set(name)
            do_together("key", name, do=lambda items: [f"{NAME.get()} did {items}" for _ in items])
            seen.append(NAME.get())
            NAME.reset(token)

        return run

    run_together([call("Mara"), call("Diego")])
    assert (seen, NAME.get()) == (["Mara", "Diego"], "nobody")


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_it_is_done_at_once(recorder: Recorder) -> None:
    """What another call does meanwhile must not become part of the transaction."""

    def in_transaction() -> None:
        with transaction.atomic():
            recorder.call("a")()

    run_together([in_transaction, recorder.call("b"), recorder.call("c")])
    assert recorder.groups == [["a"], ["b", "c"]]
