"""A payment's statement as PDF.

The font is Roboto: Latin with accents, Greek, Cyrillic and Vietnamese. Other characters (Chinese,
Japanese, Korean, Arabic, Hebrew, Indic and Thai scripts, emoji) become question marks, and the
footer says so. The CSV file has every character.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

import font_roboto
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext
from fontTools.ttLib import TTFont
from fpdf import FPDF

from core.money import Money
from core.templatetags.display import day, money
from payouts.models import Payout, PayoutState
from tracking.figures.statements import StatementLine, statement_of

FONT = "Roboto"
SIZE, TOTAL_SIZE = 9, 10  # points
LABEL = 28.0  # millimetres
PADDING = 3.0  # millimetres of a column beside its text
HEADS = (
    gettext_noop("Date"),
    gettext_noop("Offer"),
    gettext_noop("What"),
    gettext_noop("Sale"),
    gettext_noop("Amount"),
)
ROW, NEXT_LINE = 6.5, 4.5  # millimetres: a row of one line, and each line more
ROUNDING = 0.01  # millimetres
OFFERS_PART = 0.4  # at most, of what dates and amounts leave
Cells = Sequence[Sequence[str]]  # the lines of each column of one row
INK, SOFT, LINE = (28, 27, 25), (110, 106, 99), (222, 218, 210)


@cache
def _writable() -> frozenset[int]:
    """Return the characters that the font has."""
    with TTFont(font_roboto.Roboto) as font:
        return frozenset(font.getBestCmap())


def in_font(text: str) -> str:
    """Return the text with a question mark for each character that the font lacks."""
    composed = unicodedata.normalize("NFC", text)
    writable = _writable()
    return "".join(letter if ord(letter) in writable else "?" for letter in composed)


class _Page(FPDF):
    """An A4 document with a footer on every page."""

    is_incomplete = False  # a character was replaced by a question mark

    def __init__(self) -> None:
        super().__init__(format="A4")
        self.alias_nb_pages("")  # else "{nb}" in a member's text would become the number of pages
        self._widths: dict[tuple[str, float], dict[str, float]] = {}

    def width_of(self, text: str) -> float:
        """The width of a text in the current font, in millimetres. Letters are measured once."""
        font = (self.font_style, self.font_size_pt)
        known = self._widths.setdefault(font, {})
        for letter in set(text) - known.keys():
            known[letter] = self.get_string_width(letter)
        return sum(known[letter] for letter in text)

    def lines_of(self, text: str, width: float) -> list[str]:
        """The text in lines that fit into a column: broken at spaces, else within a word."""
        shown = in_font(text)
        self.is_incomplete |= shown != unicodedata.normalize("NFC", text)
        fitting, lines, used = width - PADDING, [""], 0.0
        for word in re.findall(r"\S+\s*|\s+", shown):
            taken = self.width_of(word.rstrip())
            if used + taken > fitting and lines[-1]:
                lines.append("")
                used = 0.0
            if taken <= fitting:
                lines[-1] += word
                used += self.width_of(word)
                continue
            for letter in word:
                if used + self.width_of(letter) > fitting and lines[-1]:
                    lines.append("")
                    used = 0.0
                lines[-1] += letter
                used += self.width_of(letter)
        return [line.rstrip() for line in lines]

    def cells_of(self, texts: Sequence[str], widths: Sequence[float]) -> Cells:
        return [self.lines_of(text, width) for text, width in zip(texts, widths, strict=True)]

    def write_row(self, cells: Cells, widths: Sequence[float], *, right: int = 0) -> None:
        """Write cells side by side and go below them. The last `right` are aligned to the right."""
        left, top = self.l_margin, self.get_y()
        for number, (lines, width) in enumerate(zip(cells, widths, strict=True)):
            for line_number, line in enumerate(lines):
                self.set_xy(left, top + line_number * NEXT_LINE)
                align = "R" if number >= len(cells) - right else "L"
                self.cell(width, ROW, line, align=align)
            left += width
        self.set_xy(self.l_margin, top + row_height(cells))

    def footer(self) -> None:
        self.set_y(-16)
        self.set_font(FONT, size=8)
        self.set_text_color(*SOFT)
        if self.is_incomplete:
            note = _("? stands for a character this page can't show; the CSV has it.")
            self.cell(120, 5, note)
        self.set_x(-60)
        self.cell(40, 5, _("Page %(number)s") % {"number": self.page_no()}, align="R")


def row_height(cells: Cells) -> float:
    """The height of a row with these lines in its columns, in millimetres."""
    return ROW + (max(map(len, cells)) - 1) * NEXT_LINE


def statement_pdf(payout: Payout) -> bytes:
    """Return the statement of a payment with its entries, in the active time zone."""
    page = _new_page(payout)
    _write_head(page, payout)
    rows = [_texts_of(line) for line in statement_of(payout)]
    total = money(Money(payout.amount_minor, payout.currency))
    widths = _widths(page, rows, total)
    _write_table_head(page, widths)
    for row in rows:
        cells = page.cells_of(row, widths)
        if page.will_page_break(row_height(cells)):
            page.add_page()
            _write_table_head(page, widths)
        _write_row(page, cells, widths)
    page.set_font(FONT, style="B", size=TOTAL_SIZE)
    page.ln(1)
    page.write_row([[_("Total")], [total]], [sum(widths[:-1]), widths[-1]], right=1)
    return bytes(page.output())


def _new_page(payout: Payout) -> _Page:
    page = _Page()
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
        page.cell(LABEL, ROW, name)
        page.set_text_color(*INK)
        widths = [LABEL, page.epw - LABEL]
        page.write_row(page.cells_of(["", value], widths), widths)
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
    page.write_row(page.cells_of([text], [page.epw]), [page.epw])
    page.ln(2 + gap)


def _texts_of(line: StatementLine) -> list[str]:
    """Date, offer, what, sale, amount."""
    conversion = line.conversion
    what = " · ".join(filter(None, [line.title, line.entry.note]))
    if conversion and line.entry.amount_minor < 0:
        what = f"{what} · {line.what.lower()}"
    return [
        day(line.happened_at),
        line.entry.enrollment.offer.name,
        what,
        money(conversion.sale) if conversion else "",
        money(line.amount),
    ]


def _widths(page: _Page, rows: Sequence[Sequence[str]], total: str) -> list[float]:
    """The widths of the columns, in millimetres: dates and amounts are never broken."""
    page.set_font(FONT, size=SIZE)
    widest = [
        max((page.width_of(in_font(row[number])) for row in rows), default=0.0)
        for number in range(len(HEADS))
    ]
    page.set_font(FONT, style="B", size=SIZE)
    widest = [max(width, page.width_of(_(head))) for width, head in zip(widest, HEADS, strict=True)]
    page.set_font(FONT, style="B", size=TOTAL_SIZE)
    widest[-1] = max(widest[-1], page.width_of(in_font(total)))
    date, offer, _what, sale, amount = (width + PADDING + ROUNDING for width in widest)
    left = page.epw - date - sale - amount
    offer = min(offer, left * OFFERS_PART)
    return [date, offer, left - offer, sale, amount]


def _write_table_head(page: _Page, widths: Sequence[float]) -> None:
    page.set_font(FONT, style="B", size=SIZE)
    page.set_text_color(*SOFT)
    _write_row(page, page.cells_of([_(head) for head in HEADS], widths), widths)
    page.set_font(FONT, size=SIZE)
    page.set_text_color(*INK)


def _write_row(page: _Page, cells: Cells, widths: Sequence[float]) -> None:
    page.write_row(cells, widths, right=2)
    page.line(page.l_margin, page.get_y(), page.l_margin + sum(widths), page.get_y())


def _state(payout: Payout) -> str:
    return {
        PayoutState.DRAFT.value: pgettext("payment", "Draft"),
        PayoutState.PENDING_INFO.value: pgettext("payment", "Waiting for details"),
        PayoutState.PROCESSING.value: pgettext("payment", "Processing"),
        PayoutState.PAID.value: pgettext("payment", "Paid"),
        PayoutState.FAILED.value: pgettext("payment", "Failed"),
        PayoutState.CANCELLED.value: pgettext("payment", "Cancelled"),
    }[payout.state]
