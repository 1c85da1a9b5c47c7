"""Limit how many requests are inside Django, how many wait, and refuse all others at once.

A server that accepts more than it can process answers every request late. Here a limited number of
requests runs, and a limited number waits for a limited time, first come first served. All others
are refused at once, in a few threads that config.asgi keeps free for that.
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
# A response up to this size goes to the server whole, so a slow reader occupies no place.
WHOLE_BYTES = 2_000_000
STUCK_SECONDS = 60  # all places were taken for this long, and none became free
REFUSED = Counter("tributary_requests_refused", "Requests refused because too many waited", ["why"])


class Body(Protocol):
    """Django's response, as WSGI uses it: it is iterated over and closed."""

    streaming: bool

    def __iter__(self) -> Iterator[bytes]: ...
    def close(self) -> None: ...
    def get(self, header: str, alternate: str) -> str: ...


class Places:
    """`number` places, and a queue of at most `queue` requests that wait up to `seconds`."""

    def __init__(self, number: int, *, queue: int, seconds: float) -> None:
        self._number, self._queue, self._seconds = number, queue, seconds
        self._lock = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken = 0
        self._left_at = time.monotonic()

    def take(self) -> str:
        """Take a place; return "" on success, otherwise the reason for the refusal."""
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
            if ticket not in self._waiting:  # it got the place just before the timeout
                return ""
            self._waiting.remove(ticket)
        return "waited too long"

    def leave(self) -> None:
        """Give the place to the request that has waited longest."""
        with self._lock:
            self._left_at = time.monotonic()
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken -= 1

    @property
    def is_stuck(self) -> bool:
        """Whether all places are taken and none became free for STUCK_SECONDS."""
        return self._taken >= self._number and time.monotonic() - self._left_at > STUCK_SECONDS


class Gate:
    """A WSGI application around Django's. `refuse` answers refused requests, without a database."""

    def __init__(
        self, application: Application, *, refuse: Application, places: Places, streams: int
    ) -> None:
        self.places = places
        self._application, self._refuse = application, refuse
        # Streamed responses may not take all places, because their clients can be slow.
        self._streams = threading.BoundedSemaphore(streams)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        # It needs no place: simultaneous requests share one check of PostgreSQL and Valkey.
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
    """A streamed response; it leaves its place when it is closed or garbage-collected."""

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
