"""Spreadsheets: what their cells hold is read as a person sees it, or refused with the reason."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from core.tenancy import acting_for
from tests.cast import Cast
from tests.spreadsheets import HEAD, MAIN, xlsx
from tracking.importing.cell_marks import LINE_BREAK, POINT, SHOWN_OTHERWISE
from tracking.importing.csv_rows import ImportFileError, read_header
from tracking.importing.entries import KINDS
from tracking.importing.spreadsheets import read_spreadsheet
from tracking.importing.tables import Table
from tracking.importing.uploads import read_upload
from tracking.models import Conversion, Order, OrderLine, PromoCode, Refund
from tracking.orders.facts import OrderFacts

LONDON, BERLIN = ZoneInfo("Europe/London"), ZoneInfo("Europe/Berlin")
ORDERS = (
    "order_id", "ordered_at", "currency", "customer_id", "discount_code", "sku", "product",
    "quantity", "unit_price",
)  # fmt: skip
NOON = datetime(2026, 11, 18, 12, 30)  # noqa: DTZ001 - a spreadsheet knows no time zone


def lines_of(*rows: Sequence[object], zone: ZoneInfo = LONDON) -> list[str]:
    """The lines of a sheet with these rows, without their ends."""
    sheet = read_spreadsheet(io.BytesIO(xlsx({"Sheet1": list(rows)})), zone=zone)
    return [line.removesuffix("\r\n") for line in sheet.lines]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (8491.0, "8491"),
        (8491, "8491"),
        (7012350000123, "7012350000123"),
        (123456789012345, "123456789012345"),
        (7012350000123456, "7.01235000012346E+15"),
        (20.1, "20.1"),
        (0.1 + 0.2, "0.3"),
        (19.99 * 3, "59.97"),
        (0.00001, "0.00001"),
        (-5.5, "-5.5"),
        (0, "0"),
        (True, "yes"),
        (False, "no"),
        ("00123", "00123"),
        ("=1+1", "=1+1"),
        ("two\nlines", f"two{LINE_BREAK}lines"),
        (1.5, "1.5"),
        (1.234, f"1.234{POINT}"),
        (-999.125, f"-999.125{POINT}"),
        (0.125, "0.125"),
        (1234.125, "1234.125"),
        ("1.234", "1.234"),
        (NOON, f"{SHOWN_OTHERWISE}2026-11-18T12:30:00+00:00"),
        (date(2026, 7, 1), f"{SHOWN_OTHERWISE}2026-07-01T00:00:00+01:00"),
        ("2026-11-18T12:30:00Z", "2026-11-18T12:30:00Z"),
    ],
)
def test_a_cell_is_what_a_person_sees(cell: object, text: str) -> None:
    assert lines_of(["x"], [cell]) == ["x", text]


def test_times_are_in_the_brands_time_zone() -> None:
    content = xlsx({"Sheet1": [["x"], [NOON]]})

    sheet = read_spreadsheet(io.BytesIO(content), zone=BERLIN)

    assert sheet.lines == ["x\r\n", f"{SHOWN_OTHERWISE}2026-11-18T12:30:00+01:00\r\n"]
    assert sheet.notes == [
        "Times in a spreadsheet have no time zone: they are read as Europe/Berlin time."
    ]


def test_line_numbers_are_those_of_the_sheet() -> None:
    rows: list[list[object]] = [[], [], ["x", "y"], [], [1, "a, b"], [None, None], ["", ""]]

    assert lines_of(*rows)[:5] == ["", "", "x,y", "", '1,"a, b"']


def test_the_first_sheet_with_contents_is_read_and_named() -> None:
    content = xlsx({"Cover": [], "Orders": [["x"], [1]], "Notes": [["y"]]})

    sheet = read_spreadsheet(io.BytesIO(content), zone=LONDON)

    assert sheet.lines == ["x\r\n", "1\r\n"]
    assert sheet.notes == [
        "Only the sheet “Orders” was read, the first with contents; not “Cover”, “Notes”."
    ]


def test_a_merged_cell_counts_for_each_of_its_rows() -> None:
    content = xlsx(
        {"Sheet1": [["id", "sku"], [5201, "A"], [None, "B"], [5202, "C"]]}, merged=["A2:A3"]
    )

    sheet = read_spreadsheet(io.BytesIO(content), zone=LONDON)

    assert sheet.lines == ["id,sku\r\n", "5201,A\r\n", "5201,B\r\n", "5202,C\r\n"]
    assert sheet.notes == ["Merged cells, 1 areas: their value counts for each of their rows."]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "old spreadsheet (.xls) or has a password"),
        (b"PK\x03\x04 no zip", "not a spreadsheet that can be read"),
        (xlsx({"Sheet1": []}), "the spreadsheet is empty"),
        (b"\x1f\x8bgzip", "packed with gzip: unpack it first"),
    ],
)
def test_a_file_that_can_not_be_read_says_why(content: bytes, message: str) -> None:
    with pytest.raises(ImportFileError) as error:
        read_upload(content, zone=LONDON)

    assert message in str(error.value)


def test_a_spreadsheet_that_is_far_larger_unpacked_is_refused() -> None:
    content = xlsx({"Sheet1": [["x" * 1_000_000]] * 2})

    with pytest.raises(ImportFileError, match="too large"):
        read_spreadsheet(io.BytesIO(content), zone=LONDON, max_bytes=1_000_000)


def command(name: str, *args: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(name, *args, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_commands_read_spreadsheets(cast: Cast, tmp_path: Path) -> None:
    orders, refunds, members = (tmp_path / f"{name}.xlsx" for name in ("o", "r", "m"))
    orders.write_bytes(
        xlsx(
            {
                "Orders": [
                    ORDERS,
                    [5201.0, NOON, "GBP", 77.0, "MARA15", "GLOW", "Glow oil", 2.0, 20.1],
                    [5202.0, NOON, "GBP", None, "MARA15", "GLOW", "Glow oil", 1, 0.1 + 0.2],
                    [5201.0, NOON, "GBP", 77, "MARA15", None, "Mask", 1, 10],
                ]
            }
        )
    )
    header = ("refund_id", "order_id", "refunded_at", "currency", "sku", "quantity", "amount")
    refunds.write_bytes(
        xlsx({"R": [header, ["R1", 5201, NOON, "GBP", "GLOW", None, 5.0], [None] * 7]})
    )
    members.write_bytes(
        xlsx(
            {
                "M": [
                    ("Email", "First name", "Last name", "Promo code"),
                    ("new@person.example", "Ana", "Núñez", 2026.0),
                ]
            }
        )
    )

    out, err = command(
        "import_orders", str(orders), "--refunds", str(refunds), "--brand", "juniper",
        "--source", "till",
    )  # fmt: skip
    command("import_members", str(members), "--brand", "juniper", "--offer", "Winter Glow creators")

    assert "orders: 2 recorded; 0 errors" in out
    assert "orders: Times in a spreadsheet have no time zone" in err
    with acting_for(cast.juniper):
        totals = dict(Order.objects.values_list("external_id", "total_minor"))
        assert totals == {"5201": 5020, "5202": 30}
        assert Order.objects.get(external_id="5201").customer_ref == "77"
        assert Refund.objects.get().given_back.minor == 500
        assert PromoCode.objects.get(code="2026").enrollment.member.last_name == "Núñez"


def imported(cast: Cast, tmp_path: Path, *rows: Sequence[object]) -> list[Order]:
    path = tmp_path / "orders.xlsx"
    path.write_bytes(xlsx({"Orders": [ORDERS, *rows]}))
    command("import_orders", str(path), "--brand", "juniper", "--source", "till")
    with acting_for(cast.juniper):
        return list(Order.objects.order_by("external_id"))


def test_codes_on_several_lines_of_a_cell_are_several_codes(cast: Cast, tmp_path: Path) -> None:
    """They used to be joined into one that nobody has."""
    [found] = imported(
        cast, tmp_path, [1, NOON, "GBP", None, "NOBODY\nMARA15", "GLOW", "Glow\noil", 1, 20.5]
    )

    assert found.promo_codes == ["NOBODY", "MARA15"]
    with acting_for(cast.juniper):
        assert Conversion.objects.get().enrollment_id == cast.mara_in_glow.pk
        assert OrderLine.objects.get().product == "Glow oil"


def test_line_breaks_in_cells_of_an_upload_leave_its_line_numbers(cast: Cast) -> None:
    header = ["Order\nid", *ORDERS[1:]]
    cells = [NOON, "GBP", None, "NOBODY\nMARA15", "GLOW", "Glow oil", 1]
    upload = read_upload(xlsx({"S": [header, [1, *cells, 20.5], [2, *cells, -1]]}), zone=LONDON)
    lines = upload.content.decode().splitlines(keepends=True)

    [one, other] = KINDS["orders"].entries(Table.of_lines(lines, ORDERS))

    assert isinstance(one.facts, OrderFacts)
    assert one.facts.promo_codes == ("NOBODY", "MARA15")
    assert [str(error) for error in other.errors] == ["line 3: unit_price: -1 is negative"]


def test_a_spreadsheets_own_numbers_have_one_meaning(cast: Cast, tmp_path: Path) -> None:
    rows = [
        [number, NOON, "GBP", None, "MARA15", 1.234, "Glow oil", quantity, price]
        for number, quantity, price in ((1, 1.125, 2.375), (2, 2, 7.125))
    ]

    found = imported(cast, tmp_path, *rows)

    assert [order.total_minor for order in found] == [267, 1425]
    with acting_for(cast.juniper):
        assert set(OrderLine.objects.values_list("sku", flat=True)) == {"1.234"}


def test_a_long_number_that_the_spreadsheet_rounded_is_refused_as_an_id(
    cast: Cast, tmp_path: Path
) -> None:
    path = tmp_path / "orders.xlsx"
    row = [7012350000123456.0, NOON, "GBP", None, "MARA15", "GLOW", "Glow oil", 1, 20]
    path.write_bytes(xlsx({"Orders": [ORDERS, row]}))

    with pytest.raises(CommandError):
        command("import_orders", str(path), "--brand", "juniper", "--source", "till")

    with acting_for(cast.juniper):
        assert not Order.objects.exists()


def with_sheet(cells: str) -> bytes:
    """A workbook whose only sheet has these cells, as XML."""
    packed = io.BytesIO()
    whole = zipfile.ZipFile(io.BytesIO(xlsx({"S": [["a"]]})))
    with whole, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        for part in whole.namelist():
            sheet = f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>'
            is_sheet = part == "xl/worksheets/sheet1.xml"
            book.writestr(part, sheet if is_sheet else whole.read(part))
    return packed.getvalue()


@pytest.mark.parametrize(
    "cells",
    [
        (
            '<row r="1"><c r="A1"><v>1</v></c></row>'
            '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        ),
        '<row r="1"><c r="ZZZZZZ99999999999"><v>1</v></c></row>',
    ],
    ids=["a cell in the farthest corner", "a cell that cannot be"],
)
def test_a_small_file_cannot_take_all_memory(cells: str) -> None:
    with pytest.raises(ImportFileError, match="can't be read"):
        read_upload(with_sheet(cells), zone=LONDON)


@pytest.mark.parametrize("area", ["L1:L2", "Z1:Z9", "A1:C2"])
def test_a_merged_area_beside_the_table_changes_nothing(area: str) -> None:
    read_upload(xlsx({"S": [["a", "b"], ["1", "2"]]}, merged=[area]), zone=LONDON)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (",".join(f"c{number}" for number in range(501)), "has 501 columns, more than 500"),
        ("order_id,no\0te", "line 1 holds a NUL character"),
    ],
)
def test_a_header_that_no_table_has_is_refused(header: str, message: str) -> None:
    with pytest.raises(ImportFileError, match=message):
        read_header([f"{header}\n", "1\n"], columns=ORDERS)
