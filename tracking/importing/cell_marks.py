"""Marks that the reader of spreadsheets puts into cells, for what CSV can't say. Pure.

Without other modules of the product, as the reader has to start quickly.
"""

from __future__ import annotations

import re

LINE_BREAK = "\x1f"  # so that each row of a sheet is one line of the file
# Begins a cell without a value: its name and its error follow, or only its name where the result
# of a formula is not in the file.
FAULT = "\x1a"
SHOWN_OTHERWISE = "\u2006"  # a space before what the spreadsheet shows as another text
POINT = "\u2007"  # a space at the end of a number whose point stands before decimals

EITHER = re.compile(r"-?[1-9][0-9]{0,2}[.,][0-9]{3}")  # 1,234 and 1.234: thousands or decimals


def marked_number(number: str) -> str:
    """Return a spreadsheet's own number, with POINT where its text has a second meaning."""
    return f"{number}{POINT}" if EITHER.fullmatch(number) else number


def marked_text(text: str) -> str:
    """Return a text in one line, with LINE_BREAK between its lines."""
    return LINE_BREAK.join(text.splitlines()) if "\n" in text or "\r" in text else text
