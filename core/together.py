"""Answer several requests in one thread, and do at once what each of them asks for.

Recording an order alone costs several times its share of a batch, and threads that run Python side
by side slow each other down. So the requests of one shop that arrive while another of it is being
answered are run in one thread, each in a separate greenlet. A request that calls `do_together`
pauses there, and the next one runs until it pauses too, or ends. Then the first of those that ask
for the same does it for all of them, and each goes on with its own result.

Everywhere else, and inside a transaction, `do_together` does what it is given at once: the calls of
a thread share its connection, and what others do meanwhile must not become part of a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar, cast

from django.db import connection
from greenlet import getcurrent, greenlet

F = TypeVar("F")
R = TypeVar("R")
MAX_SIZE = 2_000  # of what is done at once, unless one item alone is larger


class _Run(greenlet):
    """A call in a separate greenlet, with separate context variables."""


class _Asked(Generic[F, R]):
    """What a paused call asks for, and its result once it is there."""

    def __init__(self, key: Hashable, item: F, size: int) -> None:
        self.key, self.item, self.size = key, item, size
        self.result: R | None = None


def do_together(
    key: Hashable, item: F, *, do: Callable[[Sequence[F]], Sequence[R]], size: int = 1
) -> R:
    """Return the result of `do` for this item, done at once with those of other calls.

    `do` takes the items of all calls that pause with the same `key`, and returns a result for each.
    If it raises for several, each call does its own item alone. `size` counts towards MAX_SIZE.
    """
    current = getcurrent()
    if not isinstance(current, _Run) or current.parent is None or connection.in_atomic_block:
        return do([item])[0]
    mine: _Asked[F, R] = _Asked(key, item, size)
    group: Sequence[_Asked[F, R]] | None = current.parent.switch(mine)
    if group is not None and len(group) > 1:
        _do_for(group, do)
    return mine.result if mine.result is not None else do([item])[0]


def _do_for(group: Sequence[_Asked[F, R]], do: Callable[[Sequence[F]], Sequence[R]]) -> None:
    try:
        results = do([one.item for one in group])
    except Exception:
        return
    for one, result in zip(group, results, strict=True):
        one.result = result


def run_together(calls: Iterable[Callable[[], None]]) -> None:
    """Run the calls in this thread until all have ended. They must not raise."""
    paused: list[tuple[_Run, _Asked[Any, Any]]] = []
    for call in calls:
        _go_on(_Run(call), None, paused)
    while paused:
        groups, paused = list(_groups_of(paused)), []
        for group in groups:
            asked = [one for _, one in group]
            for place, (run, _) in enumerate(group):
                _go_on(run, asked if place == 0 else None, paused)


def _go_on(run: _Run, given: Any, paused: list[tuple[_Run, _Asked[Any, Any]]]) -> None:
    """Let a call run until it pauses or ends."""
    asks = run.switch(given) if run else run.switch()
    if not run.dead:
        paused.append((run, cast("_Asked[Any, Any]", asks)))


def _groups_of(
    paused: Sequence[tuple[_Run, _Asked[Any, Any]]],
) -> Iterator[list[tuple[_Run, _Asked[Any, Any]]]]:
    """Those that ask for the same, in parts of a limited size, in the sequence they came."""
    of_key: dict[Hashable, list[tuple[_Run, _Asked[Any, Any]]]] = {}
    for run, asked in paused:
        of_key.setdefault(asked.key, []).append((run, asked))
    for same in of_key.values():
        group: list[tuple[_Run, _Asked[Any, Any]]] = []
        size = 0
        for run, asked in same:
            size += asked.size
            if group and size > MAX_SIZE:
                yield group
                group, size = [], asked.size
            group.append((run, asked))
        yield group
