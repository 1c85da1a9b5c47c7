"""Actions on the selected rows of a list, and their results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from core.money import Money

NAMED_SKIPPED = 5  # skipped rows that the message after an action names


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that was not changed, and why: "is owed £8.42"."""

    who: str
    why: str


@dataclass(frozen=True, slots=True)
class Done:
    """The result of an action: rows changed, rows that needed no change, and rows skipped.

    `notes` say what staff should know of rows that were changed.
    """

    count: int
    unchanged: int = 0
    skipped: Sequence[Skipped] = ()
    notes: Sequence[Skipped] = ()

    def in_words(self, what: str) -> str:
        """Return why rows were not changed, or "". `what` describes the unchanged ones."""
        parts = [f"{self.unchanged:,} {what} already"] if self.unchanged else []
        return "; ".join([*parts, *_named(self.skipped)])

    @property
    def notes_in_words(self) -> str:
        return "; ".join(_named(self.notes))


def _named(rows: Sequence[Skipped]) -> list[str]:
    """Name the first rows, and say how many more there are."""
    more = len(rows) - NAMED_SKIPPED
    named = [f"{each.who} {each.why}" for each in rows[:NAMED_SKIPPED]]
    return [*named, f"and {more:,} more"] if more > 0 else named


@dataclass(frozen=True, slots=True)
class Seen:
    """A selected row as the page that asks for confirmation shows it."""

    title: str
    more: str = ""
    amount: Money | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button for selected rows.

    `act` gets the list, the ids of the rows, the values of `form`, the actor and the time. The
    service that it calls checks each row again, because the list may have changed. `done` is the
    message, with the form's values in braces. With `asks`, a page asks for confirmation and shows
    the form; else the form is beside the button. `confirm` is a question that the browser asks.
    With `leads`, the button redirects to the address that it returns for the list and the ids; if
    the action also has `act`, that address leads to the page that asks for confirmation. With
    `posts_to`, the button posts the form to another page.
    """

    key: str
    label: str
    act: Callable[..., Done] | None = None
    done: str = ""
    unchanged: str = "were so"
    form: type[forms.Form] | None = None
    asks: str = ""
    confirm: str = ""
    icon: str = ""
    kind: str = "secondary"
    leads: Callable[..., str] | None = None
    posts_to: str = ""
    more: bool = False  # in the menu of the selection, not beside the others
    html: Callable[..., dict[str, str]] | None = None  # more attributes of the button

    def is_answered(self, posted: Mapping[str, Any]) -> bool:
        """Whether the action was confirmed, or needs no confirmation."""
        fields = self.form.base_fields if self.form else {}
        return not self.asks or "confirmed" in posted or any(name in posted for name in fields)


@dataclass(frozen=True, slots=True)
class Button:
    """A button of the selection bar, and the form fields before it."""

    action: Action
    fields: Sequence[forms.BoundField]
    formaction: str
    html: Mapping[str, str]
