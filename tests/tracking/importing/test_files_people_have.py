"""Files as people's spreadsheets and shops really write them."""

from __future__ import annotations

from datetime import UTC

import pytest

from core.tenancy import acting_for
from offers.models import Offer
from tests.cast import NOW, SYSTEM, Cast
from tracking.importing.csv_rows import (
    MEMBER_COLUMNS,
    ImportFileError,
    ImportReport,
    read_rows,
)
from tracking.importing.entries import ORDER_COLUMNS
from tracking.importing.members import import_members
from tracking.importing.orders import import_orders
from tracking.importing.tables import Table
from tracking.importing.text_encodings import (
    UTF_8,
    UTF_16,
    WINDOWS_1252,
    encoding_of,
)
from tracking.importing.uploads import read_upload
from tracking.models import Conversion, Order, PromoCode

pytestmark = pytest.mark.usefixtures("at_juniper")

ORDERS = "order_id,ordered_at,currency,customer_id,discount_code,sku,product,quantity,unit_price"
MEMBERS = "email,first_name,last_name,promo_code"


def members(offer: Offer, *lines: str) -> ImportReport:
    rows = read_rows([f"{line}\r\n" for line in lines], columns=MEMBER_COLUMNS)
    return import_members(rows, offer=offer, by=SYSTEM, now=NOW, counted=lambda _: None)


def orders(*lines: str, header: str = ORDERS) -> ImportReport:
    table = Table.of_lines([f"{line}\r\n" for line in (header, *lines)], ORDER_COLUMNS)
    return import_orders(table, source="shop", by=SYSTEM, now=NOW, counted=lambda _: None)


def totals() -> dict[str, int]:
    return {order.external_id: order.total_minor for order in Order.objects.all()}


def errors(report: ImportReport) -> list[str]:
    return [str(error) for error in report.errors]


@pytest.mark.parametrize(
    "lines",
    [
        ["email;first_name;last_name;promo_code", "ana@x.example;Ana;Núñez;ANB10"],
        ["email\tfirst_name\tlast_name\tpromo_code", "ana@x.example\tAna\tNúñez\tANB10"],
        ["sep=,", MEMBERS, "ana@x.example,Ana,Núñez,ANB10"],
        ["SEP=;", "email;first_name;last_name;promo_code", "ana@x.example;Ana;Núñez;ANB10"],
        ["Email,First Name,Last Name,Promo Code", "ana@x.example,Ana,Núñez,ANB10"],
        ["EMAIL, first-name ,LAST_NAME,Promo  code", "ana@x.example,Ana,Núñez,ANB10"],
        ["\ufeff" + MEMBERS, "ana@x.example,Ana,Núñez,ANB10"],
        ['"email","first_name","last_name","promo_code"', '"ana@x.example","Ana","Núñez","ANB10"'],
        [",email,first_name,last_name,promo_code", "0,ana@x.example,Ana,Núñez,ANB10"],
    ],
)
def test_separators_and_names_of_columns(spring: Offer, lines: list[str]) -> None:
    report = members(spring, *lines)

    assert (report.counts, errors(report)) == ({"added": 1}, [])
    assert PromoCode.objects.get(code="ANB10").enrollment.member.last_name == "Núñez"


def test_lines_are_counted_as_the_file_has_them(spring: Offer) -> None:
    report = members(spring, "sep=,", MEMBERS, "ana@x.example,Ana,N,ANB10", "nobody,A,B,")

    assert [error.line for error in report.errors] == [4]


def test_a_column_that_stands_twice_is_refused(spring: Offer) -> None:
    with pytest.raises(ImportFileError, match="the column email stands twice"):
        members(spring, f"{MEMBERS},Email", "right@x.example,R,G,RIGHT1,wrong@x.example")


def test_a_cell_beyond_the_header_refuses_its_row_alone(spring: Offer) -> None:
    report = members(
        spring, MEMBERS, "sam@x.example,Sam,Smith, Jr,SAMJR", "ana@x.example,Ana,N,ANA10,,"
    )

    assert errors(report) == ["line 2: row: has more cells than the header, up to 'SAMJR'"]
    assert report.counts == {"added": 1}


def test_codes_that_a_spreadsheet_took_for_numbers(spring: Offer) -> None:
    report = members(
        spring, MEMBERS, "a@x.example,A,A,5E10", "b@x.example,B,B,1.00E+10", "c@x.example,C,C,00123"
    )

    said = "a spreadsheet turned this into a number"
    assert errors(report) == [
        f"line 2: promo_code: 5E10: {said}",
        f"line 3: promo_code: 1.00E+10: {said}",
    ]
    assert PromoCode.objects.filter(enrollment__offer=spring).get().code == "00123"


def test_order_numbers_that_a_spreadsheet_rounded_are_never_one_order() -> None:
    report = orders(
        "7.01235E+12,2026-11-18T09:50:26Z,GBP,,MARA15,GLOW,Glow oil,1,20.00",
        "7.01235E+12,2026-11-19T10:50:26Z,GBP,,MARA15,GLOW,Glow oil,1,30.00",
    )

    said = "order_id: 7.01235E+12: a spreadsheet turned this into a number"
    assert errors(report) == [f"line 2: {said}"]
    assert totals() == {}


def test_an_order_with_a_cell_beyond_the_header_is_left_out_whole() -> None:
    report = orders(
        "5401,2026-11-18T09:50:26Z,GBP,c1,MARA15,GLOW,Glow oil,1,20.00",
        "5401,2026-11-18T09:50:26Z,GBP,c1,MARA15,GLOW,Glow oil, 50 ml,1,20.00",
        "5402,2026-11-18T09:50:26Z,GBP,c1,MARA15,GLOW,Set,2,3,20.00",
        "5403,2026-11-18T09:50:26Z,GBP,c1,MARA15,GLOW,Glow oil,1,1",
    )

    assert [error.line for error in report.errors] == [3, 4]
    assert totals() == {"5403": 100}


def test_an_empty_cell_on_a_further_row_means_as_above() -> None:
    header = (
        "order_id,customer_id,ordered_at,currency,discount_code,quantity,product,unit_price,sku"
    )
    report = orders(
        "#5001,c1,2026-11-18 09:50:26 +0000,GBP,MARA15,2,Glow oil,20.00,GLOW",
        "#5001,,,,,1,Mask,10.00,MASK",
        "#5002,c2,2026-11-18 10:50:26 +0000,GBP,MARA15,1,Glow oil,20.00,GLOW",
        header=header,
    )

    assert errors(report) == []
    assert totals() == {"#5001": 5000, "#5002": 2000}


def test_a_code_as_it_was_typed(cast: Cast) -> None:
    report = orders(
        '5601,2026-11-18T09:50:26Z,GBP,c1,"WELCOME10, MARA15",GLOW,Glow oil,1,20.00',
        "5602,2026-11-18T09:50:26Z,GBP,c1,mara15 ,GLOW,Glow oil,1,20.00",
        "5603,2026-11-18T09:50:26Z,GBP,c1,MARA 15,GLOW,Glow oil,1,20.00",
    )

    assert report.counts == {"recorded": 3}
    with acting_for(cast.juniper):
        assert {row.enrollment_id for row in Conversion.objects.all()} == {cast.mara_in_glow.pk}


ANA = "email,first_name,last_name,promo_code\nana@x.example,Ana,Núñez,\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"", UTF_8),
        (b"a", UTF_8),
        (ANA.encode(), UTF_8),
        (ANA.encode("utf-8-sig"), UTF_8),
        ("\U0001f600".encode(), UTF_8),
        (ANA.encode("utf-16"), UTF_16),
        (b"\xfe\xff" + ANA.encode("utf-16-be"), UTF_16),
        (ANA.encode("cp1252"), WINDOWS_1252),
        ("€ “quoted”".encode("cp1252"), WINDOWS_1252),
        ("é".encode()[:1], WINDOWS_1252),
    ],
)
def test_the_encoding_of_a_text_is_told(content: bytes, encoding: str) -> None:
    piecemeal = [content[at : at + 2] for at in range(0, len(content), 2)]

    assert encoding_of([content]) == encoding
    assert encoding_of(piecemeal) == encoding


@pytest.mark.parametrize(
    "content",
    [
        ANA.encode("utf-16")[:-1],
        ANA.encode("utf-16-le"),  # without its mark
        b"caf\x81\xff",
        b"\xff\xfe\x00ba",
        b"a,b\n\xff\x00",
    ],
)
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(ImportFileError, match="save it as CSV UTF-8"):
        encoding_of([content])


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", ""),
        ("utf-16", "The file is UTF-16 text, and was read as such."),
        ("cp1252", "It was read as Windows-1252"),
    ],
)
def test_an_upload_says_what_it_was_read_as(encoding: str, note: str) -> None:
    read = read_upload(ANA.encode(encoding), zone=UTC)

    assert read.content.decode("utf-8-sig") == ANA
    assert [note in one for one in read.notes] == [True] * bool(note)
