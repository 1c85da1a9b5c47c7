"""Answer the requests of one sender together that arrive while another of it is being answered.

They wait in the event loop, and one thread answers them all. A group costs little more than one
request, so the senders of a group, who mostly send again at once, get a moment to do so before the
next group begins. Only the event loop may use this.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
MAX_GROUP = 100  # requests
# The next group begins once as many wait as were there together, or none has come for
# QUIET_SECONDS, or after this part of the time that the last one took. A request that
# comes later needs another group.
QUIET_SECONDS = 0.008
GATHERING_PART = 0.5
MAX_GATHERING_SECONDS = 0.05


class _Waiting(Generic[T]):
    """A request that waits, and a future that is done once it was answered."""

    def __init__(self, one: T) -> None:
        self.one = one
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class _Sender(Generic[T]):
    """The requests of a sender that wait.

    While they gather, `enough` is how many are awaited, and `until` the loop's time to end.
    """

    def __init__(self) -> None:
        self.waiting: deque[_Waiting[T]] = deque()
        self.enough = 0
        self.until = 0.0
        self.gathering: asyncio.TimerHandle | None = None


class Groups(Generic[T]):
    """`answer` answers some requests. At most `waiting` requests wait, each up to `seconds`."""

    def __init__(
        self, answer: Callable[[Sequence[T]], Awaitable[None]], *, waiting: int, seconds: float
    ) -> None:
        self._answer, self._max, self._seconds = answer, waiting, seconds
        self._senders: dict[Hashable, _Sender[T]] = {}
        self._tasks: set[asyncio.Task[None]] = set()  # the event loop keeps no reference

    async def join(self, key: Hashable, one: T) -> str:
        """Have a request answered; return "" on success, otherwise the reason for the refusal."""
        sender = self._senders.get(key)
        if sender is None:
            self._senders[key] = _Sender()
            begun = time.monotonic()
            try:
                await self._answer([one])
            finally:
                self._gather(key, 1, time.monotonic() - begun)
            return ""
        if sum(len(sender.waiting) for sender in self._senders.values()) >= self._max:
            return "queue full"
        mine = _Waiting(one)
        sender.waiting.append(mine)
        if sender.gathering is not None:
            self._wait_for_more(key)
        try:
            await asyncio.wait({mine.answered}, timeout=self._seconds)
            if mine in sender.waiting:
                return "waited too long"
            await mine.answered
        finally:
            if mine in sender.waiting:
                sender.waiting.remove(mine)
        return ""

    def _gather(self, key: Hashable, answered: int, seconds: float) -> None:
        """Have the next group answered soon: `answered` were, and it took so many seconds."""
        sender = self._senders[key]
        sender.enough = min(answered + len(sender.waiting), MAX_GROUP)
        if sender.enough == 1:
            self._answer_next(key)
            return
        pause = min(seconds * GATHERING_PART, MAX_GATHERING_SECONDS)
        sender.until = asyncio.get_running_loop().time() + pause
        self._wait_for_more(key)

    def _wait_for_more(self, key: Hashable) -> None:
        """Answer those that wait if they are enough, otherwise when no more of them come."""
        sender = self._senders[key]
        if len(sender.waiting) >= sender.enough:
            self._answer_next(key)
            return
        if sender.gathering is not None:
            sender.gathering.cancel()
        loop = asyncio.get_running_loop()
        until = min(sender.until, loop.time() + QUIET_SECONDS)
        sender.gathering = loop.call_at(until, self._answer_next, key)

    def _answer_next(self, key: Hashable) -> None:
        """Have those answered that wait now."""
        sender = self._senders[key]
        if sender.gathering is not None:
            sender.gathering.cancel()
            sender.gathering = None
        if not sender.waiting:
            del self._senders[key]
            return
        group = [sender.waiting.popleft() for _ in range(min(MAX_GROUP, len(sender.waiting)))]
        task = asyncio.create_task(self._answer_group(key, group))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer_group(self, key: Hashable, group: Sequence[_Waiting[T]]) -> None:
        failure = None
        begun = time.monotonic()
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
            self._gather(key, len(group), time.monotonic() - begun)
