"""Several rows of one order: what they say of it together, and rows that leave its number out."""

from __future__ import annotations

import pytest

from core.tenancy import acting_for
from tests.cast import NOW, SYSTEM, Cast
from tracking.importing.csv_rows import ImportReport
from tracking.importing.entries import ORDER_COLUMNS, REFUND_COLUMNS
from tracking.importing.orders import import_orders, import_refunds
from tracking.importing.tables import Table
from tracking.models import Conversion, Order, OrderLine, Refund

pytestmark = pytest.mark.usefixtures("at_juniper")
HEADER = ",".join(ORDER_COLUMNS)
TIME, OTHER_TIME = "2026-11-18T09:50:26Z", "2026-11-18T10:50:26Z"


def orders(*rows: str, more: str = "", is_stream: bool = False) -> ImportReport:
    lines = [f"{line}\r\n" for line in (f"{HEADER},{more}" if more else HEADER, *rows)]
    table = Table.of_lines(lines, ORDER_COLUMNS)
    if is_stream:
        table = Table(table.open_lines, ORDER_COLUMNS, is_stream=True)
    return import_orders(table, source="shop", by=SYSTEM, now=NOW, counted=lambda _: None)


def row(number: str = "1", sku: str = "A", more: str = "", *, of_all: str = "") -> str:
    of_all = of_all or f"{TIME},GBP,c1,MARA15"
    return f"{number},{of_all},{sku},Product,1,10.00{more}"


def errors(report: ImportReport) -> list[str]:
    return [str(error) for error in report.errors]


def totals() -> dict[str, int]:
    return dict(Order.objects.values_list("external_id", "total_minor"))


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [
        ("payment_status", "paid", "voided"),
        ("is_test", "no", "yes"),
        ("cancelled_at", TIME, OTHER_TIME),
        ("updated_at", TIME, OTHER_TIME),
        ("new_customer", "yes", "no"),
    ],
)
def test_rows_that_contradict_each_other_refuse_their_order(
    column: str, first: str, second: str
) -> None:
    """The first row alone used to count."""
    rows = [row(), row(sku="B", more=f",{first}"), row(sku="C", more=f",{second}")]

    report = orders(*rows, row("2"), more=column)

    assert errors(report) == [f"line 4: {column}: '{second}' differs from '{first}' on line 3"]
    assert totals() == {"2": 1000}


@pytest.mark.parametrize(
    ("of_all", "message"),
    [
        (f"{TIME},EUR,c1,MARA15", "currency: 'EUR' differs from 'GBP' on line 2"),
        (f"{TIME},GBP,c2,MARA15", "customer_id: 'c2' differs from 'c1' on line 2"),
        (f"{TIME},GBP,c1,DIEGO10", "discount_code: 'DIEGO10' differs from 'MARA15' on line 2"),
    ],
)
def test_the_error_names_the_column(of_all: str, message: str) -> None:
    report = orders(row(), row(sku="B", of_all=of_all))

    assert errors(report) == [f"line 3: {message}"]
    assert totals() == {}


@pytest.mark.parametrize("first", ["", " "])
def test_what_a_further_row_alone_says_counts(first: str) -> None:
    report = orders(
        row(of_all=f"{TIME},GBP,,", more=f",{first},{first},,"),
        row(sku="B", more=f",voided,yes,{TIME},{OTHER_TIME}"),
        more="payment_status,is_test,cancelled_at,updated_at",
    )

    assert errors(report) == []
    found = Order.objects.get()
    assert (found.payment_status, found.is_test) == ("voided", True)
    assert (found.customer_ref, found.promo_codes) == ("c1", ["MARA15"])
    assert found.cancelled_at is not None
    assert found.updated_at is not None


def test_an_error_of_what_a_further_row_says_is_on_its_line() -> None:
    report = orders(row(more=","), row(sku="B", more=",perhaps"), more="is_test")

    assert errors(report) == ["line 3: is_test: 'perhaps' is neither true nor false"]


def test_values_are_compared_as_they_are_read(cast: Cast) -> None:
    """A code in other letters, or "gbp", used to be a contradiction."""
    report = orders(
        row(more=",Paid,yes,2026-11-18 09:50:26 +0000"),
        row(sku="B", of_all=f"{TIME}, gbp ,c1 ,mara 15", more=",paid,TRUE,2026-11-18T10:50:26+01"),
        row(sku="C", of_all=f"{TIME},GBP,c1,\uff2d\uff21\uff32\uff2115", more=",,,"),
        more="payment_status,new_customer,updated_at",
    )

    assert errors(report) == []
    assert totals() == {"1": 3000}
    assert Order.objects.get().promo_codes == ["MARA15"]
    with acting_for(cast.juniper):
        assert Conversion.objects.get().enrollment_id == cast.mara_in_glow.pk


def test_several_codes_are_compared_in_their_sequence() -> None:
    same = orders(
        row(of_all=f'{TIME},GBP,c1,"NOBODY; mara15"'), row(of_all=f'{TIME},GBP,c1,"nobody,MARA15"')
    )
    others = orders(
        row("2", of_all=f'{TIME},GBP,c1,"NOBODY;MARA15"'), row("2", of_all=f"{TIME},GBP,c1,MARA15")
    )

    assert errors(same) == []
    assert [(error.line, error.field) for error in others.errors] == [(3, "discount_code")]


@pytest.mark.parametrize("is_stream", [False, True])
def test_a_row_without_anything_of_an_order_is_a_line_of_the_one_above(is_stream: bool) -> None:
    """It used to be refused, and the order was recorded without it."""
    report = orders(
        row(),
        ",,,,,B,Product,1,5.00",
        " ,,,, ,,Only a name,2,1.00",
        row("2"),
        ",,,,,C,,1,2.00",
        is_stream=is_stream,
    )

    assert errors(report) == []
    assert report.counts == {"recorded": 2}
    assert totals() == {"1": 1700, "2": 1200}


def test_a_line_without_a_number_counts_also_when_the_rows_are_apart() -> None:
    report = orders(row(), ",,,,,B,Product,1,5.00", row("2"), row(sku="C"), ",,,,,D,Product,1,7.00")

    assert errors(report) == []
    assert totals() == {"1": 3200, "2": 1000}
    found = OrderLine.objects.filter(order__external_id="1").order_by("position")
    assert list(found.values_list("sku", flat=True)) == ["A", "B", "C", "D"]


@pytest.mark.parametrize(
    "cells", [",,,,,,,3,25.00", ",,,,,Total,,3,25.00", ",,,,,,Gesamt: ,3,25.00", ",,,,,,,3,"]
)
def test_a_row_that_may_be_a_total_is_refused_together_with_the_order_above(cells: str) -> None:
    report = orders(row(), row("2"), ",,,,,B,Product,1,5.00", cells)

    [error] = errors(report)
    assert error == (
        "line 5: order_id: is empty, and the row may be a total or a line of 2 above: write the"
        " number into it, or leave the row out"
    )
    assert totals() == {"1": 1000}


def test_a_line_under_an_order_without_a_number_is_of_no_other_order() -> None:
    report = orders(row(), row("", "B"), ",,,,,C,Product,1,5.00")

    assert [error.line for error in report.errors if error.field == "order_id"] == [3, 4]
    assert totals() == {"1": 1000}


def test_a_note_is_no_line() -> None:
    report = orders(row(more=","), ",,,,,,,,,Thank you", ",,,,,B,Product,1,5.00,", more="remark")

    assert {error.line for error in report.errors} == {3}
    assert totals() == {"1": 1500}


def test_a_line_of_a_refund_without_its_number_is_of_the_one_above() -> None:
    orders(row(), row(sku="B"), row(sku="C"))
    lines = [
        ",".join(REFUND_COLUMNS),
        f"R1,1,{TIME},GBP,A,,4.00",
        ",,,,B,,3.00",
        f"R2,1,{TIME},GBP,C,,1.00",
        f"R2,1,{TIME},gbp,B,,1.00",
        f"R3,1,{TIME},GBP,C,,2.00",
        ",,,,,,11.00",
    ]
    file = Table.of_lines([f"{line}\n" for line in lines], REFUND_COLUMNS)

    report = import_refunds(file, source="shop", by=SYSTEM, now=NOW, counted=lambda _: None)

    assert [(error.line, error.field) for error in report.errors] == [(7, "refund_id")]
    found = Refund.objects.order_by("external_id").values_list("external_id", "amount_minor")
    assert list(found) == [("R1", 700), ("R2", 200)]
