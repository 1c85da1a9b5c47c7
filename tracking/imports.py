"""Read members, orders and refunds from CSV files and put them in by the ordinary services.

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

from django.db import transaction

from accounts.actors import Actor
from affiliates.models import Member
from affiliates.selectors import member_by_address
from affiliates.services import MemberError, add_member
from core.db import refresh_statistics
from offers.models import Offer
from offers.services import enroll
from payouts.models import LedgerEntry
from tracking.intake import InputError, OrderFacts, Problem, RefundFacts, read_order, read_refund
from tracking.models import Conversion, Order, OrderLine, Refund
from tracking.outcomes import Outcome
from tracking.services import ItemError, give_codes, give_links, record_orders, record_refunds

BATCH = 200
MEMBER_COLUMNS = ("email", "first_name", "last_name", "promo_code")
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


# --- members


def import_members(
    rows: Iterable[Row], *, offer: Offer | None, by: Actor, now: datetime, counted: Counted
) -> ImportReport:
    """Add each row's person to the brand and the offer, with the code it names, and a link.

    Without an offer, a row that names a code is an error: a code belongs to an offer.
    """
    report = ImportReport()
    first_line: dict[str, int] = {}
    for line, row in rows:
        counted(1)
        email = row["email"].strip().lower()
        if not email:
            report.errors.append(RowError(line, "email", "is missing: a member needs an address"))
            continue
        earlier = first_line.setdefault(email, line)
        if earlier != line:
            report.errors.append(
                RowError(line, "email", f"{email} stands on line {earlier} already")
            )
            continue
        try:
            with transaction.atomic():
                report.counts[_import_member(row, offer, by=by, now=now)] += 1
        except MemberError as error:
            report.errors.append(RowError(line, error.field, str(error)))
        except ItemError as error:
            report.errors.append(RowError(line, "promo_code", str(error)))
    return report


@transaction.atomic
def preview_members(
    rows: Iterable[Row], *, offer: Offer | None, by: Actor, now: datetime
) -> ImportReport:
    """What `import_members` would report, found by doing it and taking it back."""
    report = import_members(rows, offer=offer, by=by, now=now, counted=lambda _: None)
    transaction.set_rollback(True)
    return report


def _import_member(
    row: Mapping[str, str], offer: Offer | None, *, by: Actor, now: datetime
) -> str:
    if offer is None and row["promo_code"].strip():
        raise MemberError("promo_code", "a code belongs to an offer: choose one")
    known = member_by_address(row["email"])
    member: Member = known or add_member(
        email=row["email"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        by=by,
        now=now,
    )
    if offer is None:
        return "unchanged" if known else "added"
    enrollment = enroll(offer=offer, members=[member], by=by, now=now)[0]
    given: list[object] = []
    code = row["promo_code"].strip()
    if code and offer.gives_codes:
        given += give_codes(codes={enrollment.pk: code}, enrollments=[enrollment], by=by, now=now)
    if offer.gives_links:
        given += give_links(enrollments=[enrollment], by=by, now=now)
    if known is None:
        return "added"
    return "changed" if given else "unchanged"


# --- orders


def import_orders(
    rows: Iterable[Row], *, source: str, by: Actor, now: datetime, counted: Counted
) -> ImportReport:
    """Record the orders of a file with a row per line; lines of one order stand together."""
    report = ImportReport()
    for batch in _batches(_orders(rows, report), BATCH):
        orders = [order for _, order in batch]
        outcomes = record_orders(source=source, orders=orders, by=by, now=now)
        _count(report, [line for line, _ in batch], outcomes)
        counted(len(batch))
    return report


def _orders(rows: Iterable[Row], report: ImportReport) -> Iterator[tuple[int, OrderFacts]]:
    for _, group in groupby(rows, key=lambda row: row[1]["order_id"]):
        lines = list(group)
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
            "lines": [row for _, row in lines],
        }
    )


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
    for batch in _batches(_refunds(rows, report), BATCH):
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


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` items; statistics are refreshed after the first and each tenth more."""
    iterator = iter(items)
    refresh_after = 1
    for number in count(1):
        batch = list(islice(iterator, size))
        if not batch:
            return
        yield batch
        if number == refresh_after:
            refresh_statistics(Order, OrderLine, Conversion, LedgerEntry, Refund)
            refresh_after *= 10


def _count(report: ImportReport, lines: Sequence[int], outcomes: Sequence[Outcome]) -> None:
    for line, outcome in zip(lines, outcomes, strict=True):
        report.counts[outcome.status.value] += 1
        if not outcome.is_accepted:
            report.errors += [
                RowError(line, COLUMN_OF.get(p.field, p.field), p.message) for p in outcome.problems
            ]
