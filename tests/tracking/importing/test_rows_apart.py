"""Rows of one order that stand apart in a file: one order, in memory that has a bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from django.core.management import CommandError, call_command

from core.tenancy import acting_for
from tests.cast import NOW, SYSTEM, Cast
from tracking.importing import tables
from tracking.importing.csv_rows import ImportFileError, ImportReport, Row
from tracking.importing.entries import ORDER_COLUMNS, ORDERS, REFUND_COLUMNS
from tracking.importing.orders import import_orders, import_refunds
from tracking.importing.tables import Table, survey
from tracking.models import Order, OrderLine, Refund
from tracking.orders.facts import OrderFacts, RefundFacts

HEADER = ",".join(ORDER_COLUMNS)


def row(number: object, sku: str, price: str = "10.00", *, more: str = "GBP,c1,MARA15") -> str:
    return f"{number},2026-11-18T09:50:26Z,{more},{sku},Product,1,{price}"


def table(*rows: str) -> Table:
    return Table.of_lines([f"{line}\r\n" for line in (HEADER, *rows)], ORDER_COLUMNS)


def orders(*rows: str) -> ImportReport:
    return import_orders(table(*rows), source="shop", by=SYSTEM, now=NOW, counted=lambda _: None)


def totals() -> dict[str, int]:
    return dict(Order.objects.values_list("external_id", "total_minor"))


def test_rows_apart_are_one_order(at_juniper: Cast) -> None:
    report = orders(
        row("5201", "GLOW", "40.00"), row("5202", "GLOW", "20.00"), row("5201", "MASK", "10.00")
    )

    assert (report.counts, report.errors) == ({"recorded": 2}, [])
    assert totals() == {"5201": 5000, "5202": 2000}


def test_shuffled_rows_come_to_the_same_as_sorted_ones(at_juniper: Cast) -> None:
    rows = [row(number, f"S{line}") for number in range(60) for line in range(1 + number % 5)]
    shuffled = Random(5201).sample(rows, len(rows))

    report = orders(*shuffled)

    assert (report.counts, report.errors) == ({"recorded": 60}, [])
    assert totals() == {str(number): 1000 * (1 + number % 5) for number in range(60)}
    assert OrderLine.objects.count() == len(rows)


def test_an_error_names_the_line_wherever_it_stands(at_juniper: Cast) -> None:
    report = orders(
        row("1", "A"),
        row("2", "A"),
        row("1", "B", "five"),
        row("", "C"),
        row("3", "A"),
        row("", "D"),
    )

    assert [(error.line, error.field) for error in report.errors] == [
        (4, "unit_price"), (5, "order_id"), (7, "order_id"),
    ]  # fmt: skip
    assert totals() == {"2": 1000, "3": 1000}


def test_an_empty_cell_means_as_above_also_when_rows_are_apart(at_juniper: Cast) -> None:
    report = orders(row("1", "A"), row("2", "A"), row("1", "B", more=",,"))

    assert report.errors == []
    assert totals() == {"1": 2000, "2": 1000}


def test_a_file_in_which_too_many_rows_wait_is_refused_before_anything_is_recorded(
    at_juniper: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MAX_WAITING_ROWS", 3)
    apart = [row(number, sku) for sku in ("A", "B") for number in range(5)]

    with pytest.raises(ImportFileError, match="sort the file by order_id"):
        orders(*apart)

    assert totals() == {}


def test_what_the_bitmap_takes_for_one_is_counted_and_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tables, "BITMAP_BYTES", 1)  # eight places for fifty orders
    rows = [row(number, sku) for number in range(50) for sku in ("A", "B")]

    found = survey(table(*rows, row(7, "C")), ORDERS.rows, key=ORDERS.key, numbers=())

    assert found.apart == {"7": 3}


def test_an_order_of_too_many_rows_is_refused_also_when_they_are_apart(at_juniper: Cast) -> None:
    rows = [row(number, f"S{line}") for line in range(1_001) for number in ("1", "2")]

    report = orders(*rows[:-1])

    assert [(error.line, error.message) for error in report.errors] == [
        (2, "an order has at most 1,000 lines")
    ]
    assert totals() == {"2": 1_000_000}


def test_a_refund_of_several_rows_is_one(at_juniper: Cast) -> None:
    orders(row("1", "A"), row("1", "B"))
    lines = [
        ",".join(REFUND_COLUMNS),
        "R1,1,2026-11-19T09:00:00Z,GBP,A,,4.00",
        "R2,9,2026-11-19T09:00:00Z,GBP,,,1.00",
        "R1,1,2026-11-19T09:00:00Z,GBP,B,,3.00",
        "R3,1,2026-11-19T09:00:00Z,GBP,A,,1.00",
        "R3,1,2026-11-19T09:00:00Z,GBP,,,1.00",
    ]
    file = Table.of_lines([f"{line}\n" for line in lines], REFUND_COLUMNS)

    report = import_refunds(file, source="shop", by=SYSTEM, now=NOW, counted=lambda _: None)

    assert report.counts == {"recorded": 1, "parked": 1}
    assert [(error.line, error.field) for error in report.errors] == [(6, "sku")]
    assert Refund.objects.get(external_id="R1").amount_minor == 700


def test_a_file_that_ends_badly_changes_nothing(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    good = "\n".join([HEADER, *(row(number, "A") for number in range(500))])
    path.write_bytes(f"{good}\nx\0y".encode())

    with pytest.raises(CommandError, match="line 502 holds a NUL character"):
        call_command("import_orders", str(path), "--brand", "juniper", "--source", "shop")

    with acting_for(cast.juniper):
        assert totals() == {}


def test_orders_that_were_counted_before_are_passed_over_without_being_read() -> None:
    read: list[int] = []

    def noting(rows: Sequence[Row]) -> OrderFacts | RefundFacts:
        read.append(rows[0][0])
        return ORDERS.read(rows)

    kind = replace(ORDERS, read=noting)
    file = table(row("1", "A"), row("2", "A"), row("1", "B"), row("3", "A"), row("4", "A"))

    left = list(kind.entries(file, after=2))

    assert [entry.number for entry in left] == ["3", "4"]
    assert read == [5, 6]
