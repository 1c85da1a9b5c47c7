"""Read a file that was uploaded, of any kind, as CSV in UTF-8, so that workers read one kind."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import tzinfo

from tracking.importing.csv_rows import ImportFileError
from tracking.importing.spreadsheets import is_spreadsheet, read_spreadsheet
from tracking.importing.text_encodings import NOTES, UTF_8, encoding_of

MAX_FILE_BYTES = 20_000_000  # of a file, and of a spreadsheet as CSV
MAX_UNPACKED_BYTES = 150_000_000  # of a spreadsheet: 100,000 rows of 15 columns
GZIP_MARK = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Upload:
    """A table as CSV in UTF-8, and sentences for the person: what the file was read as."""

    content: bytes
    notes: list[str]


def read_upload(content: bytes, *, zone: tzinfo) -> Upload:
    """Read an uploaded file. Raises ImportFileError.

    Line numbers stay those of the file. Times in a spreadsheet are those of `zone`.
    """
    if content.startswith(GZIP_MARK):
        raise ImportFileError("the file is packed with gzip: unpack it first")
    if is_spreadsheet(content):
        sheet = read_spreadsheet(
            io.BytesIO(content),
            zone=zone,
            max_bytes=MAX_UNPACKED_BYTES,
            max_text_bytes=MAX_FILE_BYTES,
        )
        return Upload("".join(sheet.lines).encode(), sheet.notes)
    encoding = encoding_of([content])
    if encoding == UTF_8:
        return Upload(content, [])
    return Upload(content.decode(encoding).encode(), [NOTES[encoding]])
