"""Read CSV files, and put orders and refunds in by the ordinary services.

Every importer can be run twice and changes nothing the second time. A bad row is reported by file
line and reason and the rest goes in; an order with one bad line is left out whole, because its
total would be wrong without it.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count, groupby, islice
from operator import itemgetter
from typing import TypeVar

from django.db.models import Model

from accounts.actors import Actor
from affiliates.models import Platform
from core.db import refresh_statistics
from payouts.models import LedgerEntry
from tracking.intake import (
    MAX_ORDER_LINES,
    InputError,
    OrderFacts,
    Problem,
    RefundFacts,
    read_order,
    read_refund,
)
from tracking.models import Conversion, Order, OrderLine, Refund
from tracking.outcomes import Outcome
from tracking.services import record_orders, record_refunds

BATCH = 200
MEMBER_COLUMNS = ("email", "first_name", "last_name", "promo_code")
# A file of members may have these too: see tracking.member_import.
MEMBER_EXTRAS = ("tags", *(platform.value for platform in Platform))
ORDER_COLUMNS = (
    "order_id", "ordered_at", "currency", "customer_id", "discount_code", "sku", "product",
    "quantity", "unit_price",
)  # fmt: skip
REFUND_COLUMNS = (
    "refund_id", "order_id", "refunded_at", "currency", "sku", "quantity", "amount",
)  # fmt: skip
COLUMN_OF = {"promo_code": "discount_code"}  # what the file calls a field of the API

T = TypeVar("T")
Row = tuple[int, dict[str, str]]  # file line, cells by column
Counted = Callable[[int], None]


class ImportFileError(ValueError):
    """The file as a whole can't be read: its encoding, or a column that is missing."""


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with one line of the file."""

    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.field}: {self.message}"


@dataclass(slots=True)
class ImportReport:
    """How many rows came to what, and the rows that went nowhere."""

    counts: Counter[str] = field(default_factory=Counter)
    errors: list[RowError] = field(default_factory=list)

    def add(self, other: ImportReport) -> None:
        """Take in what the next batch came to."""
        self.counts += other.counts
        self.errors += other.errors


def read_rows(lines: Iterable[str], *, columns: Sequence[str]) -> Iterator[Row]:
    """The rows of a CSV file with their line numbers. Raises ImportFileError."""
    reader = csv.reader(lines)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in columns if name not in header]
        if missing:
            raise ImportFileError(f"the file has no column {', '.join(missing)}")
        for cells in reader:
            if any("\0" in cell for cell in cells):
                raise ImportFileError(f"line {reader.line_num} holds a NUL character")
            if any(cells):
                padded = [*cells, *([""] * (len(header) - len(cells)))]
                yield reader.line_num, dict(zip(header, padded, strict=False))
    except UnicodeDecodeError as error:
        raise ImportFileError("the file is not UTF-8 text") from error
    except csv.Error as error:
        raise ImportFileError(f"line {reader.line_num} is not CSV: {error}") from error


# --- orders


def import_orders(
    rows: Iterable[Row], *, source: str, by: Actor, now: datetime, counted: Counted
) -> ImportReport:
    """Record the orders of a file with a row per line; lines of one order stand together."""
    report = ImportReport()
    for batch in batches(_orders(rows, report), BATCH):
        orders = [order for _, order in batch]
        outcomes = record_orders(source=source, orders=orders, by=by, now=now)
        _count(report, [line for line, _ in batch], outcomes)
        counted(len(batch))
    return report


def _orders(rows: Iterable[Row], report: ImportReport) -> Iterator[tuple[int, OrderFacts]]:
    for _, group in groupby(rows, key=lambda row: row[1]["order_id"]):
        lines = list(islice(group, MAX_ORDER_LINES + 1))  # one more than there may be: refused
        try:
            yield lines[0][0], _order(lines)
        except InputError as error:
            report.errors += [_row_error(problem, lines) for problem in error.problems]


def _order(lines: Sequence[Row]) -> OrderFacts:
    """One order of its rows; its time is the first row's, as tills write lines minutes apart."""
    first = lines[0][1]
    of_the_order = itemgetter("currency", "customer_id", "discount_code")
    for index, (_, row) in enumerate(lines):
        if of_the_order(row) != of_the_order(first):
            raise InputError(
                Problem(
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
            "new_customer": first.get("new_customer"),
            "lines": [row | {"collections": _listed(row)} for _, row in lines],
        }
    )


def _listed(row: Mapping[str, str]) -> list[str]:
    """The collections of a line: "Skin care|Sets"."""
    return row.get("collections", "").split("|")


def _row_error(problem: Problem, lines: Sequence[Row]) -> RowError:
    """A problem of the order in terms of the file: "lines.2.quantity" is its third row."""
    head, _, rest = problem.field.partition(".")
    if head != "lines" or not rest:
        return RowError(lines[0][0], COLUMN_OF.get(head, head), problem.message)
    index, _, name = rest.partition(".")
    return RowError(lines[int(index)][0], name, problem.message)


# --- refunds


def import_refunds(
    rows: Iterable[Row], *, source: str, by: Actor, now: datetime, counted: Counted
) -> ImportReport:
    """Record the refunds of a file with a row per refunded line."""
    report = ImportReport()
    for batch in batches(_refunds(rows, report), BATCH):
        refunds = [refund for _, refund in batch]
        outcomes = record_refunds(source=source, refunds=refunds, by=by, now=now)
        _count(report, [line for line, _ in batch], outcomes)
        counted(len(batch))
    return report


def _refunds(rows: Iterable[Row], report: ImportReport) -> Iterator[tuple[int, RefundFacts]]:
    for line, row in rows:
        try:
            yield line, read_refund(row)
        except InputError as error:
            report.errors += [RowError(line, p.field, p.message) for p in error.problems]


# --- both


ORDER_TABLES = (Order, OrderLine, Conversion, LedgerEntry, Refund)


def batches(
    items: Iterable[T], size: int, *, tables: Sequence[type[Model]] = ORDER_TABLES
) -> Iterator[list[T]]:
    """Lists of `size` items; statistics are refreshed after the first and each tenth more."""
    iterator = iter(items)
    refresh_after = 1
    for number in count(1):
        batch = list(islice(iterator, size))
        if not batch:
            return
        yield batch
        if number == refresh_after:
            refresh_statistics(*tables)
            refresh_after *= 10


def _count(report: ImportReport, lines: Sequence[int], outcomes: Sequence[Outcome]) -> None:
    for line, outcome in zip(lines, outcomes, strict=True):
        report.counts[outcome.status.value] += 1
        if not outcome.is_accepted:
            report.errors += [
                RowError(line, COLUMN_OF.get(p.field, p.field), p.message) for p in outcome.problems
            ]
