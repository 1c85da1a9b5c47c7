"""A statement as PDF: it opens, holds every figure, and writes the names that the font has."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from affiliates.models import Member
from brand_admin.payments.statement_pdf import in_font, statement_pdf
from core.tenancy import acting_for
from payouts.models import Payout
from payouts.services import adjust
from tests.cast import NOW, SYSTEM, Cast, pay_all_due


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


def test_a_long_statement_goes_over_pages(cast: Cast) -> None:
    with acting_for(cast.juniper):
        for number in range(60):
            adjust(
                enrollment=cast.mara_in_glow,
                currency="GBP",
                amount_minor=100 + number,
                note="A note that is far too long for its column and is cut with an ellipsis " * 2,
                by=SYSTEM,
                now=NOW,
            )

        assert pages(statement_pdf(pay(cast))) == 2


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
        ("美咲", "??"),
        ("שרה", "???"),
        ("مريم", "????"),
    ],
)
def test_what_the_font_writes(text: str, shown: str) -> None:
    assert in_font(text) == shown
