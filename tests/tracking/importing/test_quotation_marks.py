"""A quotation mark that is not closed is an error: no row is read as a part of another one."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from affiliates.models import Member
from core.tenancy import acting_for
from tests.cast import Cast
from tests.snapshot import snapshot
from tracking.importing.csv_rows import (
    BATCH,
    MEMBER_COLUMNS,
    ImportFileError,
    read_header,
    read_rows,
)
from tracking.importing.entries import KINDS, ORDER_COLUMNS
from tracking.importing.tables import Table

HEADER = "email,first_name,last_name,promo_code"
ORDERS = "order_id,ordered_at,currency,customer_id,discount_code,sku,product,quantity,unit_price"


def lines(*rows: str) -> list[str]:
    return "".join(f"{row}\n" for row in rows).splitlines(keepends=True)


def refusal(*rows: str) -> str:
    with pytest.raises(ImportFileError) as error:
        list(read_rows(lines(*rows), columns=MEMBER_COLUMNS))
    return str(error.value)


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        (['a@b.example,"Ann,B,A1', "c@b.example,Cy,B,C1"], 2),
        (["a@b.example,Ann,B,A1", 'c@b.example,"Cy,B,C1'], 3),
        (['a@b.example,"Ann\nMary","B,A1', "c@b.example,Cy,B,C1"], 3),
        (["a@b.example,Ann,B,A1", "", '"'], 4),
    ],
)
def test_a_mark_that_is_open_at_the_end_of_the_file_refuses_it(rows: list[str], line: int) -> None:
    message = f"line {line} opens a quotation mark that is not closed before the file ends"

    assert message in refusal(HEADER, *rows)
    assert message.replace(f"line {line}", f"line {line + 1}") in refusal("sep=,", HEADER, *rows)


def test_a_mark_that_another_cell_closes_refuses_the_file() -> None:
    message = refusal(
        HEADER, "a@b.example,Ann,B,A1", 'b@b.example,"Bo,B,B1', 'c@b.example,"Cy",B,C1', "d,D,D,"
    )

    assert message == (
        "a quotation mark on line 3 is not closed where its cell ends: check the quotation marks"
        " on the lines 3 to 4"
    )


@pytest.mark.parametrize("cell", ['5" pipe', '"5" pipe"', '"5"" pipe"', '"Glow\n5"" pipe, two"'])
def test_marks_inside_one_row_are_read_as_before(cell: str) -> None:
    rows = list(read_rows(lines(HEADER, f"a@b.example,{cell},B,A1", "c,C,C,"), columns=["email"]))

    assert [(line, row["email"], row["promo_code"]) for line, row in rows] == [
        (2, "a@b.example", "A1"),
        (3 + cell.count("\n"), "c", ""),
    ]


@pytest.mark.parametrize("rest", [" ,Ann,B,A1", "   ,Ann,B,A1"])
def test_a_space_after_a_quoted_cell_of_several_lines_is_no_open_mark(rest: str) -> None:
    [(line, cells)] = read_rows(lines(HEADER, f'"a@b.example\n"{rest}'), columns=MEMBER_COLUMNS)

    assert (line, cells["first_name"]) == (2, "Ann")


def test_a_row_of_several_lines_has_the_number_of_its_first_line() -> None:
    rows = read_rows(lines(HEADER, 'a@b.example,"An\nn",B,A1', "c,C,C,"), columns=["email"])

    assert [line for line, _ in rows] == [2, 4]


def test_a_mark_that_is_open_in_a_long_file_says_where_to_look() -> None:
    header = f'"{HEADER}'
    rows = ["a@b.example,A,B,"] * 9_000

    assert "line 1 opens a quotation mark" in refusal(header, *rows[:10])
    assert "the row on line 1 has a cell of more than 131,072 characters" in refusal(header, *rows)
    assert "the row on line 2 has a cell of more" in refusal(HEADER, '"', *rows)
    with pytest.raises(ImportFileError, match="the row on line 1 has a cell of more than 131,072"):
        read_header(lines(header, *rows), columns=MEMBER_COLUMNS)


def command(name: str, path: Path, *args: str) -> str:
    err = io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command(name, str(path), "--brand", "juniper", *args, stdout=io.StringIO(), stderr=err)
    return f"{error.value}\n{err.getvalue()}"


def test_the_commands_refuse_it_before_anything_is_imported(cast: Cast, tmp_path: Path) -> None:
    members, orders = tmp_path / "members.csv", tmp_path / "orders.csv"
    rows = [f"m{number}@x.example,A,B,CODE{number}" for number in range(BATCH + 1)]
    members.write_text("\n".join([HEADER, *rows, 'z@x.example,"Z,B,Z1']))
    order = "5201,2026-11-18T09:50:26Z,GBP,c1,MARA15,GLOW,Glow oil,1,20.00"
    orders.write_text("\n".join([ORDERS, order, '5202,2026-11-18T09:50:26Z,GBP,,,,"Mug,1,20.00']))
    with acting_for(cast.juniper):
        before = snapshot()

    said = [
        command("import_members", members, "--offer", "Winter Glow creators"),
        command("import_orders", orders, "--source", "till"),
    ]

    assert f"file: line {BATCH + 3} opens a quotation mark" in said[0]
    assert "file: line 3 opens a quotation mark" in said[1]
    with acting_for(cast.juniper):
        assert snapshot() == before


@pytest.mark.parametrize("column", [0, 1, 2, 3])
def test_a_member_with_a_line_break_in_a_cell_is_left_out(
    cast: Cast, tmp_path: Path, column: int
) -> None:
    cells = ["a@b.example", "Ann", "B", "A1"]
    cells[column] = f'"{cells[column]}\nx"'
    path = tmp_path / "members.csv"
    path.write_text("\n".join([HEADER, ",".join(cells), 'c@b.example,"Cy\n",B,"\nC1"']))

    said = command("import_members", path, "--offer", "Winter Glow creators")

    name = MEMBER_COLUMNS[column]
    assert f"line 2: {name}: has a line break in it: check the quotation marks" in said
    with acting_for(cast.juniper):
        assert Member.objects.get(email="c@b.example").first_name == "Cy"
        assert Member.objects.count() == 4


@pytest.mark.parametrize("column", ["order_id", "customer_id", "sku"])
def test_an_order_with_a_line_break_in_an_id_is_left_out(column: str) -> None:
    cells = {**dict.fromkeys(ORDER_COLUMNS, "1"), "order_id": "5201", "currency": "GBP"}
    cells |= {"ordered_at": "2026-11-18T09:50:26Z", column: f'"{cells[column]}\nx"'}
    row = ",".join(cells.values())

    [entry] = KINDS["orders"].entries(Table.of_lines(lines(ORDERS, row), ORDER_COLUMNS))

    assert [str(error) for error in entry.errors] == [
        f"line 2: {column}: has a line break in it: check the quotation marks of the row"
    ]


def test_codes_and_products_may_have_several_lines() -> None:
    row = '5201,2026-11-18T09:50:26Z,GBP,c1,"NOBODY\nMARA15",G,"Glow\noil",1,20'

    [entry] = KINDS["orders"].entries(Table.of_lines(lines(ORDERS, row), ORDER_COLUMNS))

    assert entry.errors == []
