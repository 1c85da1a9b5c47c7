"""Open the files that commands are given."""

from __future__ import annotations

import errno
import gzip
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import tzinfo
from pathlib import Path
from typing import BinaryIO, cast

from django.core.management.base import CommandError

from tracking.importing.csv_rows import ImportFileError
from tracking.importing.spreadsheets import OLD_MARK, is_spreadsheet, read_spreadsheet
from tracking.importing.tables import Lines, Table
from tracking.importing.text_encodings import NOTES, UTF_8, encoding_of

CHUNK_BYTES = 1024 * 1024


def input_table(path: str, *, columns: Sequence[str], zone: tzinfo) -> Table:
    """Return the table in a file: CSV or .xlsx, packed with gzip when its name ends in .gz.

    Times in a spreadsheet are those of `zone`. A pipe is a stream of CSV in UTF-8. Raises
    CommandError for a file that can't be opened, and ImportFileError for one that can't be read.
    """
    if not Path(path).exists():
        raise CommandError(f"file: {path}: {os.strerror(errno.ENOENT)}")
    if not Path(path).is_file():
        return Table(lambda: _text(path, UTF_8), columns, is_stream=True)
    with _opened(path) as file:
        if is_spreadsheet(file.read(len(OLD_MARK))):
            file.seek(0)
            sheet = read_spreadsheet(file, zone=zone)
            return Table(lambda: nullcontext(sheet.lines), columns, notes=sheet.notes)
        file.seek(0)
        encoding = encoding_of(iter(lambda: file.read(CHUNK_BYTES), b""))
    notes = [NOTES[encoding]] if NOTES[encoding] else []
    return Table(lambda: _text(path, encoding), columns, notes=notes)


@contextmanager
def _text(path: str, encoding: str) -> Iterator[Lines]:
    with _opened(path) as file:
        yield io.TextIOWrapper(file, encoding=encoding, newline="")


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    """Open a file, unpacked. Raises CommandError for a system's error, also while it is read."""
    try:
        with Path(path).open("rb") as raw:
            packed = path.endswith(".gz")
            yield cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if packed else raw
    except gzip.BadGzipFile as error:
        raise ImportFileError("the file is not packed with gzip, as its name says") from error
    except EOFError as error:
        raise ImportFileError("the packed file ends too early") from error
    except OSError as error:
        raise CommandError(f"file: {path}: {error.strerror}") from error
