"""Whether PostgreSQL answers at all, found out once for a whole process.

A query that takes long and a server that is frozen look alike to whoever waits. One thread asks
over a connection of its own. While the answer is no, every wait of the process ends and nobody
begins a new one, so requests are refused at once and no thread is lost to them. The thread goes on
asking, and the first answer lets everybody in again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import psycopg

from core.postgres.connection import BoundedConnection, ServerSilentError

EVERY_SECONDS = 0.2  # while the server is down
WHILE_IN_DOUBT_SECONDS = 0.3
DOUBT_LASTS_SECONDS = 2.0  # after the last suspicion
logger = logging.getLogger(__name__)


class ServerWatch:
    """`connect` opens a connection that gives up soon by itself, and has no watcher."""

    def __init__(self, connect: Callable[[], BoundedConnection]) -> None:
        self.is_down = False
        self.heard_at = 0.0
        self._connect = connect
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._suspected_at = 0.0
        self._is_over = False

    def refuse_if_down(self) -> None:
        """Raise ServerSilentError while the server is known not to answer."""
        if self.is_down:
            raise ServerSilentError("PostgreSQL does not answer; it is asked again and again")

    def suspect(self, *, is_down: bool = False) -> None:
        """Have the thread find out; `is_down` when the caller knows the answer for now."""
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
        """End the thread, and let nobody start another."""
        with self._lock:
            self._is_over = True

    def forget(self) -> None:
        """Begin anew in a forked process, which has none of its parent's threads."""
        self._lock, self._thread, self.is_down = threading.Lock(), None, False

    def _run(self) -> None:
        connection: BoundedConnection | None = None
        while True:
            begun = time.monotonic()
            connection = self._probe(connection)
            # Where others were answered meanwhile, it is slow and not down.
            self._note(is_down=connection is None and self.heard_at < begun)
            with self._lock:
                calm = time.monotonic() - self._suspected_at > DOUBT_LASTS_SECONDS
                if self._is_over or (calm and not self.is_down):
                    self._thread = None
                    break
            time.sleep(EVERY_SECONDS if self.is_down else WHILE_IN_DOUBT_SECONDS)
        if connection is not None:
            connection.close()

    def _probe(self, connection: BoundedConnection | None) -> BoundedConnection | None:
        """A connection that answered just now: the one given, or a new one; None if none does."""
        try:
            if connection is None or connection.closed:
                connection = self._connect()
            connection.execute("")
        except ServerSilentError:
            return None
        except psycopg.Error:  # this connection was lost, which says nothing of others
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
