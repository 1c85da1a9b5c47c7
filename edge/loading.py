"""One thread that keeps the cache of links true: it loads, hears of changes, and loads ahead.

It is the only one that asks PostgreSQL, with one query at a time, however many unknown slugs are
asked for. Its second connection only listens on `links_changed`, where triggers name the brand
whose links changed (tracking, migration 0018). What is loaded is put into the cache before the next
message is read, so nothing old can stay: a change that the query did not see is announced later.
"""

from __future__ import annotations

import gc
import logging
import os
import selectors
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice

import psycopg
from django.db import Error, connection

from core.postgres.listening import Channel, listen
from core.text import one_line
from edge import metrics
from edge.cache import LinkCache
from edge.snapshot import Snapshot
from edge.targets import target_of
from edge.visitors import VisitorHashes
from tracking.links.destinations import destinations, link_hosts, slugs_by_use

CHANNEL = "links_changed"
BATCH = 500  # slugs of one query
AHEAD_BATCH = 1_000
PROBE_SECONDS = 2.0  # after which a silent connection is asked whether it is still one
KEYS_SECONDS = 300.0  # between two readings of the day keys
RETRY_SECONDS = 0.5
SLOW_SECONDS = 0.1  # a query that takes longer keeps nobody waiting who can be served without it
logger = logging.getLogger(__name__)
Resolve = Callable[[bool], None]  # called with whether the cache now knows about the slug


def load(slugs: Sequence[str], links: LinkCache) -> None:
    """Load slugs, in their normal form, into the cache. Raises django.db.Error."""
    found = [target_of(one) for one in destinations(slugs)]
    links.put({one.destination.slug: one for one in found if one is not None}, slugs)
    metrics.LOADED.inc(len(slugs))
    metrics.CACHED.set(len(links.targets))


def load_many(slugs: Sequence[str], links: LinkCache) -> None:
    """Load slugs, and have the garbage collector never look at them. Raises django.db.Error.

    Its search through 100,000 links would hold up every thread for half a second. What is garbage
    already is collected first, as it would stay.
    """
    gc.collect()
    load(slugs, links)
    gc.freeze()


class Loader:
    """The thread. `start` once; `want` from any thread."""

    def __init__(
        self,
        links: LinkCache,
        *,
        hashes: VisitorHashes,
        day_keys: Callable[[], Mapping[int, bytes]],
        snapshot: Snapshot,
        max_waiting: int,
    ) -> None:
        self._links, self._hashes, self._day_keys = links, hashes, day_keys
        self._snapshot, self._max_waiting = snapshot, max_waiting
        self._lock = threading.Lock()
        self._waiting: dict[str, list[Resolve]] = {}
        self._answers = 0  # how many wait for one
        self._asked_at: float | None = None  # when the running query began
        self._is_over = False
        self._is_told = False  # whether the log has been told that links can't be loaded
        self._is_connected = True  # until the first attempt says otherwise, requests wait for it
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)

    @property
    def is_prompt(self) -> bool:
        """Whether an answer can be expected within milliseconds."""
        asked_at = self._asked_at
        return self._is_connected and (
            asked_at is None or time.monotonic() - asked_at < SLOW_SECONDS
        )

    def want(self, slug: str, resolve: Resolve) -> bool:
        """Have a slug loaded; `resolve` is called in this loader's thread.

        Returns False, and calls nothing, while PostgreSQL is away or too many wait already.
        """
        with self._lock:
            if not self._is_connected or self._answers >= self._max_waiting:
                return False
            self._answers += 1
            self._waiting.setdefault(slug, []).append(resolve)
        self._wake()
        return True

    def start(self) -> None:
        """Take the snapshot, and load in a thread from now on."""
        self._snapshot.read_into(self._links)
        threading.Thread(target=self._run, name="links", daemon=True).start()

    def stop(self) -> None:
        """Have the thread end; nobody waits for it."""
        self._is_over = True
        self._wake()

    def _wake(self) -> None:
        with suppress(BlockingIOError):
            os.write(self._writing, b"x")

    def _run(self) -> None:
        while not self._is_over:
            try:
                with listen(CHANNEL) as channel, selectors.DefaultSelector() as ready:
                    ready.register(channel, selectors.EVENT_READ)
                    ready.register(self._reading, selectors.EVENT_READ)
                    self._keep_true(channel, ready)
            except (psycopg.Error, Error, OSError) as error:
                self.note_failure(error)
            except Exception:
                logger.exception("Links are served as they were last known.")
            self._disconnect()
            time.sleep(RETRY_SECONDS)

    def note_failure(self, error: Exception) -> None:
        """Log why links can't be loaded, once until they can. Tables may still have to be made."""
        if self._is_told:
            return
        self._is_told = True
        if isinstance(error.__cause__, psycopg.errors.UndefinedTable):
            logger.info("Links are loaded once their tables are made.")
        else:
            logger.warning("Links are served as they were last known: %s", one_line(str(error)))

    def note_success(self) -> None:
        """Take note that links can be loaded."""
        self._is_connected = True
        if self._is_told:
            self._is_told = False
            logger.info("Links are loaded again.")

    def _disconnect(self) -> None:
        self._asked_at = None
        with self._lock:
            self._is_connected = False
            waiting, self._waiting, self._answers = self._waiting, {}, 0
        for resolves in waiting.values():
            for resolve in resolves:
                resolve(False)
        with suppress(Exception):
            connection.close()

    def _keep_true(self, channel: Channel, ready: selectors.BaseSelector) -> None:
        """Until an error: load what is asked for, then what has changed, then links ahead."""
        self._links.doubt()
        self._links.hosts = link_hosts()
        self.note_success()
        changed = self._links.stale()
        ahead = slugs_by_use(now=datetime.now(UTC), limit=self._links.size, batch=AHEAD_BATCH)
        probed_at, keys_at = time.monotonic(), -KEYS_SECONDS
        has_more = True
        while not self._is_over:
            arrived = ready.select(0 if has_more or self._waiting else PROBE_SECONDS)
            with suppress(BlockingIOError):
                os.read(self._reading, 4096)
            self._asked_at = now = time.monotonic()
            if now - probed_at > PROBE_SECONDS or any(key.fileobj is channel for key, _ in arrived):
                probed_at = now
                if brands := set(channel.messages()):
                    self._links.changed({int(brand) for brand in brands})
                    self._links.hosts = link_hosts()
                    changed = self._links.stale()
            if self._waiting:
                self._load_waiting()
            elif changed:
                batch, changed = changed[-BATCH:], changed[:-BATCH]
                load_many([slug for slug in batch if self._links.is_stale(slug)], self._links)
            elif now - keys_at > KEYS_SECONDS:
                keys_at = now
                self._hashes.take(self._day_keys())
            else:
                slugs = next(ahead, None)
                if slugs is not None:
                    new = [slug for slug in slugs if slug not in self._links.targets]
                    load_many(new, self._links)
                has_more = slugs is not None
                if not has_more:
                    self._snapshot.write(self._links)
            self._asked_at = None

    def _load_waiting(self) -> None:
        """Load the slugs that have waited longest, and answer those who wait for them."""
        with self._lock:
            slugs = list(islice(self._waiting, BATCH))
        load(slugs, self._links)
        with self._lock:
            answered = [resolve for slug in slugs for resolve in self._waiting.pop(slug, ())]
            self._answers -= len(answered)
        for resolve in answered:
            resolve(True)
