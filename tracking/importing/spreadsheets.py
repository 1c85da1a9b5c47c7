"""Read a spreadsheet (.xlsx) as the lines of a CSV file, one per row of the sheet.

Numbers lose what a spreadsheet adds: 8491.0 is 8491, and 20.1 has no tail. A number with more than
15 digits, which a spreadsheet has rounded, is written as 7.01235E+15, and is refused as an id.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from typing import BinaryIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from tracking.importing.csv_rows import ImportFileError

ZIP_MARK = b"PK\x03\x04"
OLD_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # .xls, and any with a password
OLD_FORMAT = (
    "the file is an old spreadsheet (.xls) or has a password: save it as .xlsx or as CSV UTF-8,"
    " without a password"
)
EXACT_DIGITS = 15  # of a spreadsheet's number
MAX_NAMED_SHEETS = 5


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


def read_spreadsheet(file: BinaryIO, *, zone: tzinfo, max_bytes: int | None = None) -> Sheet:
    """Read the first sheet that has contents. Raises ImportFileError.

    Its times, which have no time zone, are those of `zone`. `max_bytes` limits how large the file
    is when it is unpacked.
    """
    try:
        with zipfile.ZipFile(file) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
        if max_bytes is not None and unpacked > max_bytes:
            raise ImportFileError("the spreadsheet is too large: save it as CSV UTF-8")
        file.seek(0)
        book = CalamineWorkbook.from_filelike(file)
        found = _first_with_contents(book)
    except (zipfile.BadZipFile, CalamineError, OSError) as error:
        raise ImportFileError("the file is not a spreadsheet that can be read") from error
    if found is None:
        raise ImportFileError("the spreadsheet is empty")
    sheet, rows = found
    notes = _notes_on_sheets(book.sheet_names, sheet.name)
    notes += _fill_merged(sheet, rows)
    if any(isinstance(cell, date) for row in rows for cell in row):
        notes.append(f"Times in a spreadsheet have no time zone: they are read as {zone} time.")
    start = sheet.start[0] if sheet.start else 0
    return Sheet(["\r\n"] * start + _lines(rows, zone), notes)


def _first_with_contents(book: CalamineWorkbook) -> tuple[CalamineSheet, list[list[object]]] | None:
    for name in book.sheet_names:
        sheet = book.get_sheet_by_name(name)
        rows: list[list[object]] = [list(row) for row in sheet.to_python()]
        if any(cell != "" for row in rows for cell in row):
            return sheet, rows
    return None


def _notes_on_sheets(names: Sequence[str], read: str) -> list[str]:
    others = [name for name in names if name != read]
    if not others:
        return []
    listed = ", ".join(f"“{name}”" for name in others[:MAX_NAMED_SHEETS])
    more = " and others" if len(others) > MAX_NAMED_SHEETS else ""
    return [f"Only the sheet “{read}” was read, the first with contents; not {listed}{more}."]


def _fill_merged(sheet: CalamineSheet, rows: list[list[object]]) -> list[str]:
    """Repeat the value of a merged area on each of its rows, in its first column."""
    top, left = sheet.start or (0, 0)
    filled = 0
    for (first, column), (last, _) in sheet.merged_cell_ranges or ():
        if last > first and 0 <= first - top < len(rows):
            value = rows[first - top][column - left]
            for row in rows[first - top + 1 : last - top + 1]:
                row[column - left] = value
            filled += 1
    if not filled:
        return []
    return [f"Merged cells, {filled:,} areas: their value counts for each of their rows."]


class _Lines(list[str]):
    """Takes the lines of a csv.writer."""

    write = list.append


def _lines(rows: Iterable[Iterable[object]], zone: tzinfo) -> list[str]:
    lines = _Lines()
    writer = csv.writer(lines)
    for row in rows:
        cells = [_text(cell, zone) for cell in row]
        writer.writerow(cells if any(cells) else [])
    return lines


def _text(cell: object, zone: tzinfo) -> str:
    """A cell as a CSV file would have it."""
    if isinstance(cell, str):
        return " ".join(cell.splitlines()) if "\n" in cell or "\r" in cell else cell
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int | float):
        return _number(cell)
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=zone).isoformat()
    if isinstance(cell, date):
        return datetime.combine(cell, time.min, zone).isoformat()
    return str(cell)


def _number(number: float) -> str:
    if abs(number) >= 10**EXACT_DIGITS:
        return f"{number:.{EXACT_DIGITS - 1}E}"
    return f"{Decimal(f'{number:.{EXACT_DIGITS}g}'):f}"
