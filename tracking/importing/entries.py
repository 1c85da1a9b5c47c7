"""Read the orders and refunds of a table, each from its rows. Records nothing.

The two kinds differ in their columns, and in how one is read from its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from typing import Any

from tracking.importing.csv_rows import Row, RowError, problem_of_cells
from tracking.importing.number_styles import NumberStyle, plain_number
from tracking.importing.tables import RowGroup, Survey, Table, grouped, survey
from tracking.orders.facts import FieldProblem, OrderFacts, RefundFacts
from tracking.orders.reading import MAX_ORDER_LINES, InputError, read_order, read_refund

ORDER_COLUMNS = (
    "order_id", "ordered_at", "currency", "customer_id", "discount_code", "sku", "product",
    "quantity", "unit_price",
)  # fmt: skip
REFUND_COLUMNS = (
    "refund_id", "order_id", "refunded_at", "currency", "sku", "quantity", "amount",
)  # fmt: skip
OF_THE_ORDER = ("currency", "customer_id", "discount_code")
ALSO_OF_THE_ORDER = ("new_customer", "payment_status", "cancelled_at", "is_test", "updated_at")
OF_THE_REFUND = ("order_id", "refunded_at", "currency")
COLUMN_OF = {"promo_code": "discount_code"}  # what the file calls a field of the API
Facts = OrderFacts | RefundFacts


@dataclass(frozen=True, slots=True)
class EntryKind:
    """Orders, or refunds. `ids` hold texts that a spreadsheet takes for numbers."""

    name: str
    columns: Sequence[str]
    key: str
    ids: Sequence[str]
    numbers: Sequence[str]
    read: Callable[[Sequence[Row]], Facts]

    def entries(self, table: Table, *, after: int = 0) -> Iterator[Entry]:
        """Yield the orders of a table, or its refunds. Raises ImportFileError.

        The first `after` of them are passed over, which costs no more than to parse their rows.
        """
        known = survey(table, key=self.key, numbers=self.numbers)
        groups = grouped(table.rows(), key=self.key, apart=known.apart, kept=MAX_ORDER_LINES + 1)
        for group in islice(groups, after, None):
            yield self._entry(group, known)

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
        if problem := problem_of_cells(cells, self.ids):
            raise InputError(FieldProblem(f"lines.{index}.{problem[0]}", "bad_cell", problem[1]))
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


def _disagreement(rows: Sequence[Row], columns: Sequence[str], of: str) -> FieldProblem | None:
    """Find the row that says something else than the first one. An empty cell means "as above"."""
    values = itemgetter(*columns)
    first = rows[0][1]
    first_has = values(first)
    for index, (_, cells) in enumerate(rows):
        if values(cells) != first_has and any(
            cells[name] not in {"", first[name]} for name in columns
        ):
            message = f"its {of} differs from the first line's"
            return FieldProblem(f"lines.{index}.order_id", "lines_disagree", message)
    return None


def _read_order(rows: Sequence[Row]) -> OrderFacts:
    """Read one order from its rows. Its time is that of the first row: tills write lines later."""
    first = rows[0][1]
    if problem := _disagreement(rows, OF_THE_ORDER, "currency, customer or code"):
        raise InputError(problem)
    return read_order(
        {
            "order_id": first["order_id"],
            "ordered_at": first["ordered_at"],
            "currency": first["currency"],
            "customer_id": first["customer_id"],
            "promo_code": first["discount_code"],
            **{name: first.get(name) for name in ALSO_OF_THE_ORDER},
            "lines": [cells | {"collections": _listed(cells)} for _, cells in rows],
        }
    )


def _listed(cells: Mapping[str, str]) -> list[str]:
    """Return the collections of a line: "Skin care|Sets"."""
    return cells.get("collections", "").split("|")


def _read_refund(rows: Sequence[Row]) -> RefundFacts:
    """Read one refund from its rows. Several rows are of several lines of the order."""
    first = rows[0][1]
    if len(rows) == 1:
        return read_refund(first)
    if problem := _disagreement(rows, OF_THE_REFUND, "order, time or currency"):
        raise InputError(problem)
    sent: dict[str, Any] = {name: first[name] for name in ("refund_id", *OF_THE_REFUND)}
    return read_refund(sent | {"lines": [cells for _, cells in rows]})


ORDERS = EntryKind(
    name="orders",
    columns=ORDER_COLUMNS,
    key="order_id",
    ids=("order_id", "customer_id"),
    numbers=("quantity", "unit_price", "discount"),
    read=_read_order,
)
REFUNDS = EntryKind(
    name="refunds",
    columns=REFUND_COLUMNS,
    key="refund_id",
    ids=("refund_id", "order_id"),
    numbers=("quantity", "amount"),
    read=_read_refund,
)
KINDS: Mapping[str, EntryKind] = {kind.name: kind for kind in (ORDERS, REFUNDS)}
