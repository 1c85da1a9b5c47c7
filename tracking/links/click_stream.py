"""The stream in Valkey in which batches of clicks wait to be stored: one entry per batch."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tracking.links.click_lines import ClickLines

STREAM = "clicks"
GROUP = "store"
BLOCK_SECONDS = 0.5  # that a reader waits for new entries


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the stream, and the batch that it holds."""

    id: bytes
    batch: ClickLines


@dataclass(frozen=True, slots=True)
class StreamState:
    """What waits in the stream: how many batches, and when the oldest was sent."""

    waiting: int
    oldest_sent_at: datetime | None


class ClickStream:
    """The stream as one reader of its group sees it. Raises redis.RedisError and OSError.

    An entry that was read stays the reader's until it is finished. What a dead reader left goes to
    another one after `lease` seconds.
    """

    def __init__(self, url: str, *, reader: str, lease: float, timeout: float = 5.0) -> None:
        self._reader, self._lease_ms = reader, int(lease * 1000)
        self._valkey = client(url, timeout=timeout)
        self._has_group = False

    def read(self, number: int, *, waits: bool = True) -> list[Entry]:
        """Return up to `number` new entries; with `waits`, wait for the first for a moment."""
        block = int(BLOCK_SECONDS * 1000) if waits else None
        found: Any = self._of_group(
            lambda: self._valkey.xreadgroup(
                GROUP, self._reader, {STREAM: ">"}, count=number, block=block
            )
        )
        return [entry for _, entries in found or () for entry in _entries(entries)]

    def take_over(self, number: int) -> list[Entry]:
        """Return up to `number` entries that another reader, or this one before, did not finish."""
        found: Any = self._of_group(
            lambda: self._valkey.xautoclaim(
                STREAM, GROUP, self._reader, min_idle_time=self._lease_ms, count=number
            )
        )
        return _entries(found[1])

    def finish(self, entries: Sequence[Entry]) -> None:
        """Delete entries whose batches are stored."""
        ids = [entry.id for entry in entries]
        pipeline = self._valkey.pipeline(transaction=False)
        pipeline.xack(STREAM, GROUP, *ids)
        pipeline.xdel(STREAM, *ids)
        pipeline.execute()

    def close(self) -> None:
        self._valkey.close()

    def _of_group(self, ask: Any) -> Any:
        """Ask as a member of the group, which is made where it is missing or was lost."""
        if not self._has_group:
            self._make_group()
        try:
            return ask()
        except redis.ResponseError as error:
            if not str(error).startswith(("NOGROUP", "UNBLOCKED")):
                raise
            self._make_group()
            return ask()

    def _make_group(self) -> None:
        try:
            self._valkey.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        except redis.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
        self._has_group = True


def client(
    url: str, *, timeout: float, connected: Callable[[], None] = lambda: None
) -> redis.Redis:
    """Return a client of Valkey that waits at most `timeout` seconds and tries once.

    `connected` is called after each connection that it makes.
    """

    def begin(connection: Any) -> None:
        connection.on_connect()
        connected()

    return redis.Redis.from_url(
        url,
        redis_connect_func=begin,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
    )


def stream_state(url: str, *, timeout: float) -> StreamState:
    """Return what waits in the stream. Raises redis.RedisError and OSError."""
    with client(url, timeout=timeout) as valkey:
        pipeline = valkey.pipeline(transaction=False)
        pipeline.xlen(STREAM)
        pipeline.xrange(STREAM, count=1)
        waiting, oldest = pipeline.execute()
    sent_at = _sent_at(oldest[0][0]) if oldest else None
    return StreamState(waiting, sent_at)


def _sent_at(entry_id: bytes) -> datetime:
    milliseconds = int(entry_id.split(b"-")[0])
    return datetime.fromtimestamp(milliseconds / 1000).astimezone()


def _entries(found: Any) -> list[Entry]:
    # An entry that was deleted meanwhile has no fields.
    return [Entry(entry_id, _batch(entry_id, fields)) for entry_id, fields in found if fields]


def _batch(entry_id: bytes, fields: dict[bytes, bytes]) -> ClickLines:
    """The batch of an entry. One without a proper id gets one that follows from the entry's."""
    try:
        batch_id = uuid.UUID(fields[b"id"].decode())
    except (KeyError, ValueError):
        batch_id = uuid.uuid5(uuid.NAMESPACE_OID, entry_id.decode())
    return ClickLines(batch_id, fields.get(b"lines", b""))
