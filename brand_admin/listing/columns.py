"""The columns of a list, on its page and in its file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import Any

from core.csv_export import csv_moment
from core.money import Money

# By the name in the file's header, a function that returns a row's value.
FileColumns = Mapping[str, Callable[[Any], object]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the page. `cell` returns the value of a row, see `cells`.

    `sort` is the value of ?sort= for this column, and `by` the fields to order by, the last one
    unique; it is empty if the list itself sorts by this column. `names_row` makes the cell the
    header of its row. Only screen readers read a `hidden` label.

    `look` has classes of the table component: "number" aligns figures, "strong" makes them bold,
    "wraps" lets long text wrap. On a phone a row is two lines: there "strong" ends the first one,
    "beside" follows the name, "wide" has a line to itself, "bare" no label, "first-line" the first
    of its lines only, "one-line" all of them beside each other, and "off-phone" stands nowhere.
    """

    label: str
    cell: Callable[[Any], object]
    sort: str = ""
    by: Sequence[str] = ()
    look: str = ""
    names_row: bool = False
    hidden: bool = False

    @property
    def number(self) -> bool:
        return "number" in self.look

    @property
    def strong(self) -> bool:
        return "strong" in self.look

    def tags(self) -> tuple[str, str]:
        """Return the HTML before and after what its cells hold."""
        look = f' class="{self.look}"' if self.look else ""
        if self.names_row:
            return f'<th scope="row"{look}>', "</th>"
        label = "" if self.hidden else f' data-label="{escape(self.label)}"'
        return f"<td{look}{label}>", "</td>"


def sorted_by(columns: Sequence[Column], wanted: str, default: str) -> list[str]:
    """Return the fields to order by for a value of ?sort=; a minus before the name reverses it.

    An unknown value is replaced by `default`. No fields: the list itself sorts by this column.
    """
    orders = {column.sort: column.by for column in columns if column.by}
    order = wanted if wanted.removeprefix("-") in orders else default
    fields = orders.get(order.removeprefix("-"), ())
    if not order.startswith("-"):
        return list(fields)
    return [name[1:] if name.startswith("-") else f"-{name}" for name in fields]


def in_file(value: object) -> str:
    """Return a value for the file: amounts without currency, times with offset, "" for None."""
    if value is None:
        return ""
    if isinstance(value, Money):
        return value.plain()
    if isinstance(value, datetime):
        return csv_moment(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
