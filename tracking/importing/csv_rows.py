"""Read the rows of a CSV file, and report which rows were refused and why."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

BATCH = 200
MEMBER_COLUMNS = ("email", "first_name", "last_name", "promo_code")
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
    """Yield the rows of a CSV file with their line numbers. Raises ImportFileError."""
    reader = csv.reader(lines)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in columns if name not in header]
        if missing:
            raise ImportFileError(f"the file has no column {', '.join(missing)}")
        for cells in reader:
            if any("\0" in cell for cell in cells):
                raise ImportFileError(f"line {reader.line_num} holds a NUL character")
            if any(cells):
                padded = [*cells, *([""] * (len(header) - len(cells)))]
                yield reader.line_num, dict(zip(header, padded, strict=False))
    except UnicodeDecodeError as error:
        raise ImportFileError("the file is not UTF-8 text") from error
    except csv.Error as error:
        raise ImportFileError(f"line {reader.line_num} is not CSV: {error}") from error
