"""Files of a work, kept in PostgreSQL in pieces: every machine sees them, and memory stays flat."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from background.models import Work, WorkChunk, WorkFile

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK_BYTES = 512 * 1024  # bytes


def save_file(work: Work, file: WorkFile, content: Iterable[bytes]) -> None:
    """Write a file whole, in pieces of at most CHUNK. Belongs inside a transaction."""
    for number, piece in enumerate(pieces(content)):
        WorkChunk.objects.create(work=work, file=file, number=number, content=piece)


def add_piece(work: Work, file: WorkFile, *, number: int, content: bytes) -> None:
    """Write the next piece of a file that is made piece by piece, in the batch that made it."""
    WorkChunk.objects.create(work=work, file=file, number=number, content=content)


def delete_file(work: Work, file: WorkFile) -> None:
    """Delete every piece, to begin the file anew. Belongs inside a transaction."""
    WorkChunk.objects.filter(work=work, file=file).delete()


def pieces(content: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, gathered or cut into pieces of CHUNK; the last may be shorter."""
    gathered = bytearray()
    for part in content:
        gathered += part
        while len(gathered) >= CHUNK_BYTES:
            yield bytes(gathered[:CHUNK_BYTES])
            del gathered[:CHUNK_BYTES]
    if gathered:
        yield bytes(gathered)


def read_file_bytes(work: Work, file: WorkFile) -> Iterator[bytes]:
    """The file, a piece at a time."""
    chunks = WorkChunk.objects.filter(work=work, file=file).order_by("number")
    number = -1
    while piece := chunks.filter(number__gt=number).first():
        number = piece.number
        yield bytes(piece.content)


def read_file_lines(work: Work, file: WorkFile) -> io.TextIOWrapper:
    """The file as UTF-8 text with its own line ends, as the csv module wants it."""
    raw = io.BufferedReader(_Pieces(read_file_bytes(work, file)), buffer_size=CHUNK_BYTES)
    return io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")


class _Pieces(io.RawIOBase):
    """Bytes that come in pieces, to be read like a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces, self.rest = pieces, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if not self.rest:
            self.rest = memoryview(next(self.pieces, b""))
        given = memoryview(buffer)[: len(self.rest)]
        given[:] = self.rest[: len(given)]
        self.rest = self.rest[len(given) :]
        return len(given)
