"""One thread that sends clicks from the files to a stream in Valkey.

Each entry of the stream is one batch: `id` and `lines`. PostgreSQL stores an id once, so to send a
batch again does no harm. Valkey may lose what it had for a second when it is killed: after the
connection was lost, all of the last minute is sent again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from redis import exceptions as errors

from edge import metrics
from edge.files import SUFFIX, ClickFile
from edge.writing import Writer
from tracking.links.click_stream import STREAM, client

KEPT_SECONDS = 60.0  # that a file is kept after the stream has it
TIMEOUT_SECONDS = 1.0
RETRY_SECONDS = 0.5
SEARCH_SECONDS = 5.0  # between two searches for files of processes that have ended
PUBLISH_SECONDS = 1.0
IDLE_SECONDS = 0.2
PAUSE_SECONDS = 0.1  # between two pipelines: ten batches cost little more than one
PIPELINE_BYTES = 1_000_000
logger = logging.getLogger(__name__)


class Sender:
    """`max_entries`: with more in the stream, nobody stores them, and the files wait.

    `kinds` returns how many redirects there were of each kind, for the metrics.
    """

    def __init__(
        self,
        writer: Writer,
        folder: Path,
        *,
        url: str,
        kinds: Callable[[], Mapping[str, int]],
        max_entries: int,
    ) -> None:
        self._writer, self._folder, self._kinds = writer, folder, kinds
        self._max_entries = max_entries
        self._connected = self._known = 0  # connections that were made, and those known to `work`
        self.valkey = client(url, timeout=TIMEOUT_SECONDS, connected=self._note_connection)
        self._counts = metrics.KindCounts()
        self._waits = False  # whether the log has been told that clicks wait
        self._is_over = threading.Event()
        self._searched_at = self._published_at = -SEARCH_SECONDS
        self._thread = threading.Thread(target=self._run, name="click sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Send what is there, if that works at once, and end."""
        self._is_over.set()
        self._writer.has_written.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._is_over.is_set():
            self._writer.has_written.wait(IDLE_SECONDS)
            self._writer.has_written.clear()
            try:
                self.work()
                self._is_over.wait(PAUSE_SECONDS)
            except (errors.RedisError, OSError) as error:
                self.note_failure(error)
                self._is_over.wait(RETRY_SECONDS)
            except Exception:
                logger.exception("Clicks wait in files.")
                self._is_over.wait(RETRY_SECONDS)
        with suppress(errors.RedisError, OSError):
            self.work()

    def work(self) -> None:
        """Send all that waits, and clear away what was sent. Raises RedisError and OSError."""
        now = time.monotonic()
        if now - self._published_at > PUBLISH_SECONDS:
            self._published_at = now
            self._counts.publish(self._kinds())
            metrics.WAITING.set(self._writer.waiting)
        if now - self._searched_at > SEARCH_SECONDS:
            self._searched_at = now
            self.search()
        for file in self._writer.listed():
            self._send(file)
        if self._known not in {0, self._connected}:  # redis-py has connected anew by itself
            for file in self._writer.listed():
                file.sent = 0
                self._send(file)
        self._known = self._connected
        if self._waits:
            self._waits = False
            logger.warning("Clicks are sent again.")
        for file in self._writer.listed():
            self._clear(file)

    def _note_connection(self) -> None:
        self._connected += 1

    def note_failure(self, error: Exception) -> None:
        """Tell the log, once, that `work` failed."""
        if not self._waits:
            logger.warning("Clicks wait in files: %s", error)
        self._waits = True

    def search(self) -> None:
        """Take over the files of processes that have ended."""
        ours = {file.path for file in self._writer.listed()}
        for path in sorted(self._folder.glob(f"*{SUFFIX}"), reverse=True):
            left = None if path in ours else ClickFile.left_over(path)
            if left is not None:
                self._writer.take_over(left)

    def _send(self, file: ClickFile) -> None:
        while file.waiting:
            pipeline = self.valkey.pipeline(transaction=False)
            taken, number, end = 0, 0, file.sent
            for batch in file.unsent():
                pipeline.xadd(STREAM, {"id": batch.id, "lines": batch.lines})
                taken, number, end = taken + len(batch.lines), number + 1, batch.end
                if taken >= PIPELINE_BYTES:
                    break
            if not number:
                return
            if self.valkey.xlen(STREAM) > self._max_entries:
                raise BusyError("the stream is full")
            pipeline.execute()
            file.sent, file.sent_at = end, time.monotonic()
            metrics.SENT.inc(number)

    def _clear(self, file: ClickFile) -> None:
        now = time.monotonic()
        if file.is_sealed and not file.waiting and now - file.sent_at > KEPT_SECONDS:
            self._writer.forget(file)


class BusyError(errors.RedisError):
    """The stream holds as many batches as it may."""
