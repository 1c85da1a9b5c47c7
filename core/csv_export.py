"""Write CSV whose cells a spreadsheet does not run as formulas."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.utils import timezone

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")  # full width


class _Echo:
    def write(self, text: str) -> str:
        return text


def csv_lines(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield one CSV line per row, with CRLF at its end (RFC 4180).

    A cell that a spreadsheet would run as a formula gets an apostrophe before it (OWASP, CSV
    injection). Plain negative numbers stay as they are.
    """
    writer = csv.writer(_Echo())
    for row in rows:
        yield writer.writerow([_harmless(cell) for cell in row])


def csv_moment(at: datetime | None) -> str:
    """Format a time in the active time zone with its offset; "" for None."""
    return timezone.localtime(at).isoformat() if at else ""


def _harmless(cell: str) -> str:
    if cell.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
