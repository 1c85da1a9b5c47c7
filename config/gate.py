"""How many requests are inside Django at a time, how many wait for that, and what the rest is told.

A server that takes in more than it can do answers everybody late. Here a bounded number works, a
bounded number waits for a bounded time, first come first served, and whoever is too many hears so
at once. config.asgi keeps a few threads free of both, in which the rest is refused.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, cast

from prometheus_client import Counter

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]
# A body up to this size is handed to the server whole, so no slow reader holds a place.
WHOLE_BYTES = 2_000_000
STUCK_SECONDS = 60  # all places taken, and nobody left for so long
REFUSED = Counter("tributary_requests_refused", "Requests refused because too many waited", ["why"])


class Body(Protocol):
    """What Django answers with: a response that is iterated over and closed."""

    streaming: bool

    def __iter__(self) -> Iterator[bytes]: ...
    def close(self) -> None: ...
    def get(self, header: str, alternate: str) -> str: ...


class Places:
    """`number` places, and a queue of at most `queue` who wait up to `seconds` for one."""

    def __init__(self, number: int, *, queue: int, seconds: float) -> None:
        self._number, self._queue, self._seconds = number, queue, seconds
        self._lock = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken = 0
        self._left_at = time.monotonic()

    def take(self) -> str:
        """Take a place; empty when it worked, else why not."""
        with self._lock:
            if self._taken < self._number and not self._waiting:
                self._taken += 1
                return ""
            if len(self._waiting) >= self._queue:
                return "queue full"
            ticket = threading.Lock()
            ticket.acquire()
            self._waiting.append(ticket)
        if ticket.acquire(timeout=self._seconds):
            return ""
        with self._lock:
            if ticket not in self._waiting:  # handed over at the last moment
                return ""
            self._waiting.remove(ticket)
        return "waited too long"

    def leave(self) -> None:
        """Hand the place to who waits longest."""
        with self._lock:
            self._left_at = time.monotonic()
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken -= 1

    @property
    def is_stuck(self) -> bool:
        """Whether whoever is inside does not come out any more."""
        return self._taken >= self._number and time.monotonic() - self._left_at > STUCK_SECONDS


class Gate:
    """A WSGI application before Django's. `refuse` answers who is too many, without a database."""

    def __init__(
        self, application: Application, *, refuse: Application, places: Places, streams: int
    ) -> None:
        self.places = places
        self._application, self._refuse = application, refuse
        # Answers that are read bit by bit may not take all places: their readers can be slow.
        self._streams = threading.BoundedSemaphore(streams)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        # It asks PostgreSQL and Valkey once for all who ask at a time.
        if environ.get("PATH_INFO", "") == "/readyz":
            return self._application(environ, start_response)
        refused = self.places.take()
        if refused:
            REFUSED.labels(why=refused).inc()
            return self._refuse(environ, start_response)
        return self._pass(environ, start_response)

    def _pass(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        said: list[Any] = []
        try:
            response = cast("Body", self._application(environ, lambda *words: said.append(words)))
            if _is_short(response):
                try:
                    whole = b"".join(response)
                finally:
                    response.close()
            elif self._streams.acquire(blocking=False):
                start_response(*said[-1])
                return _Stream(response, done=self._stream_is_over)
            else:
                response.close()
                self.places.leave()
                REFUSED.labels(why="too many downloads").inc()
                return self._refuse(environ, start_response)
        except BaseException:
            self.places.leave()
            raise
        self.places.leave()
        start_response(*said[-1])
        return [whole]

    def _stream_is_over(self) -> None:
        self._streams.release()
        self.places.leave()


class _Stream:
    """A response that is read bit by bit; its place is left when it is closed or dropped."""

    def __init__(self, response: Body, *, done: Callable[[], None]) -> None:
        self._response, self._done = response, done
        self._is_open = True

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._response)

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            try:
                self._response.close()
            finally:
                self._done()

    def __del__(self) -> None:
        self.close()


def _is_short(response: Body) -> bool:
    if not getattr(response, "streaming", False):
        return True
    length = response.get("Content-Length", "")
    return length.isdecimal() and int(length) <= WHOLE_BYTES
