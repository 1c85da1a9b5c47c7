"""Write CSV whose cells a spreadsheet does not run as formulas."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.utils import timezone

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
# What a spreadsheet cuts off, or does not show, before it looks at a cell: spaces, control
# characters, marks of byte order and of direction, quotes.
_IGNORED = r"[\s\"\x00-\x1f\x7f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*"
_SIGN = "[=+\\-@\uff1d\uff0b\uff0d\uff20]"  # also in full width, as Japanese keyboards write them
_FORMULA = re.compile(f"^(?={_IGNORED}{_SIGN})|^(?=[\t\r\n])")
# Excel of a country with decimal commas separates by semicolons: then the quotes around one of our
# cells do not count, and what follows a semicolon, a tab or a line break in it begins a cell.
_INNER_FORMULA = re.compile(f"([;\t\r\n]{_IGNORED})(?={_SIGN})")


BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for an older encoding


class _Echo:
    def write(self, text: str) -> str:
        return text


def csv_lines(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield one CSV line per row, with CRLF at its end (RFC 4180).

    What a spreadsheet would run as a formula gets an apostrophe before it (OWASP, CSV injection),
    also in the middle of a cell, where a spreadsheet that separates by other characters would begin
    a cell. Plain negative numbers stay as they are.
    """
    writer = csv.writer(_Echo())
    for row in rows:
        yield writer.writerow([_harmless(cell) for cell in row])


def csv_file(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield the same lines as a file for people, the first with the mark that Excel looks for."""
    mark = BYTE_ORDER_MARK
    for line in csv_lines(rows):
        yield mark + line
        mark = ""


def csv_moment(at: datetime | None) -> str:
    """Format a time in the active time zone with its offset; "" for None."""
    return timezone.localtime(at).isoformat() if at else ""


def _harmless(cell: str) -> str:
    if _NUMBER.fullmatch(cell):
        return cell
    return _INNER_FORMULA.sub(r"\1'", _FORMULA.sub("'", cell, count=1))
