"""Cells of a spreadsheet that have no value, or are shown as another text than they hold."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from tests.spreadsheets import MAIN, OFFICE, xlsx
from tracking.importing.cell_marks import SHOWN_OTHERWISE
from tracking.importing.csv_rows import MEMBER_COLUMNS, ImportFileError, read_rows
from tracking.importing.entries import KINDS, ORDER_COLUMNS, Entry
from tracking.importing.members import RULES
from tracking.importing.sheet_xml import SheetFacts, _Cells
from tracking.importing.spreadsheets import read_spreadsheet
from tracking.importing.tables import Table
from tracking.importing.uploads import MAX_FILE_BYTES, read_upload

OTHER_STYLES = "<cellStyleXfs><xf numFmtId='170'/></cellStyleXfs>"  # cells do not name these
LONDON = ZoneInfo("Europe/London")
ROW = ["5201", "2026-11-18T09:50:26Z", "GBP", "c1", "MARA15", "GLOW", "Glow oil", 1, 20.5]
NO_RESULT = (
    "holds a formula whose result is not in the file: open it in a spreadsheet program and save it"
    " again"
)
WRITE_AS_TEXT = (
    "the spreadsheet holds this date or number, and shows another text: format the column as text,"
    " and type it again"
)


def changed(content: bytes, part: str, *changes: tuple[str, str]) -> bytes:
    """The workbook with other XML in one of its parts; each pattern stands there."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as whole,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book,
    ):
        for name in whole.namelist():
            text = whole.read(name).decode()
            for pattern, other in changes if name == part else ():
                text, number = re.subn(pattern, other, text)
                assert number
            book.writestr(name, text)
    return packed.getvalue()


def with_cell(rows: Sequence[Sequence[object]], place: str, xml: str) -> bytes:
    """A workbook with these rows, and this XML in place of one of their cells."""
    pattern = rf'<c r="{place}".*?</c>'
    return changed(xlsx({"S": rows}), "xl/worksheets/sheet1.xml", (pattern, xml))


def orders(content: bytes) -> list[Entry]:
    lines = read_upload(content, zone=LONDON).content.decode().splitlines(keepends=True)
    return list(KINDS["orders"].entries(Table.of_lines(lines, ORDER_COLUMNS)))


def errors(entries: Sequence[Entry]) -> list[str]:
    return [str(error) for entry in entries for error in entry.errors]


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        ('<c r="E2" t="e"><v>#N/A</v></c>', "holds #N/A, an error of the spreadsheet"),
        ("<c r=\"E2\" t='e'><f>A1</f><v>#REF!</v></c>", "holds #REF!, an error of the spreadsheet"),
        ('<c r="E2"><f>A1</f></c>', NO_RESULT),
        ('<c r="E2"><f>A1</f><v></v></c>', NO_RESULT),
        ('<c r="E2"><f>A1</f><v/></c>', NO_RESULT),
    ],
)
@pytest.mark.parametrize("merged", [False, True])
def test_a_cell_without_a_value_leaves_its_order_out(xml: str, message: str, merged: bool) -> None:
    rows = [ORDER_COLUMNS, ROW, ["5202", *ROW[1:]]]
    content = with_cell(rows, "E2", xml)
    if merged:
        area = "</sheetData><mergeCells><mergeCell ref='E2:E3'/></mergeCells>"
        content = changed(content, "xl/worksheets/sheet1.xml", ("</sheetData>", area))

    found = errors(orders(content))

    assert found[0].startswith(f"line 2: discount_code: E2 {message}")
    assert len(found) == (2 if merged else 1)


@pytest.mark.parametrize(
    "xml",
    [
        '<c r="E2" t="str"><f>IF(1,"")</f><v></v></c>',
        '<c r="E2" t="str"><f>A1</f><v>MARA15</v></c>',
        '<c r="E2"><f>A1</f><v>15</v></c>',
    ],
)
def test_a_formula_with_a_result_is_read(xml: str) -> None:
    [entry] = orders(with_cell([ORDER_COLUMNS, ROW], "E2", xml))

    assert entry.errors == []


def test_an_error_in_a_column_that_is_not_read_leaves_nothing_out() -> None:
    rows: list[list[object]] = [[*ORDER_COLUMNS, "margin"], [*ROW, 1]]

    assert errors(orders(with_cell(rows, "J2", '<c r="J2" t="e"><v>#DIV/0!</v></c>'))) == []


def test_a_row_of_nothing_but_formulas_without_results_is_told() -> None:
    row = '<row r="4"><c r="A4"><f>A3</f></c><c><f>B3</f></c></row></sheetData>'
    content = changed(
        xlsx({"S": [ORDER_COLUMNS, ROW]}), "xl/worksheets/sheet1.xml", ("</sheetData>", row)
    )

    assert errors(orders(content)) == [f"line 4: order_id: A4 {NO_RESULT}"]


def test_an_error_that_the_library_does_not_know_is_named() -> None:
    content = with_cell([ORDER_COLUMNS, ROW], "E2", '<c r="E2" t="e"><v>#SPILL!</v></c>')

    with pytest.raises(ImportFileError, match="has a cell with the error #SPILL!: mend the cell"):
        read_upload(content, zone=LONDON)


@pytest.mark.parametrize("column", ["order_id", "customer_id", "discount_code", "sku"])
def test_an_id_or_code_that_became_a_date_leaves_its_order_out(column: str) -> None:
    row = list(ROW)
    row[ORDER_COLUMNS.index(column)] = date(2026, 6, 20)

    assert errors(orders(xlsx({"S": [ORDER_COLUMNS, row]}))) == [
        f"line 2: {column}: 2026-06-20T00:00:00+01:00: {WRITE_AS_TEXT}"
    ]


def test_a_members_code_that_became_a_date_is_refused() -> None:
    content = xlsx({"S": [MEMBER_COLUMNS, ["q@b.example", "Q", "L", date(2026, 6, 20)]]})
    lines = read_upload(content, zone=LONDON).content.decode().splitlines(keepends=True)

    [(_, cells)] = read_rows(lines, columns=MEMBER_COLUMNS)

    assert RULES.problem_of(cells) == (
        "promo_code", f"2026-06-20T00:00:00+01:00: {WRITE_AS_TEXT}",
    )  # fmt: skip


def test_a_date_that_is_no_id_or_code_is_read_without_its_mark() -> None:
    row = [*ROW[:6], date(2026, 6, 20), *ROW[7:]]

    [entry] = orders(xlsx({"S": [ORDER_COLUMNS, row]}))

    assert entry.facts is not None
    assert SHOWN_OTHERWISE not in repr(entry.facts)


def with_format(code: str, cell: object) -> str:
    """A cell as it is read, in a column whose cells have this number format."""
    formats = f'<numFmts><numFmt numFmtId="170" formatCode="{code}"/></numFmts>'
    content = changed(
        xlsx({"S": [["x"], [cell]]}),
        "xl/styles.xml",
        ('<cellXfs count="3">', f"{formats}{OTHER_STYLES}<cellXfs>"),
        ("</cellXfs>", '<xf numFmtId="170"/></cellXfs>'),
    )
    styled = changed(content, "xl/worksheets/sheet1.xml", ('<c r="A2"', '<c r="A2" s="3"'))
    [_, line] = read_spreadsheet(io.BytesIO(styled), zone=LONDON).lines
    return line.removesuffix("\r\n")


@pytest.mark.parametrize(
    ("code", "cell", "text"),
    [
        ("00000", 123, "00123"),
        ("00000;@", 123, "00123"),
        ("[Red]000", 12345, "12345"),
        ("000", 12.5, f"{SHOWN_OTHERWISE}12.5"),
        ("&quot;MARA&quot;00", 15, f"{SHOWN_OTHERWISE}15"),
        ("000\\\\-000", 123456, f"{SHOWN_OTHERWISE}123456"),
        ("#,##0.00", 1234.5, "1234.5"),
        ("0.00E+00", 7012350000123, "7012350000123"),
        ("_-* #,##0.00_-", 20.5, "20.5"),
        ("[$£-809]#,##0.00", 20.5, "20.5"),
        ("General", 5201, "5201"),
    ],
)
def test_a_number_is_read_as_its_format_shows_it_or_marked(
    code: str, cell: object, text: str
) -> None:
    assert with_format(code, cell) == text


def with_shared_text(cells: int, size: int) -> bytes:
    """A small workbook with one long text in many cells."""
    rows = "".join(
        f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(2, cells + 2)
    )
    content = changed(
        xlsx({"S": [["email"]]}),
        "xl/worksheets/sheet1.xml",
        ("</sheetData>", f"{rows}</sheetData>"),
    )
    shared = (
        f'<Relationship Id="shared" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>"
    )
    content = changed(content, "xl/_rels/workbook.xml.rels", ("</Relationships>", shared))
    packed = io.BytesIO(content)
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as book:
        text = f"<si><t>{'x' * size}</t></si>"
        book.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{text}</sst>')
    return packed.getvalue()


def test_one_long_text_in_many_cells_is_too_large() -> None:
    content = with_shared_text(1_000, 32_000)
    assert len(content) < MAX_FILE_BYTES / 1_000

    with pytest.raises(ImportFileError) as error:
        read_upload(content, zone=LONDON)

    assert str(error.value) == (
        "the spreadsheet holds more than 20 MB of text: split it into several"
    )
    assert len(read_upload(with_shared_text(500, 32_000), zone=LONDON).content) > 16_000_000


def test_a_time_of_day_is_no_id() -> None:
    content = with_cell([ORDER_COLUMNS, ROW], "A2", '<c r="A2" s="3"><v>0.5</v></c>')
    content = changed(content, "xl/styles.xml", ("</cellXfs>", '<xf numFmtId="20"/></cellXfs>'))

    assert errors(orders(content)) == [f"line 2: order_id: 12:00:00: {WRITE_AS_TEXT}"]


def test_a_file_whose_formats_are_no_xml_is_read_without_them() -> None:
    header = ORDER_COLUMNS
    content = changed(xlsx({"S": [header, ROW]}), "xl/workbook.xml", (r"\A", "\n"))

    [entry] = orders(content)

    assert errors([entry]) == []


def test_formatted_cells_without_a_value_take_no_memory() -> None:
    cells = SheetFacts()
    reading = _Cells({"1": 0})
    for tag, given in (("row", {"r": "7"}), ("c", {"r": "B7", "s": "1"})):
        reading.start(tag, given)
    reading.end("c")
    assert reading.facts == cells

    reading.start("c", {"r": "C7", "s": "1"})
    reading.start("v", {})
    reading.end("c")
    assert reading.facts.digits == {6: bytearray([0, 0, 1])}
