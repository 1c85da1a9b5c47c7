"""What a reader sees or hears of a page: its texts, and the attributes that are read out."""

from __future__ import annotations

import re
from html.parser import HTMLParser

READ_OUT = frozenset(
    {"aria-label", "title", "alt", "placeholder", "data-copied-label", "data-share-title"}
)
SILENT = frozenset({"script", "style", "template"})
ADDRESS = re.compile(r"\S*(?:testserver|\w\.example)\S*")
WORD = re.compile(r"[^\W\d_]{2,}")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT
        self.texts += [value for name, value in attrs if name in READ_OUT and value]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.texts.append(data)


def texts_of(page: str) -> set[str]:
    """Every text of a page that holds a word, with single spaces."""
    reader = _Reader()
    reader.feed(page.replace("<wbr>", ""))  # a word that may break there is still one
    reader.close()
    return {" ".join(text.split()) for text in reader.texts if WORD.search(text)}


def without(text: str, known: list[str]) -> str:
    """The text without these parts, the longest first, and without addresses."""
    text = ADDRESS.sub(" ", text)
    for part in sorted(known, key=len, reverse=True):
        text = text.replace(part, " ")
    return text
