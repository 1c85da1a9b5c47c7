"""Detect whether PostgreSQL answers, once for a whole process.

A waiting thread can't tell a slow query from a frozen server. So one thread probes over its own
connection. While probes fail, every wait of the process ends and no new wait begins: requests are
refused at once and occupy no thread. The thread goes on probing, and the first success ends this.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import psycopg

from core.postgres.connection import BoundedConnection, ServerSilentError

DOWN_PROBE_SECONDS = 0.2  # between two probes while the server is down
DOUBT_PROBE_SECONDS = 0.3  # between two probes while it is suspected
DOUBT_LASTS_SECONDS = 2.0  # after the last call of `suspect`
logger = logging.getLogger(__name__)


class ServerWatch:
    """Probes PostgreSQL. `connect` opens a connection with short timeouts and no watcher."""

    def __init__(self, connect: Callable[[], BoundedConnection]) -> None:
        self.is_down = False
        self.heard_at = 0.0
        self._connect = connect
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._suspected_at = 0.0
        self._is_over = False

    def refuse_if_down(self) -> None:
        """Raise ServerSilentError while the server is down."""
        if self.is_down:
            raise ServerSilentError("PostgreSQL does not answer; it is probed until it does")

    def suspect(self, *, is_down: bool = False) -> None:
        """Start probing. With `is_down` the server counts as down until a probe succeeds."""
        self._suspected_at = time.monotonic()
        if is_down:
            self._note(is_down=True)
        with self._lock:
            if self._thread is None and not self._is_over:
                self._thread = threading.Thread(
                    target=self._run, name="postgres-watch", daemon=True
                )
                self._thread.start()

    def close(self) -> None:
        """End the thread; no other is started."""
        with self._lock:
            self._is_over = True

    def forget(self) -> None:
        """Reset in a forked process, which has none of its parent's threads."""
        self._lock, self._thread, self.is_down = threading.Lock(), None, False

    def _run(self) -> None:
        connection: BoundedConnection | None = None
        while True:
            begun = time.monotonic()
            connection = self._probe(connection)
            # If another connection got an answer since, the server is slow and not down.
            self._note(is_down=connection is None and self.heard_at < begun)
            with self._lock:
                calm = time.monotonic() - self._suspected_at > DOUBT_LASTS_SECONDS
                if self._is_over or (calm and not self.is_down):
                    self._thread = None
                    break
            time.sleep(DOWN_PROBE_SECONDS if self.is_down else DOUBT_PROBE_SECONDS)
        if connection is not None:
            connection.close()

    def _probe(self, connection: BoundedConnection | None) -> BoundedConnection | None:
        """Return a connection that answered now, the given one or a new one; None if none did."""
        try:
            if connection is None or connection.closed:
                connection = self._connect()
            connection.execute("")
        except ServerSilentError:
            return None
        except psycopg.Error:  # only this connection is lost; the server may be up
            return self._probe_anew()
        return connection

    def _probe_anew(self) -> BoundedConnection | None:
        with suppress(psycopg.Error):
            return self._connect()
        return None

    def _note(self, *, is_down: bool) -> None:
        if is_down != self.is_down:
            logger.warning("PostgreSQL %s", "does not answer" if is_down else "answers again")
        self.is_down = is_down
