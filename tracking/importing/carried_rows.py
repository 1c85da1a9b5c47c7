"""Rows whose number is that of a row above: an export that writes the order once, over its lines.

Such a row has cells of a line and none of the order. It belongs to the order above, so an order is
never recorded without its further lines. A row of totals looks much the same: what names no
product, or names a total, is marked, and is refused together with the order above.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tracking.importing.csv_rows import Row

CARRIED = "\0carried"  # the key of a row that has its number from above; no column has this name
NAMES_OF_A_LINE = ("sku", "product", "line_id")
TOTALS = frozenset(
    (
        "total", "totals", "subtotal", "sub-total", "grand total", "sum", "summe", "gesamt",
        "gesamtsumme", "gesamtbetrag", "zwischensumme", "totaux", "total général", "sous-total",
        "somme", "totales", "total general", "suma", "totale", "totaal", "razem",
    )
)  # fmt: skip


def carried_down(
    rows: Iterable[Row], *, key: str, of_all: Sequence[str], of_a_line: Sequence[str]
) -> Iterator[Row]:
    """Yield the rows; one that has cells of a line alone gets the number of the row above.

    `of_all` are the columns of the order beside its number, `of_a_line` those of a line.
    """
    above = ""
    for row in rows:
        line, cells = row
        if number := cells[key].strip():
            above = number
        elif _has_any(cells, of_all):
            above = ""  # an order without a number: what is below it is its own
        elif above and _has_any(cells, of_a_line):
            row = line, cells | {key: above, CARRIED: ""}
        yield row


def _has_any(cells: Mapping[str, str], names: Iterable[str]) -> bool:
    return any(cells.get(name, "").strip() for name in names)


def problem_of_carried(cells: Mapping[str, str], *, key: str) -> str:
    """Say why a row can't be told to be a line of the order above; "" if it can."""
    if CARRIED not in cells:
        return ""
    named = [cells.get(name, "").strip(": ").casefold() for name in NAMES_OF_A_LINE]
    if any(named) and TOTALS.isdisjoint(named):
        return ""
    return (
        f"is empty, and the row may be a total or a line of {cells[key]} above:"
        " write the number into it, or leave the row out"
    )
