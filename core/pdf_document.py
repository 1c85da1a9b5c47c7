"""A PDF document of text, facts and tables.

The font is Roboto: Latin with accents, Greek, Cyrillic and Vietnamese. Other characters (Chinese,
Japanese, Korean, Arabic, Hebrew, Indic and Thai scripts, emoji) become question marks, and the
footer says so. The CSV file has every character. An amount whose currency has a symbol that the
font lacks has the code of the currency.

Its libraries take a seventh of the time in which a web process starts, and 17 MB. So a module that
imports this one is named `…_pdf`, and imported by the function that makes a document.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache

import font_roboto
from babel import Locale
from django.conf import settings
from django.utils.translation import gettext as _
from fontTools.ttLib import TTFont
from fpdf import FPDF

from core.money import currencies_in_use

FONT = "Roboto"
SIZE, TOTAL_SIZE = 9, 10  # points
LABEL = 28.0  # millimetres
FIRST_COLUMN = 1 / 3  # of the width, in a table with a title
PADDING = 3.0  # millimetres of a column beside its text
ROW, NEXT_LINE = 6.5, 4.5  # millimetres: a row of one line, and each line more
ROUNDING = 0.01  # millimetres
Cells = Sequence[Sequence[str]]  # the lines of each column of one row
INK, SOFT, LINE = (28, 27, 25), (110, 106, 99), (222, 218, 210)


@cache
def _writable() -> frozenset[int]:
    """Return the characters that the font has."""
    with TTFont(font_roboto.Roboto) as font:
        return frozenset(font.getBestCmap())


@cache
def _symbols_not_in_font() -> dict[str, str]:
    """Return the code of each currency whose symbol the font lacks, by that symbol."""
    in_use = [code for code, _name in currencies_in_use()]
    symbols = [
        (Locale.parse(language).currency_symbols.get(code, code), code)
        for language, _name in settings.LANGUAGES
        for code in in_use
    ]
    return {symbol: code for symbol, code in symbols if _lacks(symbol)}


def _lacks(text: str) -> bool:
    return any(ord(letter) not in _writable() for letter in text)


def in_font(text: str) -> str:
    """Return the text with a question mark for each character that the font lacks.

    The symbol of a currency becomes its code ("THB").
    """
    shown = unicodedata.normalize("NFC", text)
    if not _lacks(shown):
        return shown
    for symbol, code in _symbols_not_in_font().items():
        shown = re.sub(rf"{re.escape(symbol)}(?=[^\s\w]?\d)", f"{code}\N{NO-BREAK SPACE}", shown)
        shown = shown.replace(symbol, code)
    return "".join("?" if _lacks(letter) else letter for letter in shown)


class Document(FPDF):
    """An A4 document with a footer on every page. `made_at` dates it, so that the same content is
    the same file.
    """

    is_incomplete = False  # a character was replaced by a question mark

    def __init__(self, title: str, *, made_at: datetime) -> None:
        super().__init__(format="A4")
        self.alias_nb_pages("")  # else "{nb}" in somebody's text would become the number of pages
        self._widths: dict[tuple[str, float], dict[str, float]] = {}
        self.set_margins(16, 18, 16)
        self.set_auto_page_break(auto=True, margin=22)
        self.add_font(FONT, fname=font_roboto.Roboto)
        self.add_font(FONT, style="B", fname=font_roboto.RobotoBold)
        self.set_title(title)
        self.set_creation_date(made_at)
        self.set_draw_color(*LINE)
        self.add_page()

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
        self.is_incomplete |= shown.count("?") > text.count("?")
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

    def say(
        self,
        text: str,
        *,
        size: int,
        style: str = "",
        colour: tuple[int, int, int] = INK,
        gap: float = 0,
    ) -> None:
        """Write a paragraph; `style` is "B" for bold."""
        self.set_font(FONT, style="B" if style else "", size=size)
        self.set_text_color(*colour)
        self.write_row(self.cells_of([text], [self.epw]), [self.epw])
        self.ln(2 + gap)

    def write_facts(self, facts: Iterable[tuple[str, str]]) -> None:
        """Write names and values, one pair below the other."""
        for name, value in facts:
            self.set_font(FONT, size=10)
            self.set_text_color(*SOFT)
            self.cell(LABEL, ROW, name)
            self.set_text_color(*INK)
            widths = [LABEL, self.epw - LABEL]
            self.write_row(self.cells_of(["", value], widths), widths)
        self.ln(6)

    def natural_widths(
        self, heads: Sequence[str], rows: Sequence[Sequence[str]], total: Sequence[str] = ()
    ) -> list[float]:
        """The widths, in millimetres, in which no cell of a table is broken."""
        self.set_font(FONT, size=SIZE)
        widest = [
            max((self.width_of(in_font(row[number])) for row in rows), default=0.0)
            for number in range(len(heads))
        ]
        self.set_font(FONT, style="B", size=SIZE)
        widest = [
            max(width, self.width_of(head)) for width, head in zip(widest, heads, strict=True)
        ]
        self.set_font(FONT, style="B", size=TOTAL_SIZE)
        for number, text in enumerate(reversed(total), 1):
            widest[-number] = max(widest[-number], self.width_of(in_font(text)))
        return [width + PADDING + ROUNDING for width in widest]

    def write_table(
        self,
        heads: Sequence[str],
        rows: Sequence[Sequence[str]],
        widths: Sequence[float],
        *,
        right: int,
    ) -> None:
        """Write a table with its heads on every page. The last `right` columns hold numbers."""
        self._write_heads(heads, widths, right)
        for row in rows:
            cells = self.cells_of(row, widths)
            if self.will_page_break(row_height(cells)):
                self.add_page()
                self._write_heads(heads, widths, right)
            self._write_ruled(cells, widths, right)

    def write_titled_table(
        self, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], *, right: int
    ) -> None:
        """Write a title and a table, or nothing if the table has no rows.

        The first column takes what the others leave, and at least FIRST_COLUMN of the width.
        """
        if not rows:
            return
        self.say(title, size=11, style="B")
        _first, *others = self.natural_widths(heads, rows)
        scale = min(1.0, self.epw * (1 - FIRST_COLUMN) / sum(others))
        widths = [width * scale for width in others]
        self.write_table(heads, rows, [self.epw - sum(widths), *widths], right=right)
        self.ln(6)

    def _write_heads(self, heads: Sequence[str], widths: Sequence[float], right: int) -> None:
        self.set_font(FONT, style="B", size=SIZE)
        self.set_text_color(*SOFT)
        self._write_ruled(self.cells_of(heads, widths), widths, right)
        self.set_font(FONT, size=SIZE)
        self.set_text_color(*INK)

    def _write_ruled(self, cells: Cells, widths: Sequence[float], right: int) -> None:
        self.write_row(cells, widths, right=right)
        self.line(self.l_margin, self.get_y(), self.l_margin + sum(widths), self.get_y())

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
