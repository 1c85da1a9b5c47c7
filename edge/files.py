"""The files in which clicks wait on the web machine's disk until the stream has them.

A file holds batches, each with a line of its own before it: the batch's id, the length in bytes of
its lines, and how many they are. What was written survives the process that wrote it. A file stays
locked (flock) while its process lives; another process takes over what is not locked any more.
"""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SUFFIX = ".clicks"
READ_BYTES = 1_000_000
MAX_HEAD = 100  # bytes of the line before a batch


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines of clicks, under an id by which PostgreSQL stores them once. `end`: in the file."""

    id: str
    lines: bytes
    end: int


class ClickFile:
    """One file, locked by this process. `sent` is how much of it the stream has."""

    def __init__(self, path: Path, descriptor: int, *, size: int = 0) -> None:
        self.path, self._descriptor = path, descriptor
        self.size, self.sent = size, 0
        self.is_sealed = False  # when it is, nothing is written any more
        self.sent_at = 0.0
        self.begun_at = time.monotonic()

    @classmethod
    def new(cls, folder: Path) -> ClickFile:
        """Make a file that no other process takes over. Raises OSError."""
        name = f"{time.time_ns():020}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        path = folder / f"{name}{SUFFIX}"
        hidden = folder / f".{name}"
        descriptor = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            hidden.rename(path)
        except BaseException:
            os.close(descriptor)
            hidden.unlink(missing_ok=True)
            raise
        return cls(path, descriptor)

    @classmethod
    def left_over(cls, path: Path) -> ClickFile | None:
        """Take over the file of a process that has ended; None while that lives."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            found = os.fstat(descriptor)
        except OSError:
            os.close(descriptor)
            return None
        if not found.st_nlink:  # sent and removed meanwhile
            os.close(descriptor)
            return None
        left = cls(path, descriptor, size=found.st_size)
        left.is_sealed = True
        return left

    @property
    def waiting(self) -> int:
        """How many bytes the stream does not have."""
        return self.size - self.sent

    def write(self, lines: list[str]) -> None:
        """Append a batch whole, or nothing of it. Raises OSError."""
        text = ("\n".join(lines) + "\n").encode()
        whole = memoryview(f"{uuid.uuid4()} {len(text)} {len(lines)}\n".encode() + text)
        written = 0
        try:
            while written < len(whole):
                written += os.pwrite(self._descriptor, whole[written:], self.size + written)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self.size)
            raise
        self.size += written

    def unsent(self) -> Iterator[Batch]:
        """Yield the batches after `sent`, in their order.

        A process that was killed while it wrote leaves a batch without its end: its whole lines
        count. Raises OSError.
        """
        begin = read_at = self.sent
        read = b""
        while begin < self.size:
            if begin + MAX_HEAD > read_at + len(read):
                read, read_at = self._read(READ_BYTES, begin), begin
            head = read[begin - read_at : begin - read_at + MAX_HEAD].partition(b"\n")[0]
            try:
                name, length, _number = head.decode().split(" ")
                lines_at, end = begin + len(head) + 1, begin + len(head) + 1 + int(length)
                uuid.UUID(name)
            except ValueError:  # the head itself was cut
                self.sent = self.size
                return
            if end > read_at + len(read):
                read, read_at = self._read(max(READ_BYTES, int(length)), lines_at), lines_at
            lines = read[lines_at - read_at : end - read_at]
            if len(lines) < int(length):
                lines = lines[: lines.rfind(b"\n") + 1]
                end = self.size
            yield Batch(name, lines, end)
            begin = end

    def _read(self, length: int, begin: int) -> bytes:
        left = max(0, self.size - begin)  # a head may have been cut before its end
        return os.pread(self._descriptor, min(length, left), begin)

    def close(self) -> None:
        """Leave the file to another process."""
        os.close(self._descriptor)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        self.close()
