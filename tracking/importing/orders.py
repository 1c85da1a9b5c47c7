"""Import orders and refunds from the rows of a CSV file, by the same services as the API.

A second import of the same file changes nothing. A bad row is reported with its line and reason;
all others are imported. An order with one bad line is left out completely, because its total would
be wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter

from accounts.actors import Actor
from core.batches import batches
from payouts.models import LedgerEntry
from tracking.importing.csv_rows import (
    BATCH,
    Counted,
    ImportReport,
    Row,
    RowError,
    problem_of_cells,
)
from tracking.models import Conversion, Order, OrderLine, Refund
from tracking.orders.facts import FieldProblem, OrderFacts, RefundFacts
from tracking.orders.reading import MAX_ORDER_LINES, InputError, read_order, read_refund
from tracking.orders.recording import record_orders
from tracking.orders.refunds import record_refunds
from tracking.orders.results import RecordingResult

ORDER_COLUMNS = (
    "order_id", "ordered_at", "currency", "customer_id", "discount_code", "sku", "product",
    "quantity", "unit_price",
)  # fmt: skip
REFUND_COLUMNS = (
    "refund_id", "order_id", "refunded_at", "currency", "sku", "quantity", "amount",
)  # fmt: skip
OF_THE_ORDER = ("currency", "customer_id", "discount_code")
ALSO_OF_THE_ORDER = ("new_customer", "payment_status", "cancelled_at", "is_test", "updated_at")
ORDER_IDS, REFUND_IDS = ("order_id", "customer_id"), ("refund_id", "order_id")
COLUMN_OF = {"promo_code": "discount_code"}  # what the file calls a field of the API


def import_orders(
    rows: Iterable[Row],
    *,
    source: str,
    by: Actor,
    now: datetime,
    counted: Counted,
    anew: bool = False,
) -> ImportReport:
    """Record the orders of a file: one row per order line, an order's rows together.

    With `anew`, a known order is what the file says now; without, other contents are an error.
    """
    report = ImportReport()
    for batch in batches(_orders(rows, report), BATCH, tables=ORDER_TABLES):
        orders = [order for _, order in batch]
        outcomes = record_orders(source=source, orders=orders, revising=anew, by=by, now=now)
        _count(report, [line for line, _ in batch], outcomes)
        counted(len(batch))
    return report


def _orders(rows: Iterable[Row], report: ImportReport) -> Iterator[tuple[int, OrderFacts]]:
    for _, group in groupby(rows, key=lambda row: row[1]["order_id"]):
        lines = list(islice(group, MAX_ORDER_LINES + 1))  # one more, so that it is refused
        try:
            yield lines[0][0], _order(lines)
        except InputError as error:
            report.errors += [_row_error(problem, lines) for problem in error.problems]


def _order(lines: Sequence[Row]) -> OrderFacts:
    """Read one order from its rows. Its time is that of the first row: tills write lines later.

    An empty cell of a further row means the same as above, as in Shopify's files.
    """
    first = lines[0][1]
    of_the_order = itemgetter(*OF_THE_ORDER)
    first_has = of_the_order(first)
    for index, (_, row) in enumerate(lines):
        if problem := problem_of_cells(row, ORDER_IDS):
            raise InputError(FieldProblem(f"lines.{index}.{problem[0]}", "bad_cell", problem[1]))
        if of_the_order(row) != first_has and any(
            row[name] not in {"", first[name]} for name in OF_THE_ORDER
        ):
            raise InputError(
                FieldProblem(
                    f"lines.{index}.order_id",
                    "lines_disagree",
                    "its currency, customer or code differs from the order's first line",
                )
            )
    return read_order(
        {
            "order_id": first["order_id"],
            "ordered_at": first["ordered_at"],
            "currency": first["currency"],
            "customer_id": first["customer_id"],
            "promo_code": first["discount_code"],
            **{name: first.get(name) for name in ALSO_OF_THE_ORDER},
            "lines": [row | {"collections": _listed(row)} for _, row in lines],
        }
    )


def _listed(row: Mapping[str, str]) -> list[str]:
    """Return the collections of a line: "Skin care|Sets"."""
    return row.get("collections", "").split("|")


def _row_error(problem: FieldProblem, lines: Sequence[Row]) -> RowError:
    """Return the order's problem as a file's error: "lines.2.quantity" is its third row."""
    head, _, rest = problem.field.partition(".")
    if head != "lines" or not rest:
        return RowError(lines[0][0], COLUMN_OF.get(head, head), problem.message)
    index, _, name = rest.partition(".")
    return RowError(lines[int(index)][0], name, problem.message)


def import_refunds(
    rows: Iterable[Row],
    *,
    source: str,
    by: Actor,
    now: datetime,
    counted: Counted,
    anew: bool = False,
) -> ImportReport:
    """Record the refunds of a file with a row per refunded line; `anew` as for orders."""
    report = ImportReport()
    for batch in batches(_refunds(rows, report), BATCH, tables=ORDER_TABLES):
        refunds = [refund for _, refund in batch]
        outcomes = record_refunds(source=source, refunds=refunds, replacing=anew, by=by, now=now)
        _count(report, [line for line, _ in batch], outcomes)
        counted(len(batch))
    return report


def _refunds(rows: Iterable[Row], report: ImportReport) -> Iterator[tuple[int, RefundFacts]]:
    for line, row in rows:
        if problem := problem_of_cells(row, REFUND_IDS):
            report.errors.append(RowError(line, *problem))
            continue
        try:
            yield line, read_refund(row)
        except InputError as error:
            report.errors += [RowError(line, p.field, p.message) for p in error.problems]


ORDER_TABLES = (Order, OrderLine, Conversion, LedgerEntry, Refund)


def _count(report: ImportReport, lines: Sequence[int], outcomes: Sequence[RecordingResult]) -> None:
    for line, outcome in zip(lines, outcomes, strict=True):
        report.counts[outcome.status.value] += 1
        if not outcome.is_accepted:
            advice = "; --update makes it what the file says" if outcome.recorded else ""
            report.errors += [
                RowError(line, COLUMN_OF.get(p.field, p.field), f"{p.message}{advice}")
                for p in outcome.problems
            ]
