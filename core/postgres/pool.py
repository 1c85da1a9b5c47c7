"""The connection pool of one process, with a maximum size.

psycopg_pool opens connections in its own threads. Here the thread that needs a connection opens it:
when PostgreSQL refuses, that thread gets the error at once and not after the pool's timeout. When
PostgreSQL is back, no thread waits for another thread's next try. The methods that Django calls and
the names of the statistics are those of psycopg_pool.
"""

from __future__ import annotations

import os
import select
import threading
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from weakref import WeakSet

import psycopg
from psycopg.pq import TransactionStatus

from core.postgres.connection import BoundedConnection
from core.postgres.watch import ServerWatch

CHECK_AFTER_IDLE_SECONDS = 1.0  # a connection idle for longer is checked before its next use
MAX_IDLE_SECONDS = 600.0
MAX_LIFETIME_SECONDS = 3600.0
_pools: WeakSet[Pool] = WeakSet()


class PoolTimeoutError(psycopg.OperationalError):
    """All connections were in use for too long."""


@dataclass(frozen=True, slots=True)
class _Idle:
    connection: BoundedConnection
    since: float


class Pool:
    """A pool that returns working connections. `connect` opens one; `watch` knows of outages."""

    def __init__(
        self,
        connect: Callable[[], BoundedConnection],
        *,
        watch: ServerWatch,
        max_size: int,
        wait_seconds: float,
    ) -> None:
        self.watch = watch
        self._connect = connect
        self._max_size = max_size
        self._wait_seconds = wait_seconds
        self._is_closed = False
        self._counted: Counter[str] = Counter()
        self._begin()
        _pools.add(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(self._max_size)
        self._idle: deque[_Idle] = deque()
        self._used = 0
        self._waiting = 0

    def open(self) -> None:
        """Do nothing: `getconn` opens connections."""

    def getconn(self) -> BoundedConnection:
        """Return a working connection. Raises psycopg.OperationalError within the limits."""
        self._counted["requests_num"] += 1
        try:
            self.watch.refuse_if_down()
            self._take_place()
            try:
                connection = self._reuse() or self._open()
            except BaseException:
                self._free.release()
                raise
        except psycopg.Error:
            self._counted["requests_errors"] += 1
            raise
        connection._pool = self  # type: ignore[assignment]  # by this Django returns it
        with self._lock:
            self._used += 1
        return connection

    def putconn(self, connection: BoundedConnection) -> None:
        """Take a connection back, and keep it if it is usable."""
        connection._pool = None
        with self._lock:
            self._used -= 1
        try:
            is_old = monotonic() - connection.opened_at > MAX_LIFETIME_SECONDS
            if self._is_closed or is_old or not self._is_clean(connection):
                connection.close()
            else:
                self._keep(connection)
        finally:
            self._free.release()

    def close(self) -> None:
        """Close idle connections now, and the others when they are returned."""
        self._is_closed = True
        self.watch.close()
        self._drop_idle(older_than=0)

    def get_stats(self) -> dict[str, int]:
        """Return the pool's current sizes and its counters."""
        idle = len(self._idle)
        return {
            "pool_max": self._max_size,
            "pool_size": idle + self._used,
            "pool_available": idle,
            "requests_waiting": self._waiting,
            "server_down": int(self.watch.is_down),
            **self._counted,
        }

    def forget(self) -> None:
        """Start empty in a forked process: the connections belong to its parent."""
        self._begin()
        self.watch.forget()

    def _take_place(self) -> None:
        if self._free.acquire(blocking=False):
            return
        self._counted["requests_queued"] += 1
        self._waiting += 1
        try:
            if not self._free.acquire(timeout=self._wait_seconds):
                raise PoolTimeoutError(
                    f"all {self._max_size} connections were in use for {self._wait_seconds:g} s"
                )
        finally:
            self._waiting -= 1

    def _reuse(self) -> BoundedConnection | None:
        """Return the working connection that was used last; close broken ones."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                kept = self._idle.pop()
            connection = kept.connection
            if self._works(connection, idle_seconds=monotonic() - kept.since):
                return connection
            self._counted["connections_lost"] += 1
            connection.close()

    def _works(self, connection: BoundedConnection, *, idle_seconds: float) -> bool:
        if connection.closed or _has_unread_data(connection.pgconn.socket):
            return False  # an idle connection receives data only when the server ends it
        if idle_seconds < CHECK_AFTER_IDLE_SECONDS:
            return True
        with suppress(psycopg.Error):
            connection.execute("")
            return True
        return False

    def _open(self) -> BoundedConnection:
        self.watch.refuse_if_down()
        self._counted["connections_num"] += 1
        try:
            return self._connect()
        except psycopg.Error:
            self._counted["connections_errors"] += 1
            raise

    def _is_clean(self, connection: BoundedConnection) -> bool:
        """Roll back a transaction that was left open; return whether none is open now."""
        if connection.pgconn.transaction_status in {
            TransactionStatus.INTRANS,
            TransactionStatus.INERROR,
        }:
            with suppress(psycopg.Error):
                connection.rollback()
        return connection.pgconn.transaction_status == TransactionStatus.IDLE

    def _keep(self, connection: BoundedConnection) -> None:
        self._drop_idle(older_than=MAX_IDLE_SECONDS)
        with self._lock:
            self._idle.append(_Idle(connection, since=monotonic()))

    def _drop_idle(self, *, older_than: float) -> None:
        until = monotonic() - older_than
        while True:
            with self._lock:
                if not self._idle or self._idle[0].since > until:
                    return
                kept = self._idle.popleft()
            kept.connection.close()


def _has_unread_data(socket: int) -> bool:
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))


def _forget_all() -> None:
    for pool in _pools:
        pool.forget()


os.register_at_fork(after_in_child=_forget_all)
