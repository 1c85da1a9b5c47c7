"""A payment's statement as PDF.

The font is Roboto: Latin with accents, Greek, Cyrillic and Vietnamese. Other characters (Chinese,
Japanese, Korean, Arabic, Hebrew, Indic and Thai scripts, emoji) become question marks, and the
footer says so. The CSV file has every character.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import font_roboto
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from core.money import Money
from core.templatetags.display import day, money
from payouts.models import Payout, PayoutState
from tracking.figures.statements import StatementLine, statement_of

FONT = "Roboto"
WIDTHS = (23.0, 38.0, 57.0, 30.0, 30.0)  # millimetres: date, offer, what, sale, amount
HEADS = (
    gettext_noop("Date"),
    gettext_noop("Offer"),
    gettext_noop("What"),
    gettext_noop("Sale"),
    gettext_noop("Amount"),
)
ROW = 6.5
INK, SOFT, LINE = (28, 27, 25), (110, 106, 99), (222, 218, 210)


@cache
def _writable() -> frozenset[int]:
    """Return the characters that the font has."""
    with TTFont(font_roboto.Roboto) as font:
        return frozenset(font.getBestCmap())


def in_font(text: str) -> str:
    """Return the text with a question mark for each character that the font lacks."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(letter if ord(letter) in _writable() else "?" for letter in composed)


class _Page(FPDF):
    """An A4 document with a footer on every page."""

    is_incomplete = False  # a character was replaced by a question mark

    def write_cell(self, width: float, text: str, *, align: str = "L", end: bool = False) -> None:
        """Write one line; text that is too long for its column is cut with an ellipsis."""
        shown = in_font(text)
        self.is_incomplete |= shown != unicodedata.normalize("NFC", text)
        if self.get_string_width(shown) > width - 3:
            while shown and self.get_string_width(shown + "…") > width - 3:
                shown = shown[:-1]
            shown += "…"
        after = (XPos.LMARGIN, YPos.NEXT) if end else (XPos.RIGHT, YPos.TOP)
        self.cell(width, ROW, shown, align=align, new_x=after[0], new_y=after[1])

    def footer(self) -> None:
        self.set_y(-16)
        self.set_font(FONT, size=8)
        self.set_text_color(*SOFT)
        if self.is_incomplete:
            note = _("? stands for a character this page can't show; the CSV has it.")
            self.cell(120, 5, note)
        self.set_x(-60)
        self.cell(40, 5, _("Page %(number)s") % {"number": self.page_no()}, align="R")


def statement_pdf(payout: Payout) -> bytes:
    """Return the statement of a payment with its entries, in the active time zone."""
    page = _new_page(payout)
    _write_head(page, payout)
    _write_table_head(page)
    for line in statement_of(payout):
        _write_line(page, line)
    _write_total(page, payout)
    return bytes(page.output())


def _new_page(payout: Payout) -> _Page:
    page = _Page(format="A4")
    page.set_margins(16, 18, 16)
    page.set_auto_page_break(auto=True, margin=22)
    page.add_font(FONT, fname=font_roboto.Roboto)
    page.add_font(FONT, style="B", fname=font_roboto.RobotoBold)
    page.set_title(_("Statement of payment %(number)s") % {"number": payout.pk})
    page.set_creation_date(payout.created_at)  # so that the same statement is the same file
    page.set_draw_color(*LINE)
    page.add_page()
    return page


def _write_head(page: _Page, payout: Payout) -> None:
    _say(page, payout.brand.name, size=10, colour=SOFT)
    _say(
        page,
        _("Payment of %(amount)s") % {"amount": money(payout.amount)},
        size=20,
        style="B",
        gap=4,
    )
    facts = [
        (pgettext("payment", "To"), f"{payout.member} {payout.member.email}".strip()),
        (_("Date"), day(payout.created_at)),
        (_("Status"), _state(payout)),
        (_("Reference"), payout.reference or pgettext("reference", "none")),
        (_("Number"), str(payout.public_id)),
    ]
    if payout.reason:
        facts.append((_("Reason"), payout.reason))
    for name, value in facts:
        page.set_font(FONT, size=10)
        page.set_text_color(*SOFT)
        page.write_cell(28, name)
        page.set_text_color(*INK)
        page.write_cell(page.epw - 28, value, end=True)
    page.ln(6)


def _say(
    page: _Page,
    text: str,
    *,
    size: int,
    style: str = "",
    colour: tuple[int, int, int] = INK,
    gap: float = 0,
) -> None:
    page.set_font(FONT, style="B" if style else "", size=size)
    page.set_text_color(*colour)
    page.write_cell(page.epw, text, end=True)
    page.ln(2 + gap)


def _write_table_head(page: _Page) -> None:
    page.set_font(FONT, style="B", size=9)
    page.set_text_color(*SOFT)
    _write_row(page, tuple(_(head) for head in HEADS))
    page.set_font(FONT, size=9)
    page.set_text_color(*INK)


def _write_line(page: _Page, line: StatementLine) -> None:
    if page.will_page_break(ROW):
        page.add_page()
        _write_table_head(page)
    conversion = line.conversion
    what = " · ".join(filter(None, [line.title, line.entry.note]))
    if conversion and line.entry.amount_minor < 0:
        what = f"{what} · {line.what.lower()}"
    _write_row(
        page,
        (
            day(line.happened_at),
            line.entry.enrollment.offer.name,
            what,
            money(conversion.sale) if conversion else "",
            money(line.amount),
        ),
    )


def _write_row(page: _Page, texts: tuple[str, ...]) -> None:
    for number, (width, text) in enumerate(zip(WIDTHS, texts, strict=True)):
        last = number == len(WIDTHS) - 1
        page.write_cell(width, text, align="R" if number >= len(WIDTHS) - 2 else "L", end=last)
    page.line(page.l_margin, page.get_y(), page.l_margin + sum(WIDTHS), page.get_y())


def _write_total(page: _Page, payout: Payout) -> None:
    page.set_font(FONT, style="B", size=10)
    page.ln(1)
    page.write_cell(sum(WIDTHS[:-1]), _("Total"))
    page.write_cell(WIDTHS[-1], money(Money(payout.amount_minor, payout.currency)), align="R")


def _state(payout: Payout) -> str:
    return {
        PayoutState.DRAFT.value: pgettext("payment", "Draft"),
        PayoutState.PENDING_INFO.value: pgettext("payment", "Waiting for details"),
        PayoutState.PROCESSING.value: pgettext("payment", "Processing"),
        PayoutState.PAID.value: pgettext("payment", "Paid"),
        PayoutState.FAILED.value: pgettext("payment", "Failed"),
        PayoutState.CANCELLED.value: pgettext("payment", "Cancelled"),
    }[payout.state]
