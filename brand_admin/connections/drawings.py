"""Drawings of where to click in a shop's admin: a window with a menu and a few parts, as shapes.

They are ours and show no shop's own artwork; templates/brand_admin/connections/drawing.html draws
them as SVG in the page's colours. Lengths are in units of the drawing, whose width is WIDTH.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count

WIDTH, BAR, SIDE, MARGIN = 360, 26, 118, 14
MENU_LINE, TEXT_WIDTH = 24, 6.5  # of a character, a little more than it has on average
HEIGHTS = {"field": 58, "button": 42, "tick": 24, "note": 20}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a window. What `is_target` gets a ring and the next number."""

    kind: str  # field, button, tick or note
    text: str
    value: str = ""  # in a field
    is_target: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """A part at its place. `number` is 0 where nothing is to be done."""

    kind: str
    text: str
    value: str
    x: int
    y: int
    width: int
    height: int
    number: int = 0

    @property
    def text_x(self) -> int:
        return self.x + (self.width // 2 if self.kind == "button" else 10)

    @property
    def middle(self) -> int:
        return self.y + self.height // 2 + 4

    @property
    def label_y(self) -> int:
        return self.y - 9

    @property
    def ring(self) -> tuple[int, int, int, int]:
        return self.x - 4, self.y - 4, self.width + 8, self.height + 8

    @property
    def mark_x(self) -> int:
        return self.x + self.width + 2

    @property
    def mark_y(self) -> int:
        return self.y - 2


@dataclass(frozen=True)
class Drawing:
    """A window of a shop's admin. `alt` says in words what it shows."""

    alt: str
    address: str
    menu: tuple[str, ...]
    chosen: str
    heading: str
    parts: tuple[Part, ...]
    is_menu_target: bool = True
    width: int = field(default=WIDTH, init=False)

    @cached_property
    def shapes(self) -> list[Shape]:
        return list(self._shapes())

    @cached_property
    def height(self) -> int:
        menu = BAR + MARGIN + MENU_LINE * len(self.menu)
        return max([menu, *(one.y + one.height for one in self.shapes)]) + MARGIN

    def _shapes(self) -> Iterator[Shape]:
        numbers = count(1)
        for place, text in enumerate(self.menu):
            is_chosen = text == self.chosen
            number = next(numbers) if is_chosen and self.is_menu_target else 0
            y = BAR + MARGIN + MENU_LINE * place
            kind = "chosen" if is_chosen else "menu"
            yield Shape(kind, text, "", 8, y, SIDE - 16, MENU_LINE - 3, number)
        top = BAR + 40
        for part in self.parts:
            number = next(numbers) if part.is_target else 0
            yield _placed(part, top, number)
            top += HEIGHTS[part.kind]


def _placed(part: Part, top: int, number: int) -> Shape:
    x, whole = SIDE + MARGIN, WIDTH - SIDE - 2 * MARGIN - 6
    if part.kind == "field":
        return Shape("field", part.text, part.value, x, top + 20, whole, 26, number)
    if part.kind == "button":
        width = min(whole, int(len(part.text) * TEXT_WIDTH) + 28)
        return Shape("button", part.text, "", x, top + 6, width, 28, number)
    return Shape(part.kind, part.text, "", x, top, whole, 18, number)


def a_field(text: str, value: str, *, is_target: bool = True) -> Part:
    return Part("field", text, value, is_target)


def a_button(text: str) -> Part:
    return Part("button", text, is_target=True)


def a_tick(text: str) -> Part:
    return Part("tick", text)


def a_note(text: str) -> Part:
    return Part("note", text)
