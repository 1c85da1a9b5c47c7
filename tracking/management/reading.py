"""Open the files that commands are given."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import CommandError


@contextmanager
def opened(path: str) -> Iterator[io.TextIOBase]:
    """A UTF-8 text file, packed with gzip when its name ends in .gz. Raises CommandError."""
    try:
        file = (
            gzip.open(path, "rt", encoding="utf-8-sig", newline="")
            if path.endswith(".gz")
            else Path(path).open(encoding="utf-8-sig", newline="")
        )
    except OSError as error:
        raise CommandError(f"file: {path}: {error.strerror}") from error
    with file:
        yield file  # type: ignore[misc]
