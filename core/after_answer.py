"""Do work after the answer, in threads of the web process, with no broker in between.

The work is rows in PostgreSQL: a thread is only told that it should look. It also looks by itself
every few seconds once it runs, so that what failed is tried again and what another process left is
found. Whoever waits for an answer never waits for the work, nor can tell from the answer's time
whether there was any.
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
LOOK_SECONDS = 5.0
# A pause of a random length before the work, so that its load doesn't follow its request so
# closely that a stranger could measure it by the next one.
LONGEST_PAUSE_SECONDS = 0.25


class Threads:
    """A few threads that do `work`, which returns False when nothing is left to do."""

    def __init__(self, name: str, work: Callable[[], bool], *, number: int) -> None:
        self.name, self._work, self._number = name, work, number
        self._wakes: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._running: list[threading.Thread] = []
        self._lock = threading.Lock()

    def wake(self) -> None:
        """Have a thread look now. The threads begin with the first call."""
        with self._lock:
            while len(self._running) < self._number:
                name = f"{self.name} {len(self._running) + 1}"
                thread = threading.Thread(target=self._run, name=name, daemon=True)
                thread.start()
                self._running.append(thread)
        if self._wakes.qsize() < self._number:  # more would find nothing left to do
            self._wakes.put(True)

    def stop(self) -> None:
        """End the threads when they are done with what they do now. `wake` begins them anew."""
        with self._lock:
            for _ in self._running:
                self._wakes.put(False)
            for thread in self._running:
                thread.join()
            self._running.clear()
            self._wakes = queue.SimpleQueue()

    def do_all(self) -> None:
        """Do what there is to do, here and now."""
        while self._work():
            pass

    def _run(self) -> None:
        for _ in self._looks():
            try:
                self.do_all()
            except Error as error:
                logger.warning("%s: PostgreSQL can't be asked now: %s", self.name, error)
            except Exception:
                logger.exception("%s failed", self.name)
            finally:
                connection.close()

    def _looks(self) -> Iterator[None]:
        while True:
            try:
                if not self._wakes.get(timeout=LOOK_SECONDS):
                    return
                time.sleep(random.uniform(0, LONGEST_PAUSE_SECONDS))  # noqa: S311 - no secret
            except queue.Empty:
                pass
            close_old_connections()
            yield


class RedirectThenWork(HttpResponseRedirect):
    """A redirect that wakes the threads once the web server has sent it."""

    def __init__(self, address: str, threads: Threads) -> None:
        super().__init__(address)
        self._threads = threads

    def close(self) -> None:
        """Called by the web server when the answer is out."""
        super().close()
        self._threads.wake()
