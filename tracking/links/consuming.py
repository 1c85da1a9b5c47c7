"""Move clicks from the stream in Valkey to PostgreSQL, for as long as the process runs.

An entry is deleted from the stream only after its batch was stored. Whatever dies or is lost
meanwhile, the entry comes again, and its batch is known by its id. PostgreSQL and Valkey may go
away for any time: clicks wait, and no wait here is without a bound.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import redis
from django.db import Error as DatabaseError
from django.db import connection
from django.utils import timezone

from core.periodic_tasks import record_time
from core.postgres import outage_of
from tracking.links.click_stream import ClickStream, Entry
from tracking.links.conversion_sources import find_missed_clicks
from tracking.links.keeping import keep_ahead
from tracking.links.storing import NONE_STORED, Stored, refuse_batch, store_batches

NAME = "tracking.store_clicks"  # under which its last round is recorded
READ_ENTRIES = 200
# Storing 10,000 clicks at once takes half the processor's time per click that storing 1,000 does,
# as what is counted of a link is written once. So clicks gather before they are stored, and what
# has piled up is stored in large transactions, of half a second at most.
GATHER_SECONDS = 0.5  # from the beginning of one round to the next
BATCH_BYTES = 3_000_000  # that one transaction stores; a click has about 300
UPKEEP_SECONDS = 5.0
AHEAD_SECONDS = 600.0
LONG_AGO = -1e9  # on the monotonic clock
RETRY_SECONDS = 0.5
MAX_RETRY_SECONDS = 5.0
LOST = (redis.RedisError, OSError)
logger = logging.getLogger(__name__)


class Consumer:
    """Stores clicks until `stop` is called.

    `alive` is a file that is touched in every round, also in those that fail because a server is
    away: for a health check of the process itself.
    """

    def __init__(self, stream: ClickStream, *, alive: Path | None = None) -> None:
        self._stream = stream
        self._alive = alive
        self._is_over = threading.Event()
        self._took_over_at = self._kept_at = self._ahead_at = LONG_AGO

    def stop(self) -> None:
        """Let the round end, and no other begin."""
        self._is_over.set()

    def run(self) -> None:
        """Store clicks until `stop`."""
        pause = RETRY_SECONDS
        while not self._is_over.is_set():
            self._show_life()
            begun_at = time.monotonic()
            try:
                stored = self.round()
                pause = RETRY_SECONDS
            except LOST as error:
                logger.warning("The stream of clicks can't be read: %s", error)
            except DatabaseError as error:
                logger.warning("Clicks wait for PostgreSQL: %s", error)
                connection.close()
            else:
                if stored.batches < READ_ENTRIES:  # otherwise more wait already
                    self._is_over.wait(begun_at + GATHER_SECONDS - time.monotonic())
                continue
            self._is_over.wait(pause)
            pause = min(2 * pause, MAX_RETRY_SECONDS)
        self._stream.close()
        connection.close()

    def round(self, *, waits: bool = True) -> Stored:
        """Store what waits, or wait for it for a moment; see to what is due.

        Raises redis.RedisError, OSError and django.db.Error when a server is away.
        """
        self._keep_up()
        entries = self._unfinished() or self._stream.read(READ_ENTRIES, waits=waits)
        stored = NONE_STORED
        for part in in_parts(entries):
            stored = stored.plus(self._store(part))
            self._show_life()
        return stored

    def _unfinished(self) -> list[Entry]:
        """What others, or a round of ours that failed, did not finish. It is asked for rarely."""
        if time.monotonic() - self._took_over_at < UPKEEP_SECONDS:
            return []
        found = self._stream.take_over(READ_ENTRIES)
        if not found:
            self._took_over_at = time.monotonic()
        return found

    def _store(self, entries: Sequence[Entry]) -> Stored:
        batches = [entry.batch for entry in entries]
        stored = self._again(lambda: store_batches(batches, now=timezone.now()))
        if stored is None:
            stored = NONE_STORED
            for entry in entries:
                stored = stored.plus(self._store_alone(entry))
        self._stream.finish(entries)
        return stored

    def _store_alone(self, entry: Entry) -> Stored:
        """Store one batch, or keep it for the operator: none holds up those behind it."""
        stored = self._again(lambda: store_batches([entry.batch], now=timezone.now()))
        if stored is None:
            refused = self._again(
                lambda: refuse_batch(entry.batch, reason="see the log", now=timezone.now())
            )
            stored = refused or NONE_STORED
        return stored

    def _again(self, act: Callable[[], Stored]) -> Stored | None:
        """Return what `act` returns; wait for PostgreSQL while it is away.

        None says that it failed for another reason, which is logged. When the consumer is to end
        meanwhile, it raises django.db.Error, and the entries stay in the stream.
        """
        pause = RETRY_SECONDS
        while True:
            try:
                return act()
            except Exception as error:
                connection.close()
                if outage_of(error) is None:
                    logger.exception("Batches of clicks can't be stored.")
                    return None
                if self._is_over.is_set():
                    raise
                logger.warning("Clicks wait for PostgreSQL: %s", error)
            self._show_life()
            self._is_over.wait(pause)
            pause = min(2 * pause, MAX_RETRY_SECONDS)

    def _keep_up(self) -> None:
        """See to what is due: partitions and keys ahead, clicks that conversions missed."""
        now = time.monotonic()
        try:
            if now - self._ahead_at > AHEAD_SECONDS:
                keep_ahead(now=timezone.now())
                self._ahead_at = now
            if now - self._kept_at > UPKEEP_SECONDS:
                self._kept_at = now
                find_missed_clicks(now=timezone.now())
                record_time(NAME, "done_at", now=timezone.now())
        except DatabaseError as error:  # clicks go on all the same, or wait for PostgreSQL there
            logger.warning("What is due around clicks waits: %s", error)
            connection.close()

    def _show_life(self) -> None:
        if self._alive is not None:
            with suppress(OSError):
                self._alive.touch()


def in_parts(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Part entries so that each part has at most about BATCH_BYTES of lines, and an entry."""
    part: list[Entry] = []
    size = 0
    for entry in entries:
        if part and size + len(entry.batch.lines) > BATCH_BYTES:
            yield part
            part, size = [], 0
        part.append(entry)
        size += len(entry.batch.lines)
    if part:
        yield part
