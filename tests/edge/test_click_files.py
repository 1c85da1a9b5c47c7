"""Clicks on their way from memory to a file, and from there to the stream."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from prometheus_client import REGISTRY
from redis import Redis

from edge.clicks import MAX_LINES, Clicks
from edge.files import SUFFIX, ClickFile
from edge.sending import BusyError, Sender
from edge.writing import Writer
from tracking.links.click_stream import STREAM

PLENTY = 10**9


@pytest.fixture
def valkey() -> Iterator[Redis]:
    with Redis.from_url(settings.CLICKS_URL) as client:
        client.delete(STREAM)
        yield client
        client.delete(STREAM)


def sender_of(writer: Writer, folder: Path, *, max_entries: int = 1_000) -> Sender:
    return Sender(writer, folder, url=settings.CLICKS_URL, kinds=dict, max_entries=max_entries)


def written(folder: Path, *batches: list[str], max_bytes: int = PLENTY) -> Writer:
    """A writer that has written these batches."""
    clicks = Clicks()
    writer = Writer(clicks, folder, max_bytes=max_bytes)
    for batch in batches:
        for line in batch:
            clicks.keep(line)
        writer.write()
    return writer


def sent(valkey: Redis) -> list[tuple[bytes, bytes]]:
    """Id and lines of each entry of the stream."""
    entries: Any = valkey.xrange(STREAM)
    return [(entry[b"id"], entry[b"lines"]) for _, entry in entries]


def lost(why: str) -> float:
    return REGISTRY.get_sample_value("tributary_clicks_dropped_total", {"why": why}) or 0.0


def test_batches_come_out_of_a_file_as_they_went_in(tmp_path: Path) -> None:
    [file] = written(tmp_path, ["a\t1", "é\t2"], ["b\t3"]).listed()

    first, second = file.unsent()

    assert (first.lines, second.lines) == ("a\t1\né\t2\n".encode(), b"b\t3\n")
    assert first.id != second.id
    assert second.end == file.size


@pytest.mark.parametrize(
    ("cut", "expected"),
    [(0, [b"a\n", b"bb\ncc\n"]), (1, [b"a\n", b"bb\n"]), (3, [b"a\n", b"bb\n"]), (8, [b"a\n"])],
)
def test_of_a_batch_that_was_cut_off_the_whole_lines_count(
    tmp_path: Path, cut: int, expected: list[bytes]
) -> None:
    [file] = written(tmp_path, ["a"], ["bb", "cc"]).listed()
    whole = file.path.read_bytes()
    left = tmp_path / f"left{SUFFIX}"
    left.write_bytes(whole[: len(whole) - cut])

    found = ClickFile.left_over(left)

    assert found
    assert [batch.lines for batch in found.unsent() if batch.lines] == expected


def test_a_file_is_taken_over_once_its_process_has_ended(tmp_path: Path, valkey: Redis) -> None:
    first = written(tmp_path, ["a"])
    second = written(tmp_path, ["b"])
    other = sender_of(second, tmp_path)

    other.work()
    assert [lines for _, lines in sent(valkey)] == [b"b\n"]

    for file in first.listed():  # as when the process ends
        file.close()
    other.search()
    other.work()
    assert sorted(lines for _, lines in sent(valkey)) == [b"a\n", b"b\n"]


def test_what_is_sent_is_sent_once_and_cleared_a_minute_later(
    tmp_path: Path, valkey: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = written(tmp_path, ["a"])
    sender = sender_of(writer, tmp_path)
    sender.work()
    sender.work()
    [file] = writer.listed()
    file.is_sealed = True

    assert len(sent(valkey)) == 1
    assert file.path.exists()
    now = time.monotonic()
    monkeypatch.setattr("edge.sending.time.monotonic", lambda: now + 61)
    sender.work()
    assert (writer.listed(), list(tmp_path.iterdir())) == ([], [])


def test_the_last_minute_is_sent_again_after_the_connection_was_lost(
    tmp_path: Path, valkey: Redis
) -> None:
    writer = written(tmp_path, ["a"])
    sender = sender_of(writer, tmp_path)
    sender.work()
    before = sent(valkey)
    valkey.delete(STREAM)  # Valkey was killed, and its file did not have it yet
    valkey.client_kill_filter(_id=str(sender.valkey.client_id()))
    writer.listed()[0].write(["b"])

    sender.work()

    assert before[0] in sent(valkey)
    assert {lines for _, lines in sent(valkey)} == {b"a\n", b"b\n"}


def test_while_the_stream_is_full_the_files_wait(tmp_path: Path, valkey: Redis) -> None:
    writer = written(tmp_path, ["a"])
    for _ in range(3):
        valkey.xadd(STREAM, {"id": "x", "lines": "y"})
    sender = sender_of(writer, tmp_path, max_entries=2)

    with pytest.raises(BusyError) as error:
        sender.work()
    sender.note_failure(error.value)
    assert writer.waiting > 0
    valkey.delete(STREAM)
    sender.work()

    assert [lines for _, lines in sent(valkey)] == [b"a\n"]


def test_what_does_not_fit_is_counted_as_lost(tmp_path: Path) -> None:
    full, slow = "too many wait for the stream", "not written in time"
    before = lost(full), lost(slow)

    writer = written(tmp_path, ["a" * 100], ["b"], ["c", "d"], max_bytes=50)
    written(tmp_path, ["x"] * (MAX_LINES + 5))

    assert [batch.lines for batch in writer.listed()[0].unsent()] == [b"a" * 100 + b"\n"]
    assert (lost(full) - before[0], lost(slow) - before[1]) == (3, 5)


def test_clicks_of_a_folder_that_is_gone_are_counted_as_lost(tmp_path: Path) -> None:
    why = "not written: No such file or directory"
    before = lost(why)

    written(tmp_path / "gone", ["a", "b"])

    assert lost(why) - before == 2
