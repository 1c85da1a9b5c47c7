"""A table in a file, its rows, and what has to be known of all of them before one is read.

A survey reads the whole file first. So an error of the file is found before anything is recorded,
and rows of one order that stand apart come together, in memory that has a bound:

- Which orders may have rows apart is noted in a bitmap of fixed size, by a hash of the number. Only
  those orders are counted exactly, in a second reading.
- When the rows are read, those of such an order wait until its last one has come. At most
  MAX_WAITING_ROWS wait at a time; a file that needs more is refused, and can be sorted by order.

What can be read only once, such as a pipe, has no survey: rows of an order must follow each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from tracking.importing.csv_rows import ImportFileError, Row, read_header, read_rows
from tracking.importing.number_styles import NumberStyle, add_votes, decided

BITMAP_BYTES = 16 * 1024 * 1024  # a million orders: one in 130 is counted though its rows follow
MAX_WAITING_ROWS = 200_000
Lines = Iterable[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A file that can be opened again and again, unless it is a stream.

    `mapping` says which of its columns holds one of `columns`, see `csv_rows.read_rows`. `notes`
    are sentences for the person who imports it: what it was read as, and what was left out.
    """

    open_lines: Callable[[], AbstractContextManager[Lines]]
    columns: Sequence[str]
    mapping: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    is_stream: bool = False

    @classmethod
    def of_lines(cls, lines: Sequence[str], columns: Sequence[str]) -> Table:
        """A table whose lines are in memory."""
        return cls(lambda: nullcontext(lines), columns)

    def rows(self) -> Iterator[Row]:
        """Yield the rows with their line numbers. Raises ImportFileError."""
        with self.open_lines() as lines:
            yield from read_rows(lines, columns=self.columns, mapping=self.mapping)

    def header(self) -> list[str]:
        """Return the names of the columns, as the file has them. Raises ImportFileError."""
        with self.open_lines() as lines:
            return read_header(lines, columns=self.columns)


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of all rows.

    `apart` has the number of rows of each order (or refund) whose rows do not follow each other,
    and `styles` how the columns of numbers are written.
    """

    apart: Mapping[str, int] = field(default_factory=dict)
    styles: Mapping[str, NumberStyle] = field(default_factory=dict)


def survey(
    table: Table, rows: Callable[[Table], Iterator[Row]], *, key: str, numbers: Iterable[str]
) -> Survey:
    """Read the whole table, by `rows`. Raises ImportFileError if it can't be read to its end."""
    if table.is_stream:
        return Survey()
    votes: dict[str, set[NumberStyle]] = {name: set() for name in numbers}
    suspected = _suspected(_voting(rows(table), votes), key)
    return Survey(
        apart=_rows_apart(rows(table), key, suspected) if suspected else {},
        styles=decided(votes),
    )


def _voting(rows: Iterable[Row], votes: Mapping[str, set[NumberStyle]]) -> Iterator[Row]:
    for row in rows:
        add_votes(votes, row[1])
        yield row


def _suspected(rows: Iterable[Row], key: str) -> set[str]:
    """Return the numbers that come again after another one; a few that do not are among them."""
    seen, suspected, previous = bytearray(BITMAP_BYTES), set(), ""
    for _, cells in rows:
        number = cells[key].strip()
        if number != previous:
            place, bit = divmod(hash(number) % (BITMAP_BYTES * 8), 8)
            if seen[place] >> bit & 1:
                suspected.add(number)
            seen[place] |= 1 << bit
            previous = number
    return suspected


def _rows_apart(rows: Iterable[Row], key: str, suspected: set[str]) -> dict[str, int]:
    """Return how many rows each of the suspected has, where they really stand apart."""
    counts, blocks = dict.fromkeys(suspected, 0), dict.fromkeys(suspected, 0)
    previous = ""
    for _, cells in rows:
        number = cells[key].strip()
        if number in counts:
            counts[number] += 1
            blocks[number] += number != previous
        previous = number
    return {number: count for number, count in counts.items() if number and blocks[number] > 1}


@dataclass(slots=True)
class RowGroup:
    """The rows of one order or refund; of more than `kept` rows, the first ones."""

    number: str
    rows: list[Row] = field(default_factory=list)
    count: int = 0

    def add(self, row: Row, *, kept: int) -> None:
        self.count += 1
        if self.count <= kept:
            self.rows.append(row)


def grouped(
    rows: Iterable[Row], *, key: str, apart: Mapping[str, int], kept: int
) -> Iterator[RowGroup]:
    """Yield the rows of each order together, at the place of its last row.

    A row without a number is alone. At most `kept` rows of an order are kept. Raises
    ImportFileError when more than MAX_WAITING_ROWS wait for the others of their order.
    """
    waiting: dict[str, RowGroup] = {}
    rows_waiting = 0
    current: RowGroup | None = None
    for row in rows:
        number = row[1][key].strip()
        if current is not None and (number != current.number or not number):
            yield current
            current = None
        if number not in apart:
            current = current or RowGroup(number)
            current.add(row, kept=kept)
            continue
        group = waiting.setdefault(number, RowGroup(number))
        rows_waiting -= len(group.rows)
        group.add(row, kept=kept)
        if group.count == apart[number]:
            yield waiting.pop(number)
        else:
            rows_waiting += len(group.rows)
        if rows_waiting > MAX_WAITING_ROWS:
            raise ImportFileError(
                f"more than {MAX_WAITING_ROWS:,} rows stand apart from the others of their order:"
                f" sort the file by {key}"
            )
    if current is not None:
        yield current
