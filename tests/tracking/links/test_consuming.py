"""The consumer of clicks: from the stream to PostgreSQL. With killed servers: tests/faults."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from redis import Redis

from core import periodic_tasks
from core.models import Round
from tests.cast import Cast
from tests.clicks import click_line
from tracking.links import consuming
from tracking.links.click_lines import ClickLines
from tracking.links.click_stream import GROUP, STREAM, ClickStream, StreamState, stream_state
from tracking.links.consuming import BATCH_BYTES, Consumer, in_parts
from tracking.links.storing import Stored, store_batches
from tracking.models import Click, ClickBatch, RefusedClicks, TrackingLink, VisitorKey

LEASE = 0.05


@pytest.fixture
def valkey() -> Iterator[Redis]:
    with Redis.from_url(settings.CLICKS_URL) as client:
        client.delete(STREAM)
        yield client
        client.delete(STREAM)


@pytest.fixture
def link(at_juniper: Cast) -> TrackingLink:
    return TrackingLink.objects.get(enrollment=at_juniper.mara_in_glow)


def consumer(name: str = "one", *, alive: Path | None = None) -> Consumer:
    return Consumer(ClickStream(settings.CLICKS_URL, reader=name, lease=LEASE), alive=alive)


def send(valkey: Redis, link: TrackingLink, number: int = 1, *, batch: str = "") -> str:
    """Send a batch with so many clicks of now."""
    batch = batch or str(uuid.uuid4())
    lines = "".join(click_line(link, clicked_at=timezone.now()) for _ in range(number))
    valkey.xadd(STREAM, {"id": batch, "lines": lines.encode()})
    return batch


def test_what_waits_is_stored_and_deleted_from_the_stream(
    valkey: Redis, link: TrackingLink
) -> None:
    send(valkey, link, 2)
    batch = send(valkey, link, 3)
    send(valkey, link, 3, batch=batch)

    assert consumer().round() == Stored(batches=2, clicks=5)

    assert Click.objects.count() == 5
    assert valkey.xlen(STREAM) == 0
    assert valkey.xpending(STREAM, GROUP)["pending"] == 0
    assert consumer().round(waits=False) == Stored(0, 0)


def test_an_empty_stream_is_waited_for_only_a_moment(valkey: Redis, link: TrackingLink) -> None:
    begun = time.monotonic()

    assert consumer().round() == Stored(0, 0)

    assert time.monotonic() - begun < 5


def test_what_a_dead_reader_left_is_taken_over(valkey: Redis, link: TrackingLink) -> None:
    send(valkey, link)
    dead = ClickStream(settings.CLICKS_URL, reader="dead", lease=LEASE)
    assert len(dead.read(10)) == 1
    time.sleep(2 * LEASE)

    assert consumer().round(waits=False) == Stored(1, 1)

    assert valkey.xlen(STREAM) == 0


def test_the_group_is_made_again_after_valkey_lost_it(valkey: Redis, link: TrackingLink) -> None:
    one = consumer()
    one.round(waits=False)
    valkey.delete(STREAM)
    send(valkey, link)

    assert one.round() == Stored(1, 1)


@pytest.mark.parametrize(
    "fields",
    [
        {"id": "no uuid", "lines": b"1\t2\n"},
        {"lines": b"\xff\n"},
        {"id": str(uuid.uuid4()), "lines": b"nonsense"},
        {"other": "1"},
    ],
)
def test_an_entry_that_can_not_be_read_holds_up_none(
    valkey: Redis, link: TrackingLink, fields: dict[str, bytes | str]
) -> None:
    valkey.xadd(STREAM, fields)  # type: ignore[arg-type]
    send(valkey, link)

    stored = consumer().round()

    assert (stored.clicks, valkey.xlen(STREAM)) == (1, 0)
    assert RefusedClicks.objects.count() == ("lines" in fields)


def test_a_batch_that_fails_for_a_defect_is_kept_and_holds_up_none(
    valkey: Redis, link: TrackingLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = send(valkey, link, 2)
    send(valkey, link)

    def failing(batches: list[ClickLines], **options: object) -> Stored:
        if any(str(batch.id) == wrong for batch in batches):
            raise TypeError("a defect")
        return store_batches(batches, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("tracking.links.consuming.store_batches", failing)
    monkeypatch.setattr("django.db.connection.close", lambda: None)

    assert consumer().round() == Stored(batches=2, clicks=1, refused=2)

    kept = RefusedClicks.objects.get()
    assert (str(kept.batch), kept.number) == (wrong, 2)
    assert ClickBatch.objects.count() == 2


def test_a_round_keeps_partitions_and_keys_ahead_and_is_recorded(
    valkey: Redis, link: TrackingLink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(periodic_tasks, "_recorded", {})
    alive = tmp_path / "alive"
    one = consumer(alive=alive)
    one.stop()

    one.round(waits=False)

    assert VisitorKey.objects.count() == 3
    done_at = Round.objects.get(task=consuming.NAME).done_at
    assert done_at is not None
    assert timezone.now() - done_at < timedelta(minutes=1)


def test_what_waits_can_be_asked_for(valkey: Redis, link: TrackingLink) -> None:
    assert stream_state(settings.CLICKS_URL, timeout=1) == StreamState(0, None)
    send(valkey, link)
    send(valkey, link)

    state = stream_state(settings.CLICKS_URL, timeout=1)

    assert state.waiting == 2
    assert state.oldest_sent_at is not None
    assert abs(timezone.now() - state.oldest_sent_at) < timedelta(minutes=1)


def test_a_transaction_has_a_bound(valkey: Redis, link: TrackingLink) -> None:
    for _ in range(5):
        valkey.xadd(STREAM, {"id": str(uuid.uuid4()), "lines": b"x" * (BATCH_BYTES * 9 // 20)})
    entries = ClickStream(settings.CLICKS_URL, reader="one", lease=LEASE).read(10)

    assert [len(part) for part in in_parts(entries)] == [2, 2, 1]
    assert list(in_parts([])) == []
