"""Read a spreadsheet in a separate process, whose memory and time have a bound.

A small file can say of itself that it has a billion cells, and the library that reads it then asks
for all the memory there is, which ends a process. Run as `python -m`, with the file at stdin and
the time zone as argument; it imports next to nothing of the product, so that it starts quickly.

Numbers lose what a spreadsheet adds: 8491.0 is 8491, and 20.1 has no tail. A number with more than
15 digits, which a spreadsheet has rounded, is written as 7.01235E+15, and is refused as an id. See
`cell_marks` for what CSV can't say.
"""

from __future__ import annotations

import csv
import io
import json
import resource
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from python_calamine import CalamineSheet, CalamineWorkbook

from tracking.importing.cell_marks import marked_number, marked_text

MAX_MEMORY_BYTES = 512 * 1024 * 1024
MAX_CPU_SECONDS = 60
EXACT_DIGITS = 15  # of a spreadsheet's number
MAX_NAMED_SHEETS = 5


def main(zone_name: str) -> None:
    """Print `{"lines": […], "notes": […]}`; both are empty for a spreadsheet without contents."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    json.dump(_read(book, ZoneInfo(zone_name)), sys.stdout)


def _read(book: CalamineWorkbook, zone: tzinfo) -> dict[str, list[str]]:
    found = _first_with_contents(book)
    if found is None:
        return {"lines": [], "notes": []}
    sheet, rows = found
    notes = _notes_on_sheets(book.sheet_names, sheet.name)
    notes += _fill_merged(sheet, rows)
    if any(isinstance(cell, date) for row in rows for cell in row):
        notes.append(f"Times in a spreadsheet have no time zone: they are read as {zone} time.")
    start = sheet.start[0] if sheet.start else 0
    return {"lines": ["\r\n"] * start + _lines(rows, zone), "notes": notes}


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
        return marked_text(cell)
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
    return marked_number(f"{Decimal(f'{number:.{EXACT_DIGITS}g}'):f}")


if __name__ == "__main__":
    main(sys.argv[1])
