"""Record together what arrives together: one transaction for many requests with one order each.

Writing an order alone costs several times its share of a batch. So the first request of a shop
records at once; those that come meanwhile wait for it, and the first of them then records all that
wait. Nobody waits for a time that might bring more. Each request is answered after the commit of
its own order. If a group fails, each of its requests records its own order alone.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, Protocol, TypeVar

from django.db import connection

F = TypeVar("F")
R = TypeVar("R")
MAX_ITEMS = 100  # of a group
MAX_LINES = 2_000  # of a group; one item may have more
WAIT_SECONDS = 10.0  # then a request records its own; recording twice is harmless


class Place(Protocol):
    """A request's place among those that may run at the same time; see config.gate."""

    def give_up(self) -> None: ...
    def pass_to(self, other: Place) -> None: ...


class _Request(Generic[F, R]):
    """One item, and the group that its request records once it is the first that waits."""

    def __init__(self, item: F, lines: int, place: Place | None) -> None:
        self.item, self.lines, self.place = item, lines, place
        self.group: list[_Request[F, R]] = []
        self.result: R | None = None
        self.is_called = threading.Event()


class Together(Generic[F, R]):
    """Groups the items of requests with the same key: same brand, source, API key and method."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, deque[_Request[F, R]]] = {}  # a key while one records

    def record(
        self,
        key: Hashable,
        item: F,
        *,
        lines: int,
        record: Callable[[Sequence[F]], Sequence[R]],
        place: Place | None,
    ) -> R:
        """Return the result of this item. `record` records the items of any requests of the key."""
        mine: _Request[F, R] = _Request(item, lines, place)
        with self._lock:
            waiting = self._waiting.get(key)
            if waiting is None:
                self._waiting[key] = deque()
                mine.group = [mine]
            else:
                if place is not None:
                    place.give_up()
                waiting.append(mine)
        if not mine.group and not self._wait(key, mine):
            return mine.result if mine.result is not None else record([item])[0]
        try:
            self._record(mine.group, record)
        finally:
            self._call_next(key, place)
        return mine.result if mine.result is not None else record([item])[0]

    def _wait(self, key: Hashable, mine: _Request[F, R]) -> bool:
        """Return whether this request now records for a group."""
        if not connection.in_atomic_block:
            connection.close()  # others need it more
        if not mine.is_called.wait(WAIT_SECONDS):
            with self._lock:
                if mine in self._waiting.get(key, ()):
                    self._waiting[key].remove(mine)
        return bool(mine.group)

    def _record(
        self, group: list[_Request[F, R]], record: Callable[[Sequence[F]], Sequence[R]]
    ) -> None:
        try:
            results = record([one.item for one in group])
            for one, result in zip(group, results, strict=True):
                one.result = result
        except Exception:
            if len(group) == 1:
                raise
        finally:
            for one in group[1:]:
                one.is_called.set()

    def _call_next(self, key: Hashable, place: Place | None) -> None:
        with self._lock:
            group = _taken_from(self._waiting[key])
            if not group:
                del self._waiting[key]
                return
            first = group[0]
            first.group = group
            if place is not None and first.place is not None:
                place.pass_to(first.place)
            first.is_called.set()


def _taken_from(waiting: deque[_Request[F, R]]) -> list[_Request[F, R]]:
    group: list[_Request[F, R]] = []
    lines = 0
    while waiting and len(group) < MAX_ITEMS:
        lines += waiting[0].lines
        if group and lines > MAX_LINES:
            break
        group.append(waiting.popleft())
    return group
