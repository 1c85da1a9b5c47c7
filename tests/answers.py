"""What Django's test client answers with, as a type and as text."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer
else:
    from django.http import HttpResponse as Answer

__all__ = ["Answer", "as_one_line", "hidden_fields", "hidden_inputs", "page_text"]

# Line breaks after an opening tag, before a closing one and between two tags.
LAYOUT = re.compile(
    r"(?<=>)\s*\n\s*(?=<)|(?P<opening><[a-z][^<>]*>)\s*\n\s*|\s*\n\s*(?=</)", re.ASCII
)
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
SPACES = re.compile(r"\s+", re.ASCII)  # a no-break space is part of the text
TAG_END = re.compile(r"\s+>", re.ASCII)  # after attributes that stand on lines of their own


def as_one_line(html: str) -> str:
    """The page without the line breaks and the indentation of its templates."""
    whole = LAYOUT.sub(lambda found: found["opening"] or "", TAG_END.sub(">", html))
    return SPACES.sub(" ", whole)


def page_text(answer: Answer) -> str:
    """The HTML of an answer without the line breaks and the indentation of its templates."""
    return as_one_line(answer.content.decode())


def hidden_inputs(answer: Answer) -> list[tuple[str, str]]:
    """Name and value of each hidden field of a page's forms, as a browser sends them."""
    return [(name, unescape(value)) for name, value in HIDDEN.findall(page_text(answer))]


def hidden_fields(answer: Answer) -> dict[str, str]:
    """The hidden fields by their names; of several the last."""
    return dict(hidden_inputs(answer))
