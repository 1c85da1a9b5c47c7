"""Read the rows of a CSV file, and report which rows were refused and why."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

BATCH = 200
MEMBER_COLUMNS = ("email", "first_name", "last_name", "promo_code")
DELIMITERS = (",", ";", "\t")
SEPARATOR_LINE = re.compile(r"sep=([,;\t])\s*", re.IGNORECASE)  # for Excel
BEYOND = "\0"  # the key of what a row has beyond the header; no column has this name
SPREADSHEET_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE)
Row = tuple[int, dict[str, str]]  # file line, cells by column
Counted = Callable[[int], None]


class ImportFileError(ValueError):
    """The file can't be read: it is not CSV in UTF-8, or a column is missing."""


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
    """The number of rows per outcome, and the refused rows."""

    counts: Counter[str] = field(default_factory=Counter)
    errors: list[RowError] = field(default_factory=list)

    def add(self, other: ImportReport) -> None:
        """Add the report of the next batch."""
        self.counts += other.counts
        self.errors += other.errors


def read_rows(lines: Iterable[str], *, columns: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a CSV file with their line numbers. Raises ImportFileError.

    Cells are separated by commas, semicolons or tabs. The names of columns match whatever their
    case, spaces, hyphens and underscores. What a row has beyond the header is under BEYOND.
    """
    lines, before = iter(lines), 0
    try:
        first = next(lines, "").removeprefix("\ufeff")
        said = SEPARATOR_LINE.fullmatch(first)
        if said:
            first, before = next(lines, ""), 1
        delimiter = said[1] if said else _delimiter(first, columns)
        reader = csv.reader(chain([first], lines), delimiter=delimiter)
        header = [_column(name) for name in next(reader, [])]
        _check_header(header, columns)
        for cells in reader:
            line = reader.line_num + before
            if any("\0" in cell for cell in cells):
                raise ImportFileError(f"line {line} holds a NUL character")
            if any(cells):
                is_whole = len(cells) == len(header)
                row = dict(zip(header, cells, strict=True)) if is_whole else _row(header, cells)
                yield line, row
    except UnicodeDecodeError as error:
        raise ImportFileError("the file is not UTF-8 text") from error
    except csv.Error as error:
        raise ImportFileError(f"line {reader.line_num + before} is not CSV: {error}") from error


def _column(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip().lower())


def _delimiter(header: str, columns: Sequence[str]) -> str:
    """The separator that shows most of the columns; a comma where none shows more."""

    def shown(delimiter: str) -> int:
        names = header.replace('"', "").split(delimiter)
        return len({_column(name) for name in names} & set(columns))

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
