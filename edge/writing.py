"""One thread that takes the clicks from memory every 10 ms and writes them to a file.

A web process that is killed loses the clicks of its last 10 ms and no others.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from edge import metrics
from edge.clicks import Clicks
from edge.files import ClickFile

PAUSE_SECONDS = 0.01
FILE_BYTES, FILE_SECONDS = 4_000_000, 5.0  # of one file, before the next is begun
BATCH_LINES = 2_000
TOLD_SECONDS = 10.0  # between two lines in the log about lost clicks
logger = logging.getLogger(__name__)


class Writer:
    """`folder` holds the files of all web processes of this machine.

    `max_bytes` is how much may wait for the stream: what comes then is lost, counted and told.
    """

    def __init__(self, clicks: Clicks, folder: Path, *, max_bytes: int) -> None:
        self._clicks, self._folder, self._max_bytes = clicks, folder, max_bytes
        self._lock = threading.Lock()  # of `files`
        self.files: list[ClickFile] = []  # the oldest first; the last may still be written to
        self.has_written = threading.Event()
        self._is_over = threading.Event()
        self._told_at, self._lost = -TOLD_SECONDS, 0
        self._thread = threading.Thread(target=self._run, name="click writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Write what is there, and end."""
        self._is_over.set()
        self._thread.join(seconds)

    @property
    def waiting(self) -> int:
        """How many bytes of clicks the stream does not have."""
        with self._lock:
            return sum(file.waiting for file in self.files)

    def listed(self) -> list[ClickFile]:
        with self._lock:
            return list(self.files)

    def take_over(self, file: ClickFile) -> None:
        """Send a file of a process that has ended, before our own."""
        with self._lock:
            self.files.insert(0, file)

    def forget(self, file: ClickFile) -> None:
        with self._lock:
            self.files.remove(file)
        file.remove()

    def lose(self, number: int, why: str) -> None:
        """Count lost clicks, and tell the log about them now and then."""
        metrics.DROPPED.labels(why=why).inc(number)
        self._lost += number
        now = time.monotonic()
        if now - self._told_at > TOLD_SECONDS:
            logger.error("%d clicks were lost: %s", self._lost, why)
            self._told_at, self._lost = now, 0

    def _run(self) -> None:
        while not self._is_over.wait(PAUSE_SECONDS):
            self.write()
        self.write()

    def write(self) -> None:
        """Write all clicks that are in memory."""
        lost, self._clicks.lost = self._clicks.lost, 0
        if lost:
            self.lose(lost, "not written in time")
        for _ in range(0, len(self._clicks.lines), BATCH_LINES):
            batch = self._clicks.take(BATCH_LINES)
            try:
                if self.waiting > self._max_bytes:
                    self.lose(len(batch), "too many wait for the stream")
                else:
                    self._file().write(batch)
                    self.has_written.set()
            except OSError as error:
                self.lose(len(batch), f"not written: {error.strerror}")

    def _file(self) -> ClickFile:
        """Return the file to write to. Raises OSError."""
        now = time.monotonic()
        with self._lock:
            last = self.files[-1] if self.files else None
        if last is not None and not last.is_sealed:
            if last.size < FILE_BYTES and now - last.begun_at < FILE_SECONDS:
                return last
            last.is_sealed = True
        new = ClickFile.new(self._folder)
        with self._lock:
            self.files.append(new)
        return new
