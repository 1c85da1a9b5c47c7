"""Limit how many requests are inside Django and how many wait; refuse all others.

A server that accepts more than it can process answers every request late. Here a limited number of
requests runs, and a limited number waits for a limited time, first come first served. All others
are refused: at once, or a little later when there are many, because most clients ask again as soon
as they are refused. All of this happens in the event loop: a request that waits or is refused
occupies no thread.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque

from prometheus_client import Counter

STUCK_SECONDS = 60  # all places were taken for this long, and none became free
REFUSED = Counter("tributary_requests_refused", "Requests refused because too many waited", ["why"])


class Places:
    """`number` places, and a queue of at most `queue` requests that wait up to `seconds`.

    Only the event loop may take and leave them, so they need no lock.
    """

    def __init__(self, number: int, *, queue: int, seconds: float) -> None:
        self.number = number
        self.taken = 0
        self.waiting: deque[asyncio.Future[None]] = deque()
        self._queue, self._seconds = queue, seconds
        self._left_at = time.monotonic()

    async def take(self) -> str:
        """Take a place; return "" on success, otherwise the reason for the refusal."""
        if self.taken < self.number:
            self.taken += 1
            return ""
        if len(self.waiting) >= self._queue:
            return "queue full"
        place = asyncio.get_running_loop().create_future()
        self.waiting.append(place)
        try:
            await asyncio.wait({place}, timeout=self._seconds)
        except asyncio.CancelledError:
            if place.done():
                self.leave()
            else:
                self.waiting.remove(place)
            raise
        if place.done():
            return ""
        self.waiting.remove(place)
        return "waited too long"

    def leave(self) -> None:
        """Give the place to the request that has waited longest."""
        self._left_at = time.monotonic()
        if self.waiting:
            self.waiting.popleft().set_result(None)
        else:
            self.taken -= 1

    @property
    def is_stuck(self) -> bool:
        """Whether all places are taken and none became free for STUCK_SECONDS."""
        return self.taken >= self.number and time.monotonic() - self._left_at > STUCK_SECONDS


class Pace:
    """At most `number` refusals a second, unless one would wait for more than `seconds`.

    Only the event loop may use it.
    """

    def __init__(self, number: int, *, seconds: float) -> None:
        self._between, self._seconds = 1 / number, seconds
        self._next_at = 0.0

    async def wait(self) -> None:
        """Wait until the next refusal may be sent."""
        now = time.monotonic()
        at = min(max(now, self._next_at), now + self._seconds)
        self._next_at = at + self._between
        await asyncio.sleep(at - now)
