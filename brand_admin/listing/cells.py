"""The cells of a list: plain values, and classes for links, badges and other markup.

A cell is a text, a number, an amount, a time, or an instance of a class below. `written` returns
its HTML, in which every text is escaped.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import Any, Protocol

from django.utils.http import urlencode

from core.components import render_compiled
from core.components.from_python import component, repeated_component
from core.components.page_urls import url_pattern
from core.languages import spoken_tag
from core.money import Money
from core.templatetags.display import ABSENT, after_refunds, count, day, moment, money, who

NO_QUERY: Mapping[str, str | int] = {}


class BrandPages:
    """The addresses of a brand's pages. The pattern of each is found once, not in every row."""

    def __init__(self, slug: str) -> None:
        self.slug = slug
        self._patterns: dict[tuple[str, int], str] = {}

    def address(
        self, page: str, args: tuple[int, ...], query: Mapping[str, str | int] = NO_QUERY
    ) -> str:
        """Return the address of a page, escaped. Raises NoReverseMatch for an unknown one."""
        key = (page, len(args))
        pattern = self._patterns.get(key)
        if pattern is None:
            pattern = url_pattern(f"brand_admin:{page}", self.slug, *args)
            self._patterns[key] = pattern
        address = pattern.format(self.slug, *args)
        return escape(f"{address}?{urlencode(query)}") if query else address


class Cell(ABC):
    """A cell that writes its markup itself."""

    @abstractmethod
    def html(self, pages: BrandPages) -> str:
        """Return the HTML; links lead to these pages."""


def written(value: object, pages: BrandPages) -> str:
    """Return the HTML of any value of a cell; a dash for an empty one."""
    write = WRITERS.get(value.__class__)
    if write is not None:
        return write(value)
    if isinstance(value, Cell):
        return value.html(pages)
    for kind, write in WRITERS.items():
        if isinstance(value, kind):
            return write(value)
    return escape(str(value)) or ABSENT


WRITERS: Mapping[type, Callable[[Any], str]] = {
    str: lambda text: escape(text) or ABSENT,
    type(None): lambda nothing: ABSENT,
    Money: lambda amount: escape(money(amount)),
    int: count,
    datetime: moment,
    date: day,
}


class HasSales(Protocol):
    """A row of figures."""

    @property
    def sales(self) -> Money: ...
    @property
    def refunds(self) -> Money: ...


def sales(row: HasSales) -> Cell:
    """Sales, and under them what is left after refunds, where something was given back."""
    return Lines(row.sales, Muted(after_refunds(row.sales, row.refunds)) if row.refunds else "")


class Link(Cell):
    """A link to a page of the brand: `Link(member, "member", member.pk)`."""

    def __init__(self, text: object, page: str, *args: int, **query: str | int) -> None:
        self.text, self.page, self.args, self.query = text, page, args, query

    def html(self, pages: BrandPages) -> str:
        address = pages.address(self.page, self.args, self.query)
        return f'<a href="{address}">{written(self.text, pages)}</a>'


class LinkTo(Cell):
    """A link to do something with one row. Screen readers read `whom` after the label."""

    look = ""

    def __init__(self, label: str, whom: str, page: str, *args: int, **query: str | int) -> None:
        self.label, self.whom = label, whom
        self.page, self.args, self.query = page, args, query

    def html(self, pages: BrandPages) -> str:
        address = pages.address(self.page, self.args, self.query)
        look = f' class="{self.look}"' if self.look else ""
        whom = f'<span class="visually-hidden"> {escape(self.whom)}</span>'
        return f'<a{look} href="{address}"><span>{escape(self.label)}</span>{whom}</a>'


class ButtonTo(LinkTo):
    look = "button button-secondary"


class QuietButtonTo(LinkTo):
    look = "button button-quiet"


@dataclass(slots=True)
class Badge(Cell):
    label: str
    tone: str = "neutral"

    def html(self, pages: BrandPages) -> str:
        return repeated_component("badge", spoken_tag(), label=str(self.label), tone=self.tone)


@dataclass(slots=True)
class Chip(Cell):
    """A code or a tag; a dash if there is none."""

    label: str | None
    kind: str = "accent"

    def html(self, pages: BrandPages) -> str:
        if not self.label:
            return ABSENT
        return repeated_component("chip", spoken_tag(), label=str(self.label), kind=self.kind)


@dataclass(slots=True)
class Copied(Cell):
    """A value with a button to copy it. `shown` is a shorter form; a dash if there is no value."""

    label: str
    value: str | None
    shown: str = ""

    def html(self, pages: BrandPages) -> str:
        if not self.value:
            return ABSENT
        return component(
            "copy_field", kind="inline", label=self.label, value=self.value, shown=self.shown
        )


@dataclass(slots=True)
class Muted(Cell):
    """A small grey text beside or under another one."""

    text: object

    def html(self, pages: BrandPages) -> str:
        return f'<span class="small muted">{written(self.text, pages)}</span>'


class Lines(Cell):
    """Values below each other, without the empty ones."""

    def __init__(self, *lines: object) -> None:
        self.lines = lines

    def html(self, pages: BrandPages) -> str:
        said = [written(line, pages) for line in self.lines if line is not None and line != ""]
        return "<br>".join(said) or ABSENT


class Chips(Cell):
    """Chips, and text beside them."""

    def __init__(self, *parts: object) -> None:
        self.parts = parts

    def html(self, pages: BrandPages) -> str:
        said = " ".join([written(part, pages) for part in self.parts])
        return f'<span class="chips">{said}</span>'


class Beside(Cell):
    """Values beside each other, without the empty ones."""

    def __init__(self, *parts: object) -> None:
        self.parts = parts

    def html(self, pages: BrandPages) -> str:
        said = [written(part, pages) for part in self.parts if part is not None and part != ""]
        return " ".join(said) or ABSENT


@dataclass(slots=True)
class Titled(Cell):
    """A text with a tooltip."""

    text: str
    title: str

    def html(self, pages: BrandPages) -> str:
        return f'<span title="{escape(self.title)}">{written(self.text, pages)}</span>'


class Fragment(Cell):
    """A cell with its own template: `Fragment("…/menu.html", row=row)`."""

    def __init__(self, template: str, **context: object) -> None:
        self.template, self.context = template, context

    def html(self, pages: BrandPages) -> str:
        return render_compiled(self.template, {"slug": pages.slug, **self.context})


def person(actor: str) -> Cell | str:
    """Return an actor of the audit log by name, with name and address as a tooltip."""
    return Titled(who(actor), actor) if actor else ""


def address(email: str, suppressed: str = "") -> object:
    """Return an email address, and why it gets no mail, if it gets none."""
    if not email:
        return Badge("No address", "wait")
    return Beside(email, Badge(suppressed, "bad")) if suppressed else email


def amounts(values: Iterable[Money]) -> Lines:
    """Return one line per currency."""
    return Lines(*values)
