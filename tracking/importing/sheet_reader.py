"""Read a spreadsheet in a separate process, whose memory and time have a bound.

A small file can say of itself that it has a billion cells, and the library that reads it then asks
for all the memory there is, which ends a process. Or it has one long text in every cell. Run as
`python -m`, with the file at stdin, and the time zone and the largest number of bytes to print as
arguments; it imports next to nothing of the product, so that it starts quickly.

Numbers lose what a spreadsheet adds: 8491.0 is 8491, and 20.1 has no tail. A number with more than
15 digits, which a spreadsheet has rounded, is written as 7.01235E+15, and is refused as an id. A
number in the format 00000 has its zeros. See `cell_marks` for what CSV can't say.
"""

from __future__ import annotations

import csv
import io
import json
import re
import resource
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from tracking.importing.cell_marks import FAULT, SHOWN_OTHERWISE, marked_number, marked_text
from tracking.importing.sheet_xml import facts_of_sheet, name_of_cell

MAX_MEMORY_BYTES = 512 * 1024 * 1024
MAX_CPU_SECONDS = 60
EXACT_DIGITS = 15  # of a spreadsheet's number
MAX_NAMED_SHEETS = 5
MAX_ROWS_BELOW = 1_000  # under the last one with a value, in which faults are looked for
MAX_SHEET_NAME = 31  # characters, as in Excel
UNKNOWN_ERROR = re.compile("Unsupported cell error value '(#[^']{1,30})'")


class _TooMuchTextError(Exception):
    """The sheet has more text than may be printed."""


def main(zone_name: str, max_bytes: int) -> None:
    """Print `{"lines": […], "notes": […], "problem": "…"}` with at most so many bytes of lines.

    Without lines, `problem` says why there are none; all are empty for a spreadsheet without
    contents.
    """
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    content = sys.stdin.buffer.read()
    lines, notes, problem = list[str](), list[str](), ""
    try:
        lines, notes = _read(content, ZoneInfo(zone_name), max_bytes)
    except _TooMuchTextError:
        problem = (
            f"the spreadsheet holds more than {max_bytes // 1_000_000} MB of text: split it into"
            " several"
        )
    except CalamineError as error:
        if not (unknown := UNKNOWN_ERROR.search(str(error))):
            raise
        problem = (
            f"the spreadsheet has a cell with the error {unknown[1]}: mend the cell, or empty it"
        )
    json.dump({"lines": lines, "notes": notes, "problem": problem}, sys.stdout)


def _read(content: bytes, zone: tzinfo, max_bytes: int) -> tuple[list[str], list[str]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    found = _first_with_contents(book)
    if found is None:
        return [], []
    sheet, rows = found
    notes = _notes_on_sheets(book.sheet_names, sheet.name)
    _put_facts(content, sheet, rows)
    notes += _fill_merged(sheet, rows)
    if any(isinstance(cell, date) for row in rows for cell in row):
        notes.append(f"Times in a spreadsheet have no time zone: they are read as {zone} time.")
    start = sheet.start[0] if sheet.start else 0
    return ["\r\n"] * start + _lines(rows, zone, max_bytes), notes


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
    listed = ", ".join(f"“{name[:MAX_SHEET_NAME]}”" for name in others[:MAX_NAMED_SHEETS])
    more = " and others" if len(others) > MAX_NAMED_SHEETS else ""
    name = read[:MAX_SHEET_NAME]
    return [f"Only the sheet “{name}” was read, the first with contents; not {listed}{more}."]


def _put_facts(content: bytes, sheet: CalamineSheet, rows: list[list[object]]) -> None:
    """Put what the file's XML says beside its values into the cells.

    A row under the last one with a value may have cells that have no value for a reason. A column
    without a value has no name in the header, so it is not read.
    """
    facts = facts_of_sheet(io.BytesIO(content), sheet.name)
    top, left = sheet.start or (0, 0)
    width = len(rows[0])
    for (row, column), error in sorted(facts.faults.items()):
        is_near = row - top < len(rows) + MAX_ROWS_BELOW
        if row >= top and is_near and 0 <= column - left < width:
            rows.extend([""] * width for _ in range(row - top + 1 - len(rows)))
            rows[row - top][column - left] = f"{FAULT}{name_of_cell((row, column))} {error}"
    for row, marks in facts.digits.items():
        if not 0 <= row - top < len(rows):
            continue
        cells = rows[row - top]
        for column in range(left, min(len(marks), left + width)):
            cell = cells[column - left]
            if marks[column] and isinstance(cell, int | float):
                cells[column - left] = _as_shown(_number(cell), marks[column] - 1)


def _as_shown(number: str, digits: int) -> str:
    """A number with the zeros that are shown before it, or marked if more than that is shown."""
    is_padded = digits and number.isdecimal()
    return number.zfill(digits) if is_padded else f"{SHOWN_OTHERWISE}{number}"


def _fill_merged(sheet: CalamineSheet, rows: list[list[object]]) -> list[str]:
    """Repeat the value of a merged area on each of its rows, in its first column."""
    top, left = sheet.start or (0, 0)
    filled = 0
    width = len(rows[0])
    for (first, column), (last, _) in sheet.merged_cell_ranges or ():
        # An area can lie beside or above the cells that hold something.
        if last > first and 0 <= first - top < len(rows) and 0 <= column - left < width:
            value = rows[first - top][column - left]
            for row in rows[first - top + 1 : last - top + 1]:
                row[column - left] = value
            filled += 1
    if not filled:
        return []
    return [f"Merged cells, {filled:,} areas: their value counts for each of their rows."]


class _Lines(list[str]):
    """Takes the lines of a csv.writer, up to so many bytes."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__()
        self.bytes_left = max_bytes

    def write(self, line: str) -> None:
        self.bytes_left -= len(line.replace(SHOWN_OTHERWISE, "").encode())
        if self.bytes_left < 0:
            raise _TooMuchTextError
        self.append(line)


def _lines(rows: Iterable[Iterable[object]], zone: tzinfo, max_bytes: int) -> list[str]:
    lines = _Lines(max_bytes)
    writer = csv.writer(lines)
    for row in rows:
        cells = [_text(cell, zone) for cell in row]
        writer.writerow(cells if any(cells) else [])
    return lines


def _text(cell: object, zone: tzinfo) -> str:
    """A cell as a CSV file would have it."""
    if isinstance(cell, str):
        return marked_text(cell)
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int | float):
        return _number(cell)
    if isinstance(cell, datetime):
        return f"{SHOWN_OTHERWISE}{cell.replace(tzinfo=zone).isoformat()}"
    if isinstance(cell, date):
        return f"{SHOWN_OTHERWISE}{datetime.combine(cell, time.min, zone).isoformat()}"
    return f"{SHOWN_OTHERWISE}{cell}"  # a time of day, or a length of time


def _number(number: float) -> str:
    if abs(number) >= 10**EXACT_DIGITS:
        return f"{number:.{EXACT_DIGITS - 1}E}"
    return marked_number(f"{Decimal(f'{number:.{EXACT_DIGITS}g}'):f}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
