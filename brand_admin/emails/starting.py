"""The texts that a mail can start from: the written one, and those that the brand saved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import Http404

from core.text import one_line
from notifications.models import Purpose
from notifications.rendering.markup import sanitise
from notifications.selectors import saved_templates
from tracking.outreach.first_texts import (
    DASHBOARD,
    DETAILS,
    FIRST_TEXTS,
    FirstText,
    ask_for_details,
    show_dashboard,
)

WRITTEN = ""  # the key of the text that comes with the product


@dataclass(frozen=True, slots=True)
class StartingText:
    """`key` is the saved template's id in words, WRITTEN, DASHBOARD or DETAILS."""

    key: str
    name: str
    subject: str
    body: str


def starting_texts(purpose: str) -> list[StartingText]:
    """The written texts, then the brand's own by name."""
    return [
        *_written_texts(purpose),
        *(
            StartingText(str(row.pk), row.name, row.subject, row.body)
            for row in saved_templates(purpose)
        ),
    ]


def _written_texts(purpose: str) -> list[StartingText]:
    first = FIRST_TEXTS[purpose]
    if purpose != Purpose.EMAIL_MEMBERS:
        return [_starting(WRITTEN, "The standard text", first)]
    return [
        _starting(WRITTEN, "Welcome", first),
        _starting(DASHBOARD, "Your performance dashboard", show_dashboard()),
        _starting(DETAILS, "Ask for payout details", ask_for_details()),
    ]


def _starting(key: str, name: str, text: FirstText) -> StartingText:
    return StartingText(key, name, text.subject, text.body)


def text_of(key: str, texts: Iterable[StartingText]) -> StartingText:
    """The text of that key. Raises Http404, also for one of another brand or purpose."""
    for text in texts:
        if text.key == key:
            return text
    raise Http404


def is_among(subject: str, body: str, texts: Iterable[StartingText]) -> bool:
    """Whether nothing was written that isn't one of these texts, so that nothing can be lost."""
    written = _plain(subject, body)
    return not body.strip() or any(_plain(text.subject, text.body) == written for text in texts)


def _plain(subject: str, body: str) -> tuple[str, str]:
    """Both without what an editor or a browser changes by itself."""
    return one_line(subject), one_line(sanitise(body)).replace("> <", "><")
