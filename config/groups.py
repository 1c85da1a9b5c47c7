"""Answer the requests of one sender together that arrive while another of it is being answered.

They wait in the event loop; core.together runs them in one thread. Only the event loop may use it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
MAX_GROUP = 100  # requests


class _Waiting(Generic[T]):
    """A request that waits, and a future that is done once it was answered."""

    def __init__(self, one: T) -> None:
        self.one = one
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Groups(Generic[T]):
    """`answer` answers some requests. At most `waiting` requests wait, each up to `seconds`."""

    def __init__(
        self, answer: Callable[[Sequence[T]], Awaitable[None]], *, waiting: int, seconds: float
    ) -> None:
        self._answer, self._max, self._seconds = answer, waiting, seconds
        self._waiting: dict[Hashable, deque[_Waiting[T]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()  # the event loop keeps no reference

    async def join(self, key: Hashable, one: T) -> str:
        """Have a request answered; return "" on success, otherwise the reason for the refusal."""
        waiting = self._waiting.get(key)
        if waiting is None:
            self._waiting[key] = deque()
            try:
                await self._answer([one])
            finally:
                self._answer_next(key)
            return ""
        if sum(map(len, self._waiting.values())) >= self._max:
            return "queue full"
        mine = _Waiting(one)
        waiting.append(mine)
        try:
            await asyncio.wait({mine.answered}, timeout=self._seconds)
            if mine in waiting:
                return "waited too long"
            await mine.answered
        finally:
            if mine in waiting:
                waiting.remove(mine)
        return ""

    def _answer_next(self, key: Hashable) -> None:
        """Have those answered that wait now."""
        waiting = self._waiting[key]
        if not waiting:
            del self._waiting[key]
            return
        group = [waiting.popleft() for _ in range(min(MAX_GROUP, len(waiting)))]
        task = asyncio.create_task(self._answer_group(key, group))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer_group(self, key: Hashable, group: Sequence[_Waiting[T]]) -> None:
        failure = None
        try:
            await self._answer([waiting.one for waiting in group])
        except Exception as error:
            failure = error
        finally:
            for waiting in group:
                if waiting.answered.done():  # cancelled, as its client left
                    continue
                if failure is not None:
                    waiting.answered.set_exception(failure)
                else:
                    waiting.answered.set_result(None)
            self._answer_next(key)
