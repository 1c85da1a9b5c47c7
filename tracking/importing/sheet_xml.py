"""What the XML of an .xlsx file says of its cells, beside the values that python_calamine reads.

That library gives an empty text for a cell with an error and for a formula without a result, and a
number without the format that a person sees it in. Runs in the process of `sheet_reader`.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.parsers import expat

WORKBOOK, STYLES = "xl/workbook.xml", "xl/styles.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
CHUNK_BYTES = 1024 * 1024
# What stands in a sheet with errors or formulas. Most have none, and need no parsing.
SIGNS = (b't="e"', b"t='e'", b"<f", b":f")
TEXT_TYPES = frozenset({"str", "inlineStr"})  # a formula's result may be an empty text
PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
# Parts of a number format that show nothing of their own: colours and conditions, and spaces as
# wide as a character or up to the cell's end.
UNSEEN = re.compile(r"\[[^\]]*\]|[_*].")
PLAIN_FORMAT = re.compile(r"(?:general|standard|@|[#0?,. ]*(?:e\+0+)?%?)", re.IGNORECASE)
LITERAL = re.compile(r'"[^"]*"|\\.')
OF_DATES = re.compile("[dmyhs]", re.IGNORECASE)  # cells of these formats are read as dates
ZEROS = re.compile("0{2,}")
MAX_ERROR_LENGTH = 20  # characters
MAX_DIGITS = 200
UNNAMED_ERROR = "#ERROR"
Place = tuple[int, int]  # the row and column, from 0


@dataclass(slots=True)
class SheetFacts:
    """What is known of a sheet's cells, by their places.

    `faults` has the error of a cell without a value, "" for a formula without a result. `digits`
    has a byte for each cell of a row, by the row: 0 for most; else one more than the digits that
    are shown at least of a number whose format has zeros before it, and 1 for a number that is
    shown with other text.
    """

    faults: dict[Place, str] = field(default_factory=dict)
    digits: dict[int, bytearray] = field(default_factory=dict)

    def note_digits(self, place: Place, digits: int) -> None:
        row, column = place
        marks = self.digits.setdefault(row, bytearray())
        marks.extend(bytes(max(0, column + 1 - len(marks))))
        marks[column] = min(digits, MAX_DIGITS) + 1


def facts_of_sheet(content: BinaryIO, name: str) -> SheetFacts:
    """Return what the XML says of the sheet of this name; nothing for a file of another kind."""
    with zipfile.ZipFile(content) as packed:
        try:
            return _facts(packed, name)
        except expat.ExpatError:  # python_calamine reads some files that are no XML
            return SheetFacts()


def _facts(packed: zipfile.ZipFile, name: str) -> SheetFacts:
    parts = {part.replace("\\", "/").lower(): part for part in packed.namelist()}
    path = _path_of(packed, parts, name)
    if path is None:
        return SheetFacts()
    formats = _formats(packed, parts)
    cells = _Cells(formats)
    if formats or _has_signs(packed, path):
        _parse(packed, path, cells.start, cells.end, cells.parser_is)
    return cells.facts


def _path_of(packed: zipfile.ZipFile, parts: Mapping[str, str], name: str) -> str | None:
    """The path of a sheet inside the file."""
    ids: dict[str, str] = {}
    targets: dict[str, str] = {}

    def sheet(tag: str, given: Mapping[str, str]) -> None:
        if tag == "sheet":
            of_relation = [value for key, value in given.items() if key.endswith(":id")]
            ids.setdefault(given.get("name", ""), next(iter(of_relation), ""))

    def relation(tag: str, given: Mapping[str, str]) -> None:
        if tag == "Relationship":
            targets[given.get("Id", "")] = given.get("Target", "")

    if WORKBOOK not in parts or RELATIONS not in parts:
        return None
    _parse(packed, parts[WORKBOOK], sheet)
    _parse(packed, parts[RELATIONS], relation)
    target = targets.get(ids.get(name, ""), "").replace("\\", "/").lower()
    return parts.get(target.lstrip("/") if target.startswith("/") else f"xl/{target}")


def _formats(packed: zipfile.ZipFile, parts: Mapping[str, str]) -> dict[str, int]:
    """The styles that show a number as another text, with the value of `SheetFacts.digits`."""
    codes: dict[str, str] = {}
    styles: list[str] = []
    inside: list[str] = []

    def start(tag: str, given: Mapping[str, str]) -> None:
        inside.append(tag)
        if tag == "numFmt":
            codes[given.get("numFmtId", "")] = given.get("formatCode", "")
        elif tag == "xf" and "cellXfs" in inside:
            styles.append(given.get("numFmtId", ""))

    if STYLES in parts:
        _parse(packed, parts[STYLES], start, lambda tag: inside.pop())
    shown = {key: _digits_shown(code) for key, code in codes.items()}
    of_style = {str(number): shown.get(key) for number, key in enumerate(styles)}
    return {number: digits for number, digits in of_style.items() if digits is not None}


def _digits_shown(code: str) -> int | None:
    """How many digits "00000" shows at least; 0 for a format with other text, else None."""
    shown = UNSEEN.sub("", code.partition(";")[0]).strip()
    if ZEROS.fullmatch(shown):
        return len(shown)
    is_date = OF_DATES.search(LITERAL.sub("", shown))
    return None if PLAIN_FORMAT.fullmatch(shown) or is_date else 0


class _Cells:
    """Follows the cells of a sheet, and notes what is unusual."""

    def __init__(self, formats: Mapping[str, int]) -> None:
        self.facts, self._formats = SheetFacts(), formats
        self._parser: expat.XMLParserType | None = None
        self._row, self._column = -1, -1
        self._type = self._style = self._value = ""
        self._has_formula = self._has_value = False

    def parser_is(self, parser: expat.XMLParserType) -> None:
        self._parser = parser

    def start(self, tag: str, given: Mapping[str, str]) -> None:
        if tag == "c":
            self._type, self._style = given.get("t", "n"), given.get("s", "")
            self._value, self._has_formula, self._has_value = "", False, False
            place = PLACE.fullmatch(given.get("r", ""))
            self._column = _column(place[1]) if place else self._column + 1
            self._row = int(place[2]) - 1 if place else self._row
        elif tag == "row":
            number = given.get("r", "")
            self._row = int(number) - 1 if number.isdecimal() else self._row + 1
            self._column = -1
        elif tag == "f":
            self._has_formula = True
        elif tag == "v":
            self._has_value = True
            if self._has_formula or self._type == "e":
                self._take_text(self._add)

    def end(self, tag: str) -> None:
        if tag == "v":
            self._take_text(None)
        elif tag == "c":
            self._note()

    def _take_text(self, taker: Callable[[str], None] | None) -> None:
        if self._parser is not None:
            self._parser.CharacterDataHandler = taker

    def _add(self, text: str) -> None:
        self._value += text

    def _note(self) -> None:
        place = self._row, self._column
        if self._type == "e":
            self.facts.faults[place] = self._value.strip()[:MAX_ERROR_LENGTH] or UNNAMED_ERROR
        elif self._has_formula and not self._value.strip() and self._type not in TEXT_TYPES:
            self.facts.faults[place] = ""
        elif self._has_value and self._type == "n" and self._style in self._formats:
            self.facts.note_digits(place, self._formats[self._style])


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def name_of_cell(place: Place) -> str:
    """Return what a spreadsheet calls a cell: "B3"."""
    row, column = place
    letters, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


def _has_signs(packed: zipfile.ZipFile, path: str) -> bool:
    before = b""
    with packed.open(path) as part:
        while chunk := part.read(CHUNK_BYTES):
            if any(sign in before + chunk for sign in SIGNS):
                return True
            before = chunk[-max(map(len, SIGNS)) :]
    return False


def _parse(
    packed: zipfile.ZipFile,
    path: str,
    start: Callable[[str, Mapping[str, str]], None],
    end: Callable[[str], object] = lambda tag: None,
    parser_is: Callable[[expat.XMLParserType], None] = lambda parser: None,
) -> None:
    """Call `start` and `end` for each tag of a part of the file, without its prefix."""
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, given: start(tag.rpartition(":")[2], given)
    parser.EndElementHandler = lambda tag: end(tag.rpartition(":")[2])
    parser_is(parser)
    with packed.open(path) as part:
        parser.ParseFile(part)
