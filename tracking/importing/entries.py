"""Read the orders and refunds of a table, each from its rows. Records nothing.

The two kinds differ in their columns, and in how one is read from its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from tracking.importing.carried_rows import carried_down, problem_of_carried
from tracking.importing.cell_problems import CellRules
from tracking.importing.csv_rows import Row, RowError
from tracking.importing.number_styles import NumberStyle, plain_number
from tracking.importing.stated_once import Fields, placed, stated_once
from tracking.importing.tables import RowGroup, Survey, Table, grouped, survey
from tracking.orders.facts import FieldProblem, OrderFacts, RefundFacts
from tracking.orders.reading import (
    CANCELLED_AT,
    CURRENCY,
    CUSTOMER_ID,
    IS_TEST,
    MAX_ORDER_LINES,
    NEW_CUSTOMER,
    ORDER_ID,
    PAYMENT_STATUS,
    PROMO_CODE,
    REFUNDED_AT,
    UPDATED_AT,
    InputError,
    read_order,
    read_refund,
)

ORDER_COLUMNS = (
    "order_id", "ordered_at", "currency", "customer_id", "discount_code", "sku", "product",
    "quantity", "unit_price",
)  # fmt: skip
REFUND_COLUMNS = (
    "refund_id", "order_id", "refunded_at", "currency", "sku", "quantity", "amount",
)  # fmt: skip
# What all rows of an order state of it together. Its time is that of the first row alone: tills
# write the lines one after the other.
OF_THE_ORDER: Fields = {
    "currency": CURRENCY,
    "customer_id": CUSTOMER_ID,
    "discount_code": PROMO_CODE,
    "new_customer": NEW_CUSTOMER,
    "payment_status": PAYMENT_STATUS,
    "cancelled_at": CANCELLED_AT,
    "is_test": IS_TEST,
    "updated_at": UPDATED_AT,
}
OF_THE_REFUND: Fields = {
    "order_id": ORDER_ID,
    "refunded_at": REFUNDED_AT,
    "currency": CURRENCY,
}
OF_ALL_ORDER_ROWS = ("ordered_at", *OF_THE_ORDER)
OF_AN_ORDER_LINE = (
    "line_id", "sku", "product", "quantity", "unit_price", "discount", "collections",
    "commissionable",
)  # fmt: skip
OF_A_REFUND_LINE = ("line_id", "sku", "quantity", "amount")
COLUMN_OF = {"promo_code": "discount_code"}  # what the file calls a field of the API
Facts = OrderFacts | RefundFacts


@dataclass(frozen=True, slots=True)
class EntryKind:
    """Orders, or refunds. `rules` say what is expected of the cells.

    `of_all` are the columns of the whole beside its number `key`, `of_a_line` those of a line.
    """

    name: str
    columns: Sequence[str]
    key: str
    rules: CellRules
    numbers: Sequence[str]
    of_all: Sequence[str]
    of_a_line: Sequence[str]
    read: Callable[[Sequence[Row]], Facts]

    def entries(self, table: Table, *, after: int = 0) -> Iterator[Entry]:
        """Yield the orders of a table, or its refunds. Raises ImportFileError.

        The first `after` of them are passed over, which costs no more than to parse their rows.
        """
        known = survey(table, self.rows, key=self.key, numbers=self.numbers)
        rows = self.rows(table)
        groups = grouped(rows, key=self.key, apart=known.apart, kept=MAX_ORDER_LINES + 1)
        for group in islice(groups, after, None):
            yield self._entry(group, known)

    def rows(self, table: Table) -> Iterator[Row]:
        """Yield the rows of a table, each with the number of what it is of, if that is known."""
        return carried_down(
            table.rows(), key=self.key, of_all=self.of_all, of_a_line=self.of_a_line
        )

    def _entry(self, group: RowGroup, known: Survey) -> Entry:
        entry = Entry(group.number, [line for line, _ in group.rows], group.count)
        try:
            for index, (_, cells) in enumerate(group.rows):
                self._check(index, cells, known.styles)
            entry.facts = self.read(group.rows)
        except InputError as error:
            entry.errors = [_row_error(problem, entry.lines) for problem in error.problems]
        return entry

    def _check(self, index: int, cells: dict[str, str], styles: Mapping[str, NumberStyle]) -> None:
        """Write the numbers of a row with a decimal point. Raises InputError."""
        if problem := self.rules.problem_of(cells):
            raise InputError(FieldProblem(f"lines.{index}.{problem[0]}", "bad_cell", problem[1]))
        if reason := problem_of_carried(cells, key=self.key):
            raise InputError(FieldProblem(f"lines.{index}.{self.key}", "missing", reason))
        for name, style in styles.items():
            if name in cells:
                try:
                    cells[name] = plain_number(cells[name], style)
                except ValueError as error:
                    field = f"lines.{index}.{name}"
                    raise InputError(FieldProblem(field, "ambiguous", str(error))) from error


@dataclass(slots=True)
class Entry:
    """An order or refund of a file: its number, its lines, and its facts or what is wrong.

    `count` is how many rows it has; `lines` has at most one more than an order may have.
    """

    number: str
    lines: list[int]
    count: int
    facts: Facts | None = None
    errors: list[RowError] = field(default_factory=list)

    def error(self, problem: FieldProblem) -> RowError:
        """Return what recording it found wrong, as an error of its first line."""
        return _row_error(problem, self.lines)


def _row_error(problem: FieldProblem, lines: Sequence[int]) -> RowError:
    """Return a problem as a file's error: "lines.2.quantity" is in the third row."""
    head, _, rest = problem.field.partition(".")
    if head != "lines" or not rest:
        return RowError(lines[0], COLUMN_OF.get(head, head), problem.message)
    index, _, name = rest.partition(".")
    return RowError(lines[int(index)], name, problem.message)


def _read_order(rows: Sequence[Row]) -> OrderFacts:
    """Read one order from its rows. Its time is that of the first row."""
    first = rows[0][1]
    stated = stated_once(rows, OF_THE_ORDER)
    sent = {OF_THE_ORDER[name].name: cell for name, (_, cell) in stated.items()}
    lines = [cells | {"collections": _listed(cells)} for _, cells in rows]
    own = {"order_id": first["order_id"], "ordered_at": first["ordered_at"], "lines": lines}
    try:
        return read_order(sent | own)
    except InputError as error:
        raise InputError(*placed(error.problems, stated, OF_THE_ORDER)) from error


def _listed(cells: Mapping[str, str]) -> list[str]:
    """Return the collections of a line: "Skin care|Sets"."""
    return cells.get("collections", "").split("|")


def _read_refund(rows: Sequence[Row]) -> RefundFacts:
    """Read one refund from its rows. Several rows are of several lines of the order."""
    first = rows[0][1]
    if len(rows) == 1:
        return read_refund(first)
    stated = stated_once(rows, OF_THE_REFUND)
    sent: dict[str, Any] = {name: cell for name, (_, cell) in stated.items()}
    own = {"refund_id": first["refund_id"], "lines": [cells for _, cells in rows]}
    try:
        return read_refund(sent | own)
    except InputError as error:
        raise InputError(*placed(error.problems, stated, OF_THE_REFUND)) from error


ORDERS = EntryKind(
    name="orders",
    columns=ORDER_COLUMNS,
    key="order_id",
    rules=CellRules(
        read=("order_id", *OF_ALL_ORDER_ROWS, *OF_AN_ORDER_LINE),
        ids=("order_id", "customer_id"),
        as_typed=("order_id", "customer_id", "discount_code", "sku", "line_id"),
        in_one_line=("order_id", "customer_id", "sku", "line_id"),
    ),
    numbers=("quantity", "unit_price", "discount"),
    of_all=OF_ALL_ORDER_ROWS,
    of_a_line=OF_AN_ORDER_LINE,
    read=_read_order,
)
REFUNDS = EntryKind(
    name="refunds",
    columns=REFUND_COLUMNS,
    key="refund_id",
    rules=CellRules(
        read=("refund_id", *OF_THE_REFUND, *OF_A_REFUND_LINE),
        ids=("refund_id", "order_id"),
        as_typed=("refund_id", "order_id", "sku", "line_id"),
        in_one_line=("refund_id", "order_id", "sku", "line_id"),
    ),
    numbers=("quantity", "amount"),
    of_all=tuple(OF_THE_REFUND),
    of_a_line=OF_A_REFUND_LINE,
    read=_read_refund,
)
KINDS: Mapping[str, EntryKind] = {kind.name: kind for kind in (ORDERS, REFUNDS)}
