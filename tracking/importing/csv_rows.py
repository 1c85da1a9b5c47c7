"""Read the rows of a CSV file, and report which rows were refused and why."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from tracking.importing.cell_marks import LINE_BREAK

BATCH = 200
MEMBER_COLUMNS = ("email", "first_name", "last_name", "promo_code")
DELIMITERS = (",", ";", "\t")
SEPARATOR_LINE = re.compile(r"sep=([,;\t])\s*", re.IGNORECASE)  # for Excel
BLANK = ',;\t" \r\n'  # what a line without contents is made of
MAX_COLUMNS = 500
BEYOND = "\0"  # the key of what a row has beyond the header; no column has this name
HAVE_LINES = frozenset({"discount_code"})  # columns in which a line break separates
SPREADSHEET_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE)
Row = tuple[int, dict[str, str]]  # file line, cells by column
Reader = Any  # of the csv module, which does not name its type
Counted = Callable[[int], None]


class ImportFileError(ValueError):
    """The file can't be read: it is no table of a known kind, or a column is missing."""


@dataclass(frozen=True, slots=True)
class RowError:
    """An error in one line of the file."""

    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.field}: {self.message}"


@dataclass(slots=True)
class ImportReport:
    """The number of rows per outcome, the refused rows, and those that need a confirmation.

    `remarks` are what a preview says of other rows.
    """

    counts: Counter[str] = field(default_factory=Counter)
    errors: list[RowError] = field(default_factory=list)
    asks: list[RowError] = field(default_factory=list)
    remarks: list[RowError] = field(default_factory=list)

    def add(self, other: ImportReport) -> None:
        """Add the report of the next batch."""
        self.counts += other.counts
        self.errors += other.errors
        self.asks += other.asks


def read_rows(
    lines: Iterable[str], *, columns: Sequence[str], mapping: Mapping[str, str] | None = None
) -> Iterator[Row]:
    """Yield the rows of a CSV file with their line numbers. Raises ImportFileError.

    Cells are separated by commas, semicolons or tabs. The names of columns match whatever their
    case, spaces, hyphens and underscores. `mapping` says which column of the file holds one of
    ours, by `column_name`; "" for one that the file does not have. What a row has beyond the header
    is under BEYOND.
    """
    mapping = mapping or {}
    absent = {name: "" for name, column in mapping.items() if not column}
    before = 0
    try:
        names, reader, before = _opened(lines, columns=columns, mapping=mapping)
        header = _header(names, mapping)
        _check_header(header, [name for name in columns if name not in absent])
        for cells in reader:
            line = reader.line_num + before
            if any("\0" in cell for cell in cells):
                raise ImportFileError(f"line {line} holds a NUL character")
            if any(map(str.strip, cells)):
                is_whole = len(cells) == len(header)
                row = dict(zip(header, cells, strict=True)) if is_whole else _row(header, cells)
                if any(LINE_BREAK in cell for cell in cells):
                    row = {name: _with_line_breaks(name, cell) for name, cell in row.items()}
                yield line, (absent | row if absent else row)
    except UnicodeDecodeError as error:
        raise ImportFileError("the file is not UTF-8 text") from error
    except csv.Error as error:
        raise ImportFileError(f"line {reader.line_num + before} is not CSV: {error}") from error


def read_header(lines: Iterable[str], *, columns: Sequence[str]) -> list[str]:
    """Return the names of the file's columns as it has them. Raises ImportFileError."""
    try:
        return _opened(lines, columns=columns, mapping={})[0]
    except UnicodeDecodeError as error:
        raise ImportFileError("the file is not UTF-8 text") from error
    except csv.Error as error:
        raise ImportFileError(f"the first line is not CSV: {error}") from error


def _opened(
    lines: Iterable[str], *, columns: Sequence[str], mapping: Mapping[str, str]
) -> tuple[list[str], Reader, int]:
    """The header, a reader of the rows under it, and how many lines stand before the header."""
    lines, before = iter(lines), 0
    first = next(lines, "").removeprefix("\ufeff")
    said = SEPARATOR_LINE.fullmatch(first)
    if said:
        first, before = next(lines, ""), 1
    while first and not first.strip(BLANK):
        first, before = next(lines, ""), before + 1
    delimiter = said[1] if said else _delimiter(first, {*columns, *mapping.values()} - {""})
    reader = csv.reader(chain([first], lines), delimiter=delimiter)
    names = [name.replace(LINE_BREAK, " ") for name in next(reader, [])]
    if any("\0" in name for name in names):
        raise ImportFileError("the first line holds a NUL character")
    if len(names) > MAX_COLUMNS:
        raise ImportFileError(f"the file has {len(names):,} columns, more than {MAX_COLUMNS}")
    return names, reader, before


def column_name(text: str) -> str:
    """Return the name of a column as it is compared: "Promo Code" is promo_code."""
    return re.sub(r"[\s_-]+", "_", text.strip().lower())


def _header(names: Iterable[str], mapping: Mapping[str, str]) -> list[str]:
    """Our names of the file's columns. A column whose name another one has here is nameless."""
    ours = {column: name for name, column in mapping.items() if column}
    header = [column_name(name) for name in names]
    return [ours.get(name, "" if name in mapping else name) for name in header]


def _delimiter(header: str, columns: set[str]) -> str:
    """The separator that shows most of the columns; if none shows any, that of most cells."""

    def shown(delimiter: str) -> tuple[int, int]:
        names = header.replace('"', "").split(delimiter)
        return len({column_name(name) for name in names} & columns), len(names)

    return max(DELIMITERS, key=shown)


def _check_header(header: Sequence[str], columns: Sequence[str]) -> None:
    missing = [name for name in columns if name not in header]
    if missing:
        raise ImportFileError(f"the file has no column {', '.join(missing)}")
    twice = [name for name, number in Counter(header).items() if name and number > 1]
    if twice:
        raise ImportFileError(f"the column {twice[0]} stands twice")


def _row(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """A row that has fewer or more cells than the header."""
    padded = [*cells, *([""] * (len(header) - len(cells)))]
    row = dict(zip(header, padded, strict=False))
    beyond = "".join(padded[len(header) :]).strip()
    return row | {BEYOND: beyond} if beyond else row


def _with_line_breaks(name: str, cell: str) -> str:
    """A cell of a spreadsheet: its line breaks count where they separate, else as spaces."""
    return cell.replace(LINE_BREAK, "\n" if name in HAVE_LINES else " ")


def problem_of_cells(cells: Mapping[str, str], ids: Iterable[str]) -> tuple[str, str] | None:
    """What is wrong with the row before any cell is read: the column and a message; else None.

    A cell beyond the header is usually a comma in a text without quotes, so that all cells after it
    are in the wrong column. The columns `ids` hold texts that a spreadsheet takes for numbers.
    """
    if BEYOND in cells:
        return "row", f"has more cells than the header, up to {cells[BEYOND]!r}"
    for name in ids:
        if "E" in cells[name].upper() and SPREADSHEET_NUMBER.fullmatch(cells[name].strip()):
            return name, f"{cells[name].strip()}: a spreadsheet turned this into a number"
    return None
