"""The codes of a file of members: what they replace, who had them, and a second import."""

from __future__ import annotations

import pytest

from affiliates.models import Member
from offers.models import Offer
from tests.cast import NOW, SYSTEM, Cast
from tracking.importing.csv_rows import BATCH, ImportReport, Row
from tracking.importing.member_codes import DATE, codes_of_file
from tracking.importing.members import MemberImport, import_members
from tracking.links.membership import deactivate_member
from tracking.models import PromoCode

pytestmark = pytest.mark.usefixtures("at_juniper")
GIVEN_UP = (
    "promo_code: Mara Lindqvist has or had MARA15, and gets another code on line {line}: give"
    " MARA15 to somebody else with a later file"
)


def row(line: int, email: str, code: str = "", **more: str) -> Row:
    cells = {"email": email, "first_name": "A", "last_name": "B", "promo_code": code, **more}
    return line, cells


def bring_in(rows: list[Row], offer: Offer, *, replace_codes: bool = True) -> ImportReport:
    return import_members(
        rows, offer=offer, by=SYSTEM, now=NOW, counted=lambda _: None, replace_codes=replace_codes
    )


def preview(rows: list[Row], offer: Offer) -> ImportReport:
    file = MemberImport(offer=offer, by=SYSTEM, file_codes=codes_of_file(rows))
    return file.preview(rows, now=NOW)


def errors(report: ImportReport) -> list[str]:
    return [str(error) for error in report.errors]


def codes_in_use() -> dict[str, str]:
    rows = PromoCode.objects.in_use().order_by("code").select_related("enrollment__member")
    return {row.code: row.enrollment.member.email for row in rows}


def test_a_preview_asks_only_about_codes_that_can_be_given(cast: Cast) -> None:
    rows = [row(2, cast.mara.email, "JUNE20"), row(3, cast.diego.email, "?bad")]

    found = preview(rows, cast.glow)

    assert found.asks == []
    assert errors(found) == errors(bring_in(rows, cast.glow))
    assert [error.line for error in found.errors] == [2, 3]


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize("between", [0, BATCH])
def test_a_code_that_its_owner_gives_up_in_the_same_file_is_refused_each_time(
    cast: Cast, is_reversed: bool, between: int
) -> None:
    """Also when the two rows are in different batches."""
    swap = [(cast.mara.email, "NEWMARA"), (cast.diego.email, "MARA15")]
    swap = swap[::-1] if is_reversed else swap
    people = [swap[0], *((f"m{number}@x.example", "") for number in range(between)), swap[1]]
    rows = [row(line, *person) for line, person in enumerate(people, 2)]
    diego, mara = (2, between + 3) if is_reversed else (between + 3, 2)

    first = bring_in(rows, cast.glow)
    after_first = codes_in_use()
    again = bring_in(rows, cast.glow)

    assert errors(first) == errors(again) == [f"line {diego}: {GIVEN_UP.format(line=mara)}"]
    assert (first.counts["changed"], again.counts) == (1, {"unchanged": between + 1})
    assert codes_in_use() == after_first
    assert after_first["NEWMARA"] == cast.mara.email
    assert "MARA15" not in after_first

    later = bring_in([row(2, cast.diego.email, "MARA15")], cast.glow)

    assert (errors(later), later.counts) == ([], {"changed": 1})
    assert errors(bring_in(rows, cast.glow)) == []
    assert codes_in_use()["MARA15"] == cast.diego.email


def test_an_ended_code_of_somebody_whose_row_has_no_code_is_given(cast: Cast) -> None:
    deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW)
    rows = [row(2, cast.mara.email), row(3, cast.diego.email, "MARA15")]

    assert errors(bring_in(rows, cast.glow)) == []
    assert codes_in_use()["MARA15"] == cast.diego.email


def test_a_code_that_was_held_in_another_offer_is_not_given_up_by_the_file(
    cast: Cast, spring: Offer
) -> None:
    deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW)
    rows = [row(2, cast.mara.email, "MARASPRING"), row(3, cast.diego.email, "MARA15")]

    assert errors(bring_in(rows, spring)) == []


def test_a_row_that_repeats_one_that_can_not_be_read_is_imported(spring: Offer) -> None:
    rows = [
        row(2, "a@x.example", "ANN1", instagram="not a handle!!"),
        row(3, "a@x.example", "ANN1", instagram="ann"),
        row(4, "a@x.example", "ANN2"),
        row(5, "b@x.example", "ANN1"),
    ]

    report = bring_in(rows, spring)

    assert errors(report) == [
        "line 2: instagram: 'not a handle!!' is not a name on Instagram",
        "line 4: email: a@x.example is already on line 3",
        "line 5: promo_code: ANN1 is already on line 3",
    ]
    assert report.counts == {"added": 1}
    assert PromoCode.objects.get(code="ANN1").enrollment.member.email == "a@x.example"
    assert not Member.objects.filter(email="b@x.example").exists()


@pytest.mark.parametrize(
    "code",
    ["20-JUN", "MAR-15", "20.JUN", "JUIN-20", "1-MRZ", "MAR-2015", "20/06/2026", "2026-06-20"],
)
def test_a_preview_remarks_on_a_code_that_looks_like_a_date(spring: Offer, code: str) -> None:
    found = preview([row(2, "a@x.example", code.lower())], spring)

    assert [str(remark) for remark in found.remarks] == [
        (
            f"line 2: promo_code: {code} looks like a date: check that a spreadsheet did not make"
            " it of another code"
        )
    ]
    assert found.counts == {"added": 1}


@pytest.mark.parametrize("code", ["MARA-15", "MAR15", "JUNE-20", "20JUN", "A-20-JUN", "10-20"])
def test_other_codes_do_not_look_like_dates(code: str) -> None:
    assert not DATE.fullmatch(code)
