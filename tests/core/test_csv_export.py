"""Cells that a spreadsheet would run are only text in our files."""

from __future__ import annotations

import pytest

from core.csv_export import csv_lines

FULL_WIDTH = "\uff1d\uff0b\uff0d\uff20"  # = + - @ as Japanese keyboards write them


@pytest.mark.parametrize("start", [*"=+-@\t\r\n", *FULL_WIDTH])
def test_a_cell_that_would_run_gets_an_apostrophe(start: str) -> None:
    [line] = csv_lines([[f"{start}1+1", "12.50", "-3", "-3.5"]])

    assert line.removeprefix('"').startswith(f"'{start}1+1")
    assert line.endswith(",12.50,-3,-3.5\r\n")
