"""Cells that a spreadsheet would run are only text in our files."""

from __future__ import annotations

import csv
import io

import pytest

from core.csv_export import csv_file, csv_lines

FULL_WIDTH = "\uff1d\uff0b\uff0d\uff20"  # = + - @ as Japanese keyboards write them


def test_a_file_begins_with_the_mark_by_which_excel_knows_utf_8() -> None:
    assert list(csv_file([["Zoë"], ["Łucja"]])) == ["\ufeffZoë\r\n", "Łucja\r\n"]
    assert list(csv_file([])) == []


@pytest.mark.parametrize("start", [*"=+-@\t\r\n", *FULL_WIDTH])
def test_a_cell_that_would_run_gets_an_apostrophe(start: str) -> None:
    [line] = csv_lines([[f"{start}1+1", "12.50", "-3", "-3.5"]])

    assert line.removeprefix('"').startswith(f"'{start}1+1")
    assert line.endswith(",12.50,-3,-3.5\r\n")


@pytest.mark.parametrize(
    "hidden", [" ", "\u00a0", "\ufeff", "\u200b", "\u202e", "\x0b", "\x1b", '"']
)
def test_nothing_unseen_hides_the_start_of_a_formula(hidden: str) -> None:
    [line] = csv_lines([[f"{hidden}=1+1", f"{hidden}text"]])

    assert next(csv.reader([line])) == [f"'{hidden}=1+1", f"{hidden}text"]


@pytest.mark.parametrize("between", [";", "\t", "\n", "\r\n", "; ", ';"'])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_begins_with_a_formula_wherever_the_file_is_opened(
    between: str, separator: str
) -> None:
    """Excel separates by semicolons where a comma stands in numbers."""
    text = "".join(csv_lines([["Mara", f"Lind{between}=1+1", "a, b", f"c{between}@d"]]))

    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)

    cells = [cell for row in rows for cell in row]
    assert [cell for cell in cells if cell.lstrip(' "').startswith(("=", "@"))] == []


@pytest.mark.parametrize(
    "text", ["a-b; c", "12; 13", "mara+shop@lindqvist.example", "1 = 1", "-3.5"]
)
def test_other_text_stays_as_it_is(text: str) -> None:
    [line] = csv_lines([[text]])

    assert next(csv.reader([line])) == [text]
