"""A psycopg connection with a client-side timeout for a server that does not answer."""

from __future__ import annotations

from collections.abc import Generator
from time import monotonic
from typing import Any, ClassVar, Protocol, Self

import psycopg
from psycopg.rows import TupleRow
from psycopg.waiting import Ready

TICK_SECONDS = 0.1  # how often a wait checks for silence


class ServerSilentError(psycopg.OperationalError):
    """PostgreSQL did not answer in time."""


class Watcher(Protocol):
    """Knows whether the server is down, and probes it after `suspect`."""

    is_down: bool
    heard_at: float  # when the server last answered anybody, by monotonic()

    def suspect(self) -> None: ...


class BoundedConnection(psycopg.Connection[TupleRow]):
    """A connection that waits only while the server answers somebody.

    After `doubt_seconds` without a byte it asks `watcher` to probe. If the server is down, or after
    `silence_seconds` (0: never), it closes and raises ServerSilentError. The time counts from the
    last byte received, so a long result is no silence.
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
        """Connect within `connect_seconds`; psycopg's own minimum is two seconds."""
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
        try:  # the fast path of nearly every wait
            answer = super().wait(gen, interval=interval, timeout=self.doubt_seconds)
        except psycopg.errors._WaitTimeout:
            answer = super().wait(self._while_it_answers(gen), interval=interval)
        if self.watcher is not None:
            self.watcher.heard_at = monotonic()
        return answer

    def _while_it_answers(self, steps: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """Run the rest of `steps`; psycopg sends Ready.NONE when nothing arrived for a tick."""
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
                self._check_silence(monotonic() - heard_at)

    def _check_silence(self, silence: float) -> None:
        if self.watcher is not None:
            if self.watcher.is_down:
                self._give_up("it answers no other connection either")
            self.watcher.suspect()
        if self.silence_seconds and silence > self.silence_seconds:
            self._give_up(f"no data for {self.silence_seconds:g} s")

    def _give_up(self, why: str) -> None:
        """Close without waiting for the server, and raise ServerSilentError."""
        self.pgconn.finish()
        raise ServerSilentError(f"PostgreSQL does not answer: {why}")
