"""What stands in a cell of a list: plain values, and what is more than a text.

A cell is a text, a number, an amount, a time, or one of the classes below. `written` makes HTML of
it, and escapes every text.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.template.loader import get_template
from django.utils.html import escape
from django.utils.http import urlencode

from core.components.from_python import component
from core.components.page_urls import page_url
from core.money import Money
from core.templatetags.display import ABSENT, count, day, moment, money, who


class Cell(ABC):
    """A cell that is more than a text."""

    @abstractmethod
    def html(self, slug: str) -> str:
        """The HTML; links lead into the brand of this slug."""


def written(value: object, slug: str) -> str:
    """The HTML of whatever stands in a cell; a dash for nothing."""
    if isinstance(value, Cell):
        return value.html(slug)
    if value is None or value == "":
        return ABSENT
    if isinstance(value, Money):
        return escape(money(value))
    if isinstance(value, int):
        return count(value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    return escape(str(value))


def _address(page: str, slug: str, args: tuple[int, ...], query: Mapping[str, str | int]) -> str:
    address = page_url(f"brand_admin:{page}", [slug, *args], {})
    return escape(f"{address}?{urlencode(query)}") if query else address


class Link(Cell):
    """A link to a page of the brand: `Link(member, "member", member.pk)`."""

    def __init__(self, text: object, page: str, *args: int, **query: str | int) -> None:
        self.text, self.page, self.args, self.query = text, page, args, query

    def html(self, slug: str) -> str:
        address = _address(self.page, slug, self.args, self.query)
        return f'<a href="{address}">{written(self.text, slug)}</a>'


class LinkTo(Cell):
    """What can be done with one row, on a page of the brand; `whom` is read out after its label."""

    look = ""

    def __init__(self, label: str, whom: str, page: str, *args: int, **query: str | int) -> None:
        self.label, self.whom = label, whom
        self.page, self.args, self.query = page, args, query

    def html(self, slug: str) -> str:
        address = _address(self.page, slug, self.args, self.query)
        look = f' class="{self.look}"' if self.look else ""
        whom = f'<span class="visually-hidden"> {escape(self.whom)}</span>'
        return f'<a{look} href="{address}"><span>{escape(self.label)}</span>{whom}</a>'


class ButtonTo(LinkTo):
    look = "button button-secondary"


class QuietButtonTo(LinkTo):
    look = "button button-quiet"


@dataclass(frozen=True, slots=True)
class Badge(Cell):
    label: str
    tone: str = "neutral"

    def html(self, slug: str) -> str:
        return component("badge", label=self.label, tone=self.tone)


@dataclass(frozen=True, slots=True)
class Chip(Cell):
    """A code or a tag; a dash for none."""

    label: str | None
    kind: str = "accent"

    def html(self, slug: str) -> str:
        return component("chip", label=self.label, kind=self.kind) if self.label else ABSENT


@dataclass(frozen=True, slots=True)
class Copied(Cell):
    """A value to take away, `shown` shorter than it is; a dash for none."""

    label: str
    value: str | None
    shown: str = ""

    def html(self, slug: str) -> str:
        if not self.value:
            return ABSENT
        return component(
            "copy_field", kind="inline", label=self.label, value=self.value, shown=self.shown
        )


@dataclass(frozen=True, slots=True)
class Muted(Cell):
    """What is said beside or under something else."""

    text: object

    def html(self, slug: str) -> str:
        return f'<span class="small muted">{written(self.text, slug)}</span>'


class Lines(Cell):
    """One under the other; what is empty takes no line."""

    def __init__(self, *lines: object) -> None:
        self.lines = lines

    def html(self, slug: str) -> str:
        said = [written(line, slug) for line in self.lines if line is not None and line != ""]
        return "<br>".join(said) or ABSENT


class Chips(Cell):
    """Chips, and what is said beside them."""

    def __init__(self, *parts: object) -> None:
        self.parts = parts

    def html(self, slug: str) -> str:
        said = " ".join([written(part, slug) for part in self.parts])
        return f'<span class="chips">{said}</span>'


class Beside(Cell):
    """One beside the other; what is empty takes no place."""

    def __init__(self, *parts: object) -> None:
        self.parts = parts

    def html(self, slug: str) -> str:
        said = [written(part, slug) for part in self.parts if part is not None and part != ""]
        return " ".join(said) or ABSENT


@dataclass(frozen=True, slots=True)
class Titled(Cell):
    """A text that says more when it is pointed at."""

    text: str
    title: str

    def html(self, slug: str) -> str:
        return f'<span title="{escape(self.title)}">{written(self.text, slug)}</span>'


class Fragment(Cell):
    """A template of its own, for what takes markup: `Fragment("…/menu.html", row=row)`."""

    def __init__(self, template: str, **context: object) -> None:
        self.template, self.context = template, context

    def html(self, slug: str) -> str:
        return get_template(self.template).render({"slug": slug, **self.context})


def person(actor: str) -> Cell | str:
    """Somebody of the log by their name, with all that the log has when it is pointed at."""
    return Titled(who(actor), actor) if actor else ""


def address(email: str, suppressed: str = "") -> object:
    """An address, and why no mail goes to it."""
    if not email:
        return Badge("No address", "wait")
    return Beside(email, Badge(suppressed, "bad")) if suppressed else email


def amounts(values: Iterable[Money]) -> Lines:
    """One amount per currency."""
    return Lines(*values)
