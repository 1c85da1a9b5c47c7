"""The texts that a mail can start from: the written one, and those that the brand saved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import Http404

from core.text import one_line
from notifications.models import Purpose
from notifications.rendering.markup import sanitise
from notifications.selectors import saved_templates
from tracking.outreach.first_texts import DETAILS, FIRST_TEXTS, ask_for_details

WRITTEN = ""  # the key of the text that comes with the product


@dataclass(frozen=True, slots=True)
class StartingText:
    """`key` is the saved template's id in words, WRITTEN or DETAILS."""

    key: str
    name: str
    subject: str
    body: str


def starting_texts(purpose: str) -> list[StartingText]:
    """The written texts, then the brand's own by name."""
    first = FIRST_TEXTS[purpose]
    written = StartingText(WRITTEN, "The standard text", first.subject, first.body)
    details = ask_for_details()
    return [
        written,
        *(
            [StartingText(DETAILS, "Ask for payout details", details.subject, details.body)]
            if purpose == Purpose.EMAIL_MEMBERS
            else []
        ),
        *(
            StartingText(str(row.pk), row.name, row.subject, row.body)
            for row in saved_templates(purpose)
        ),
    ]


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
