"""A statement as PDF: it opens, holds every figure, and writes the names that the font has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fpdf import FPDF

from affiliates.models import Member
from brand_admin.payments.statement_pdf import statement_pdf
from core.languages import speaking
from core.money import Money, currencies_in_use
from core.pdf_document import Document, in_font
from core.templatetags.display import money
from core.tenancy import acting_for
from payouts.models import Payout
from payouts.services import adjust
from tests.cast import NOW, SYSTEM, Cast, pay_all_due
from tests.paid_clicks import earn_by_clicks


@pytest.fixture
def payout(cast: Cast) -> Iterator[Payout]:
    """£25.00 to Mara, for a video."""
    with acting_for(cast.juniper):
        adjust(
            enrollment=cast.mara_in_glow,
            currency="GBP",
            amount_minor=2_500,
            note="Video",
            by=SYSTEM,
            now=NOW,
        )
        yield pay(cast)


def pay(cast: Cast) -> Payout:
    return pay_all_due(cast.mara)


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", pdf))


def test_a_statement_is_a_pdf_of_one_page(payout: Payout) -> None:
    pdf = statement_pdf(payout)

    assert pdf.startswith(b"%PDF-1.")
    assert pages(pdf) == 1


def test_the_same_payment_has_the_same_statement(payout: Payout) -> None:
    assert statement_pdf(payout) == statement_pdf(payout)


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float, float]]:
    """What is written into cells: the text, its width and the column's, in millimetres."""
    written: list[tuple[str, float, float]] = []
    real = FPDF.cell

    def cell(page: FPDF, width: float, height: float, text: str, **how: Any) -> Any:
        written.append((text, page.get_string_width(text), width))
        return real(page, width, height, text, **how)

    monkeypatch.setattr(FPDF, "cell", cell)
    return written


def adjusted(cast: Cast, *, note: str, lines: int = 1, **changes: Any) -> Payout:
    """A payment of that many adjustments with this note."""
    values: dict[str, Any] = {"currency": "GBP", "amount_minor": 100} | changes
    for _ in range(lines):
        adjust(enrollment=cast.mara_in_glow, note=note, by=SYSTEM, now=NOW, **values)
    return pay_all_due(cast.mara, currency=values["currency"])


def test_a_long_statement_goes_over_pages(cast: Cast) -> None:
    with acting_for(cast.juniper):
        assert pages(statement_pdf(adjusted(cast, note="Video", lines=60))) == 2


@pytest.mark.parametrize("note", ["A video of an unboxing " * 13, "W" * 300])
def test_nothing_is_cut_and_nothing_leaves_its_column(
    cast: Cast, cells: list[tuple[str, float, float]], note: str
) -> None:
    with acting_for(cast.juniper):
        payout = adjusted(cast, note=note[:300], currency="IDR", amount_minor=123_456_789_000)
        statement_pdf(payout)

    texts = [text.replace("\xa0", " ") for text, _, _ in cells]
    assert texts.count("IDR 1,234,567,890.00") == 2
    assert "".join("".join(texts).split()).count("".join(note[:300].split())) == 1
    assert [text for text, wide, column in cells if wide > column] == []


def test_clicks_have_the_day_on_which_they_came(
    cast: Cast, cells: list[tuple[str, float, float]]
) -> None:
    """They came on November 20, and were credited and paid two days later."""
    later = NOW + timedelta(days=2)
    earn_by_clicks(cast.diego, credited_at=later)
    with acting_for(cast.juniper):
        statement_pdf(pay_all_due(cast.diego, now=later))

    assert [text for text, _, _ in cells].count("20 Nov 2026") == 1


def test_a_text_with_the_sign_for_the_number_of_pages_stays_text(cast: Cast) -> None:
    """A letter is in the file's table of letters if it is written."""
    with acting_for(cast.juniper):
        pdf = statement_pdf(adjusted(cast, note="{nb}"))

    assert b"<007B>" in pdf


def test_the_letters_of_long_notes_are_measured_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """400 notes that were cut letter by letter took seven seconds."""
    measured: list[str] = []
    real = FPDF.get_string_width

    def width(page: FPDF, text: str, *more: Any) -> float:
        measured.append(text)
        return real(page, text, *more)

    monkeypatch.setattr(FPDF, "get_string_width", width)
    with acting_for(cast.juniper):
        statement_pdf(adjusted(cast, note="W" * 300, lines=3))

    assert max(map(len, measured)) == 1
    assert len(measured) < 200


def test_a_name_that_the_font_lacks_does_not_fail(payout: Payout) -> None:
    Member.objects.filter(pk=payout.member_id).update(first_name="美咲", last_name="🌿 Ağaoğlu")
    payout.member.refresh_from_db()

    assert pages(statement_pdf(payout)) == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë Ağaoğlu-Łukasiewicz", "Zoë Ağaoğlu-Łukasiewicz"),
        ("Zoe\u0308", "Zoë"),
        ("Ελένη Παπαδοπούλου", "Ελένη Παπαδοπούλου"),
        ("Юлія Шевченко", "Юлія Шевченко"),
        ("Nguyễn Thị Ánh", "Nguyễn Thị Ánh"),
        ("£€¥₺ · “12” …", "£€¥₺ · “12” …"),
        ("1.234,50 ฿", "1.234,50 THB"),
        ("฿50", "THB\xa050"),
        ("美咲", "??"),
        ("שרה", "???"),
        ("مريم", "????"),
    ],
)
def test_what_the_font_writes(text: str, shown: str) -> None:
    assert in_font(text) == shown


@pytest.mark.parametrize("tag", ["en", "en-gb", "es", "es-cl", "de", "de-ch", "fr", "fr-ch"])
def test_every_amount_can_be_written_in_every_language(tag: str) -> None:
    with speaking(tag):
        amounts = [money(Money(-123_456_789, code)) for code, _name in currencies_in_use()]

    assert [amount for amount in amounts if "?" in in_font(amount)] == []


def test_a_symbol_that_became_a_code_leaves_nothing_out() -> None:
    page = Document("Baht", made_at=NOW)

    page.say("฿50", size=10)
    assert not page.is_incomplete
    page.say("美咲?", size=10)
    assert page.is_incomplete
