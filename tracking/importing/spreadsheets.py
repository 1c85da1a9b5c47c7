"""Read a spreadsheet (.xlsx) as the lines of a CSV file, one per row of the sheet."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any, BinaryIO

from tracking.importing.csv_rows import ImportFileError

ZIP_MARK = b"PK\x03\x04"
OLD_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # .xls, and any with a password
OLD_FORMAT = (
    "the file is an old spreadsheet (.xls) or has a password: save it as .xlsx or as CSV UTF-8,"
    " without a password"
)
UNREADABLE = (
    "the spreadsheet can't be read: it is damaged, or has cells far beside or below the table."
    " Copy the table into a new one, or save it as CSV UTF-8"
)
READER = "tracking.importing.sheet_reader"
MAX_SECONDS = 120  # of the reader, on a busy machine
MAX_TEXT_BYTES = 100_000_000  # of a sheet that a command reads
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The lines of a sheet, and sentences for the person who imports it."""

    lines: list[str]
    notes: list[str]


def is_spreadsheet(head: bytes) -> bool:
    """Whether a file that begins so is a spreadsheet. Raises ImportFileError for an old one."""
    if head.startswith(OLD_MARK):
        raise ImportFileError(OLD_FORMAT)
    return head.startswith(ZIP_MARK)


def read_spreadsheet(
    file: BinaryIO,
    *,
    zone: tzinfo,
    max_bytes: int | None = None,
    max_text_bytes: int = MAX_TEXT_BYTES,
) -> Sheet:
    """Read the first sheet that has contents. Raises ImportFileError.

    Its times, which have no time zone, are those of `zone`. `max_bytes` limits how large the file
    is when it is unpacked, and `max_text_bytes` how large the sheet is as CSV: one text may be in
    many cells. How much memory reading may take is limited always.
    """
    try:
        with zipfile.ZipFile(file) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise ImportFileError("the file is not a spreadsheet that can be read") from error
    if max_bytes is not None and unpacked > max_bytes:
        raise ImportFileError("the spreadsheet is too large: save it as CSV UTF-8")
    file.seek(0)
    found = _in_a_process_of_its_own(file.read(), zone, max_text_bytes)
    if not found["lines"]:
        raise ImportFileError(found["problem"] or "the spreadsheet is empty")
    return Sheet(found["lines"], found["notes"])


def _in_a_process_of_its_own(content: bytes, zone: tzinfo, max_text_bytes: int) -> dict[str, Any]:
    command = [sys.executable, "-m", READER, str(zone), str(max_text_bytes)]
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, timeout=MAX_SECONDS, cwd=ROOT, check=True
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise ImportFileError(UNREADABLE) from error
    found: dict[str, Any] = json.loads(done.stdout)
    return found
