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
        raw = Path(path).open("rb")  # noqa: SIM115 (closed below, where it is used)
    except OSError as error:
        raise CommandError(f"file: {path}: {error.strerror}") from error
    with raw:
        packed = gzip.GzipFile(fileobj=raw) if path.endswith(".gz") else raw
        yield io.TextIOWrapper(packed, encoding="utf-8-sig", newline="")
