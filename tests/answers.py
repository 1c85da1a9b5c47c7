"""What Django's test client answers with, as a type and as text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer
else:
    from django.http import HttpResponse as Answer

__all__ = ["Answer", "as_one_line", "page_text"]

# Line breaks after an opening tag, before a closing one and between two tags.
LAYOUT = re.compile(
    r"(?<=>)\s*\n\s*(?=<)|(?P<opening><[a-z][^<>]*>)\s*\n\s*|\s*\n\s*(?=</)", re.ASCII
)
SPACES = re.compile(r"\s+", re.ASCII)  # a no-break space is part of the text
TAG_END = re.compile(r"\s+>", re.ASCII)  # after attributes that stand on lines of their own


def as_one_line(html: str) -> str:
    """The page without the line breaks and the indentation of its templates."""
    whole = LAYOUT.sub(lambda found: found["opening"] or "", TAG_END.sub(">", html))
    return SPACES.sub(" ", whole)


def page_text(answer: Answer) -> str:
    """The HTML of an answer without the line breaks and the indentation of its templates."""
    return as_one_line(answer.content.decode())
