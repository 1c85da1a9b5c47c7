"""Make an .xlsx file of given cells, as small as Excel accepts."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from xml.sax.saxutils import escape

Cells = Sequence[Sequence[object]]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
TIME_STYLE, DATE_STYLE = 1, 2
DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet knows no time zone


def xlsx(sheets: Mapping[str, Cells], *, merged: Sequence[str] = ()) -> bytes:
    """A workbook with these sheets; `merged` are areas of the first, such as "A2:A3"."""
    packed = io.BytesIO()
    names = list(sheets)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        parts = "".join(
            f'<Override PartName="/xl/worksheets/sheet{number}.xml"'
            f' ContentType="{TYPES}.worksheet+xml"/>'
            for number, _ in enumerate(names, 1)
        )
        book.writestr(
            "[Content_Types].xml",
            f'{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels"'
            ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{TYPES}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{TYPES}.styles+xml"/>'
            f"{parts}</Types>",
        )
        book.writestr(
            "_rels/.rels",
            f'{HEAD}<Relationships xmlns="{PACKAGE}"><Relationship Id="r1"'
            f' Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        listed = "".join(
            f'<sheet name="{escape(name)}" sheetId="{number}" r:id="r{number}"/>'
            for number, name in enumerate(names, 1)
        )
        book.writestr(
            "xl/workbook.xml",
            f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets>'
            "</workbook>",
        )
        targets = "".join(
            f'<Relationship Id="r{number}" Type="{OFFICE}/worksheet"'
            f' Target="worksheets/sheet{number}.xml"/>'
            for number, _ in enumerate(names, 1)
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'{HEAD}<Relationships xmlns="{PACKAGE}">{targets}<Relationship Id="styles"'
            f' Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
        )
        formats = "".join(f'<xf numFmtId="{number}" applyNumberFormat="1"/>' for number in (22, 14))
        book.writestr(
            "xl/styles.xml",
            f'{HEAD}<styleSheet xmlns="{MAIN}"><cellXfs count="3"><xf numFmtId="0"/>{formats}'
            "</cellXfs></styleSheet>",
        )
        for number, name in enumerate(names, 1):
            areas = merged if number == 1 else ()
            book.writestr(f"xl/worksheets/sheet{number}.xml", _sheet(sheets[name], areas))
    return packed.getvalue()


def _sheet(cells: Cells, merged: Sequence[str]) -> str:
    rows = "".join(
        f'<row r="{number}">'
        + "".join(_cell(f"{_letters(column)}{number}", value) for column, value in enumerate(row))
        + "</row>"
        for number, row in enumerate(cells, 1)
    )
    areas = "".join(f'<mergeCell ref="{area}"/>' for area in merged)
    joined = f'<mergeCells count="{len(merged)}">{areas}</mergeCells>' if merged else ""
    return f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{joined}</worksheet>'


def _letters(column: int) -> str:
    return chr(ord("A") + column)


def _cell(place: str, value: object) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value!r}</v></c>'
    if isinstance(value, date):
        is_time = isinstance(value, datetime)
        moment = datetime.fromisoformat(value.isoformat())
        days = (moment - DAY_ZERO).total_seconds() / 86_400
        style = TIME_STYLE if is_time else DATE_STYLE
        return f'<c r="{place}" s="{style}"><v>{days!r}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'
