"""Read the rows of a CSV file, and report which rows were refused and why."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from tracking.importing.cell_marks import FAULT, LINE_BREAK

BATCH = 200
MEMBER_COLUMNS = ("email", "first_name", "last_name", "promo_code")
DELIMITERS = (",", ";", "\t")
SEPARATOR_LINE = re.compile(r"sep=([,;\t])\s*", re.IGNORECASE)  # for Excel
LINE_END = re.compile("\r\n|\r|\n")
SPACE_AFTER_QUOTE = re.compile(r'"[ ]+(?=[,;\t]|\r?\n?\Z)')  # the csv module reads past it
BLANK = ',;\t" \r\n'  # what a line without contents is made of
MAX_COLUMNS = 500
BEYOND = "\0"  # the key of what a row has beyond the header; no column has this name
# Columns whose line breaks stay: they separate codes, or the row is refused for them.
HAVE_LINES = frozenset({"discount_code", "promo_code"})
Row = tuple[int, dict[str, str]]  # the line on which the row begins, cells by column
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
    is under BEYOND. A row of a spreadsheet with cells without a value has FAULT, and what follows
    FAULT in such a cell under FAULT and the column's name; the cell is empty.
    """
    mapping = mapping or {}
    absent = {name: "" for name, column in mapping.items() if not column}
    try:
        names, rows = _opened(lines, columns=columns, mapping=mapping)
        header = _header(names, mapping)
        _check_header(header, [name for name in columns if name not in absent])
        for line, cells in rows:
            if any(map(str.strip, cells)):
                is_whole = len(cells) == len(header)
                row = dict(zip(header, cells, strict=True)) if is_whole else _row(header, cells)
                whole = "".join(cells)
                if LINE_BREAK in whole:
                    row = {name: _with_line_breaks(name, cell) for name, cell in row.items()}
                if FAULT in whole:
                    row = _without_faults(row)
                yield line, (absent | row if absent else row)
    except UnicodeDecodeError as error:
        raise ImportFileError("the file is not UTF-8 text") from error


def read_header(lines: Iterable[str], *, columns: Sequence[str]) -> list[str]:
    """Return the names of the file's columns as it has them. Raises ImportFileError."""
    try:
        return _opened(lines, columns=columns, mapping={})[0]
    except UnicodeDecodeError as error:
        raise ImportFileError("the file is not UTF-8 text") from error


def _opened(
    lines: Iterable[str], *, columns: Sequence[str], mapping: Mapping[str, str]
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The header, and the cells of each row under it with the line on which it begins."""
    lines, before = iter(lines), 0
    first = next(lines, "").removeprefix("\ufeff")
    said = SEPARATOR_LINE.fullmatch(first)
    if said:
        first, before = next(lines, ""), 1
    while first and not first.strip(BLANK):
        first, before = next(lines, ""), before + 1
    delimiter = said[1] if said else _delimiter(first, {*columns, *mapping.values()} - {""})
    rows = _csv_rows(chain([first], lines), delimiter=delimiter, before=before)
    _, cells = next(rows, (0, []))
    names = ["" if FAULT in name else name.replace(LINE_BREAK, " ") for name in cells]
    if len(names) > MAX_COLUMNS:
        raise ImportFileError(f"the file has {len(names):,} columns, more than {MAX_COLUMNS}")
    return names, rows


class _RowLines:
    """The lines of a file. Keeps those of the row that is read now, and whether the file ended."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines, self.of_row, self.is_over = iter(lines), list[str](), False

    def __iter__(self) -> _RowLines:
        return self

    def __next__(self) -> str:
        for line in self._lines:
            self.of_row.append(line)
            return line
        self.is_over = True
        raise StopIteration


def _csv_rows(
    lines: Iterable[str], *, delimiter: str, before: int
) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each row with the line on which it begins. Raises ImportFileError.

    A quotation mark that is not closed takes all that follows into its cell, up to the next mark or
    the end of the file. The csv module reads that without an error; here it is one.
    """
    kept = _RowLines(lines)
    reader = csv.reader(kept, delimiter=delimiter)
    line = before + 1
    try:
        for cells in reader:
            if kept.is_over:  # the reader asked for more lines to end the row
                opened = line + sum(map(_line_breaks, cells[:-1]))
                raise ImportFileError(
                    f"line {opened} opens a quotation mark that is not closed before the file"
                    " ends: close it, or remove it"
                )
            if len(kept.of_row) > 1:
                _check_quotes(kept.of_row, delimiter, line)
            if "\0" in "".join(cells):
                raise ImportFileError(f"line {line} holds a NUL character")
            yield line, cells
            kept.of_row.clear()
            line = before + reader.line_num + 1
    except csv.Error as error:
        if "field limit" in str(error):
            raise ImportFileError(
                f"the row on line {line} has a cell of more than {csv.field_size_limit():,}"
                " characters: check whether a quotation mark in it is not closed"
            ) from error
        raise ImportFileError(f"line {line} is not CSV: {error}") from error


def _line_breaks(cell: str) -> int:
    return len(LINE_END.findall(cell))


def _check_quotes(lines: Sequence[str], delimiter: str, first: int) -> None:
    """Raise ImportFileError for a row of several lines with a text after a quoted cell."""
    try:
        plain = (SPACE_AFTER_QUOTE.sub('"', line) for line in lines)
        list(csv.reader(plain, delimiter=delimiter, strict=True))
    except csv.Error as error:
        last = first + len(lines) - 1
        raise ImportFileError(
            f"a quotation mark on line {first} is not closed where its cell ends: check the"
            f" quotation marks on the lines {first} to {last}"
        ) from error


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


def _without_faults(row: Mapping[str, str]) -> dict[str, str]:
    """Empty the cells without a value, and keep beside them why they have none."""
    faults = {name: cell for name, cell in row.items() if cell.startswith(FAULT)}
    reasons = {FAULT + name: cell.removeprefix(FAULT) for name, cell in faults.items()}
    return {**row, **dict.fromkeys(faults, ""), **reasons, FAULT: ""}
