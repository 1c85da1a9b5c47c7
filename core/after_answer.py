"""Do work after the response was sent, in threads of the web process, without a broker.

The work is rows in PostgreSQL. `wake` makes a thread query for rows. A running thread also polls
every few seconds, so it retries what failed and finds what another process left. The response does
not wait for the work, and its time does not show whether there was any.
"""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator

from django.db import close_old_connections, connection
from django.db.utils import Error
from django.http import HttpResponseRedirect

logger = logging.getLogger(__name__)
POLL_SECONDS = 5.0
# A random pause before the work: without it, a stranger could measure the load of the work with
# their next request.
MAX_PAUSE_SECONDS = 0.25


class BackgroundThreads:
    """`number` threads that call `work`; it returns False when no work is left."""

    def __init__(self, name: str, work: Callable[[], bool], *, number: int) -> None:
        self.name, self._work, self._number = name, work, number
        self._wakes: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._running: list[threading.Thread] = []
        self._lock = threading.Lock()

    def wake(self) -> None:
        """Make a thread work now. The first call starts the threads."""
        with self._lock:
            while len(self._running) < self._number:
                name = f"{self.name} {len(self._running) + 1}"
                thread = threading.Thread(target=self._run, name=name, daemon=True)
                thread.start()
                self._running.append(thread)
        if self._wakes.qsize() < self._number:  # more would find nothing left to do
            self._wakes.put(True)

    def stop(self) -> None:
        """End the threads after their current work. `wake` starts them again."""
        with self._lock:
            for _ in self._running:
                self._wakes.put(False)
            for thread in self._running:
                thread.join()
            self._running.clear()
            self._wakes = queue.SimpleQueue()

    def do_all(self) -> None:
        """Do all the work in the calling thread."""
        while self._work():
            pass

    def _run(self) -> None:
        for _ in self._wake_ups():
            try:
                self.do_all()
            except Error as error:
                logger.warning("%s: PostgreSQL is not available: %s", self.name, error)
            except Exception:
                logger.exception("%s failed", self.name)
            finally:
                connection.close()

    def _wake_ups(self) -> Iterator[None]:
        while True:
            try:
                if not self._wakes.get(timeout=POLL_SECONDS):
                    return
                time.sleep(random.uniform(0, MAX_PAUSE_SECONDS))  # noqa: S311 - no secret
            except queue.Empty:
                pass
            close_old_connections()
            yield


class RedirectThenWork(HttpResponseRedirect):
    """A redirect that wakes the threads after the web server has sent it."""

    def __init__(self, address: str, threads: BackgroundThreads) -> None:
        super().__init__(address)
        self._threads = threads

    def close(self) -> None:
        """Wake the threads. The web server calls this after it has sent the response."""
        super().close()
        self._threads.wake()
