"""What can be done to chosen rows of a list, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from core.money import Money

NAMED_SKIPPED = 5  # the message after an action names so many of those it skipped


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that was left as it was, and why: "is owed £8.42"."""

    who: str
    why: str


@dataclass(frozen=True, slots=True)
class Done:
    """What an action did: to how many rows, how many were so already, and whom it skipped."""

    count: int
    unchanged: int = 0
    skipped: Sequence[Skipped] = ()

    def in_words(self, what: str) -> str:
        """Why rows were left out; empty when none was. `what` says how the unchanged ones were."""
        parts = [f"{self.unchanged:,} {what} already"] if self.unchanged else []
        parts += [f"{each.who} {each.why}" for each in self.skipped[:NAMED_SKIPPED]]
        more = len(self.skipped) - NAMED_SKIPPED
        if more > 0:
            parts.append(f"and {more:,} more")
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class Seen:
    """A chosen row on the page that asks first."""

    title: str
    more: str = ""
    amount: Money | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button for chosen rows.

    `act` gets the list, the ids of the rows, what `form` says, who acts and when; a service behind
    it decides again for each row, since the list may have changed. `done` says what was done, with
    the form's values in braces. With `asks` a page asks first and shows the form; without, the form
    stands beside the button. `confirm` is asked by the browser. With `leads` the chosen rows go on
    to the address that it makes of the list and their ids. With `posts_to` the button sends the
    form to another page.
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
    html: Callable[..., dict[str, str]] | None = None  # more attributes of the button, of the list

    def is_answered(self, posted: Mapping[str, Any]) -> bool:
        """Whether the page that asks first was answered, or nothing has to be asked."""
        fields = self.form.base_fields if self.form else {}
        return not self.asks or "confirmed" in posted or any(name in posted for name in fields)


@dataclass(frozen=True, slots=True)
class Button:
    """An action in the bar of a list, with the fields before it."""

    action: Action
    fields: Sequence[forms.BoundField]
    formaction: str
    html: Mapping[str, str]
