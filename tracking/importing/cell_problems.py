"""What is wrong with the cells of a row, before any of them is read. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tracking.importing.cell_marks import FAULT, SHOWN_OTHERWISE
from tracking.importing.csv_rows import BEYOND, LINE_END

SPREADSHEET_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE)
WRITE_AS_TEXT = (
    "the spreadsheet holds this date or number, and shows another text: format the column as text,"
    " and type it again"
)


@dataclass(frozen=True, slots=True)
class CellRules:
    """What is expected of the columns of one kind of file.

    `read` are all columns that are read. Of them, `ids` hold texts that a spreadsheet takes for
    numbers, `as_typed` ids and codes that count as somebody typed them, and `in_one_line` texts
    that have no line break.
    """

    read: Collection[str]
    ids: Collection[str]
    as_typed: Collection[str]
    in_one_line: Collection[str]

    def problem_of(self, cells: Mapping[str, str]) -> tuple[str, str] | None:
        """What is wrong with a row: the column and a message; else None.

        A cell beyond the header is usually a comma in a text without quotes, so that all cells
        after it are in the wrong column. A line break in a name or an id is usually a quotation
        mark that is closed too late, so that the rows between are in the cell.
        """
        if BEYOND in cells:
            return "row", f"has more cells than the header, up to {cells[BEYOND]!r}"
        if FAULT in cells and (fault := next(filter(cells.__contains__, self._faults), None)):
            return fault.removeprefix(FAULT), _what_is_wrong(cells[fault])
        return self._changed_by_spreadsheet(cells) or self._of_several_lines(cells)

    @property
    def _faults(self) -> list[str]:
        return [FAULT + name for name in self.read]

    def _changed_by_spreadsheet(self, cells: Mapping[str, str]) -> tuple[str, str] | None:
        for name in self.ids:
            if "E" in cells[name].upper() and SPREADSHEET_NUMBER.fullmatch(cells[name].strip()):
                return name, f"{cells[name].strip()}: a spreadsheet turned this into a number"
        for name in self.as_typed:
            if cells.get(name, "").startswith(SHOWN_OTHERWISE):
                return name, f"{cells[name].strip()}: {WRITE_AS_TEXT}"
        return None

    def _of_several_lines(self, cells: Mapping[str, str]) -> tuple[str, str] | None:
        for name in self.in_one_line:
            if LINE_END.search(cells.get(name, "").strip()):
                return name, "has a line break in it: check the quotation marks of the row"
        return None


def _what_is_wrong(fault: str) -> str:
    """Say why a cell of a spreadsheet has no value."""
    cell, _, error = fault.partition(" ")
    if error:
        return f"{cell} holds {error}, an error of the spreadsheet: mend the cell, or empty it"
    return (
        f"{cell} holds a formula whose result is not in the file: open it in a spreadsheet program"
        " and save it again"
    )
