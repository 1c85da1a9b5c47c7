"""A psycopg connection that gives up on a server which says nothing."""

from __future__ import annotations

from collections.abc import Generator
from time import monotonic
from typing import Any, ClassVar, Protocol, Self

import psycopg
from psycopg.rows import TupleRow
from psycopg.waiting import Ready

TICK_SECONDS = 0.1  # how often a wait looks up


class ServerSilentError(psycopg.OperationalError):
    """PostgreSQL did not answer in time."""


class Watcher(Protocol):
    """Who knows whether the server is down, and finds out when asked."""

    is_down: bool
    heard_at: float  # when the server last answered anybody, by monotonic()

    def suspect(self) -> None: ...


class BoundedConnection(psycopg.Connection[TupleRow]):
    """Waits for the server only while it is known to answer.

    `watcher` is asked after `doubt_seconds` of silence. Without one, and at the latest after
    `silence_seconds` (0: never), the connection is closed and ServerSilentError raised. Silence
    counts from the last byte that arrived, so a long answer may take its time.
    """

    connect_seconds: ClassVar[float] = 5.0
    watcher: Watcher | None = None
    doubt_seconds: float = 0.5
    silence_seconds: float = 0.0
    opened_at: float

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.opened_at = monotonic()

    @classmethod
    def _connect_gen(cls, *args: Any, **kwargs: Any) -> Generator[Any, Any, Self]:
        """Connect within `connect_seconds`; psycopg's own limit is at least two seconds."""
        until = monotonic() + cls.connect_seconds
        steps: Generator[Any, Any, Self] = super()._connect_gen(*args, **kwargs)
        ready: Any = None
        while True:
            try:
                wanted = steps.send(ready)
            except StopIteration as done:
                connection: Self = done.value
                return connection
            ready = yield wanted
            if monotonic() > until:
                raise ServerSilentError(f"no connection within {cls.connect_seconds:g} s")

    def wait(self, gen: Any, interval: float = TICK_SECONDS, timeout: float | None = None) -> Any:
        if timeout is not None:
            return super().wait(gen, interval=interval, timeout=timeout)
        try:  # nearly every wait ends here, at no cost
            answer = super().wait(gen, interval=interval, timeout=self.doubt_seconds)
        except psycopg.errors._WaitTimeout:
            answer = super().wait(self._while_it_answers(gen), interval=interval)
        if self.watcher is not None:
            self.watcher.heard_at = monotonic()
        return answer

    def _while_it_answers(self, steps: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """The rest of `steps`; psycopg sends Ready.NONE whenever nothing arrived for a while."""
        heard_at = monotonic() - self.doubt_seconds
        ready = Ready.NONE
        while True:
            try:
                wanted = steps.send(ready)
            except StopIteration as done:
                return done.value
            ready = yield wanted
            if ready:
                heard_at = monotonic()
            else:
                self._look_up(monotonic() - heard_at)

    def _look_up(self, silence: float) -> None:
        if self.watcher is not None:
            if self.watcher.is_down:
                self._give_up("it answers no other connection either")
            self.watcher.suspect()
        if self.silence_seconds and silence > self.silence_seconds:
            self._give_up(f"not a word in {self.silence_seconds:g} s")

    def _give_up(self, why: str) -> None:
        """Close without waiting for the server: nothing more can be asked on this connection."""
        self.pgconn.finish()
        raise ServerSilentError(f"PostgreSQL does not answer: {why}")
