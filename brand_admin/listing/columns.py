"""The columns of a list on its page, and how values are written in its file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.html import escape

from brand_admin.listing.cells import written
from core.csv_export import csv_moment
from core.money import Money

# The columns of a file by their names in its header, each with what a row says there.
FileColumns = Mapping[str, Callable[[Any], object]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the page. `cell` makes a value of a row, see `cells`.

    `sort` is what ?sort= calls its order, and `by` the fields of that order, the last one unique;
    a list that sorts by itself leaves `by` empty. `look` holds classes of the table component:
    "number" aligns figures, "strong" sets them bold, "wraps" lets long text wrap, "wide" takes the
    whole width on a phone. `names_row` makes the cell the row's name. A `hidden` label is read out.
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

    def html(self, row: object, slug: str) -> str:
        """The cell of a row."""
        look = f' class="{self.look}"' if self.look else ""
        if self.names_row:
            return f'<th scope="row"{look}>{written(self.cell(row), slug)}</th>'
        label = "" if self.hidden else f' data-label="{escape(self.label)}"'
        return f"<td{look}{label}>{written(self.cell(row), slug)}</td>"


def sorted_by(columns: Sequence[Column], wanted: str, default: str) -> list[str]:
    """The fields of the order that ?sort= asks for, a minus before its name turns it round.

    `default` stands for an unknown order; no field for one that is the list's own.
    """
    orders = {column.sort: column.by for column in columns if column.by}
    order = wanted if wanted.removeprefix("-") in orders else default
    fields = orders.get(order.removeprefix("-"), ())
    if not order.startswith("-"):
        return list(fields)
    return [name[1:] if name.startswith("-") else f"-{name}" for name in fields]


def in_file(value: object) -> str:
    """A value as the file has it: bare amounts, times with their offset, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, Money):
        return value.plain()
    if isinstance(value, datetime):
        return csv_moment(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
