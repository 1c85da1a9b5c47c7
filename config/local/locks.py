"""File locks that the kernel releases when their holder dies, also after a kill."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path`; wait until it is free."""
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class HeldLock:
    """A lock held until `release` or the end of the process; a forked child doesn't hold it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        os.register_at_fork(after_in_child=self._forget)

    @property
    def is_held(self) -> bool:
        return self._descriptor is not None

    def share(self) -> None:
        """Take the lock shared."""
        if self._descriptor is None:
            self._descriptor = _open(self._path)
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def take(self) -> bool:
        """Take the lock exclusively. If another holds it, lose the shared lock and return False."""
        if self._descriptor is None:
            self._descriptor = _open(self._path)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            return False
        return True

    def release(self) -> None:
        if self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        self._forget()

    def _forget(self) -> None:
        """Close without unlocking: after a fork both processes share the same lock."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
