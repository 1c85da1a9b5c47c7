"""Files of a work, stored in PostgreSQL in chunks, so that every machine can read them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from background.models import Work, WorkChunk, WorkFile

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK_BYTES = 512 * 1024


def save_file(work: Work, file: WorkFile, content: Iterable[bytes]) -> None:
    """Write a whole file, in chunks of at most CHUNK_BYTES. Call it in a transaction."""
    for number, chunk in enumerate(chunks(content)):
        WorkChunk.objects.create(work=work, file=file, number=number, content=chunk)


def add_chunk(work: Work, file: WorkFile, *, number: int, content: bytes) -> None:
    """Write the next chunk of a file, in the batch that made the chunk."""
    WorkChunk.objects.create(work=work, file=file, number=number, content=content)


def append_chunk(work: Work, file: WorkFile, content: bytes) -> None:
    """Write one more chunk of a file, in the batch that made it."""
    written = WorkChunk.objects.filter(work=work, file=file).count()
    add_chunk(work, file, number=written, content=content)


def delete_file(work: Work, file: WorkFile) -> None:
    """Delete every chunk, to write the file again. Call it in a transaction."""
    WorkChunk.objects.filter(work=work, file=file).delete()


def chunks(content: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in chunks of CHUNK_BYTES; the last may be shorter."""
    gathered = bytearray()
    for part in content:
        gathered += part
        while len(gathered) >= CHUNK_BYTES:
            yield bytes(gathered[:CHUNK_BYTES])
            del gathered[:CHUNK_BYTES]
    if gathered:
        yield bytes(gathered)


def read_file_bytes(work: Work, file: WorkFile) -> Iterator[bytes]:
    """The file, chunk by chunk."""
    chunks = WorkChunk.objects.filter(work=work, file=file).order_by("number")
    number = -1
    while chunk := chunks.filter(number__gt=number).first():
        number = chunk.number
        yield bytes(chunk.content)


def read_file_lines(work: Work, file: WorkFile) -> io.TextIOWrapper:
    """The file as UTF-8 text with its own line ends, as the csv module wants it."""
    raw = io.BufferedReader(_ChunkReader(read_file_bytes(work, file)), buffer_size=CHUNK_BYTES)
    return io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")


class _ChunkReader(io.RawIOBase):
    """A file object that reads from chunks."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks, self.rest = chunks, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if not self.rest:
            self.rest = memoryview(next(self.chunks, b""))
        given = memoryview(buffer)[: len(self.rest)]
        given[:] = self.rest[: len(given)]
        self.rest = self.rest[len(given) :]
        return len(given)
