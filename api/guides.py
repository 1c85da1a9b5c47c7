"""/api/guides/: the guides of `docs/guides`, one screen each, for who calls the API. Public."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

FOLDER = Path(settings.BASE_DIR) / "docs" / "guides"
NAMES = (  # in the sequence of the list
    "first-order",
    "refunds",
    "orders-that-change",
    "page-script",
    "postback",
    "links",
    "webhooks",
    "test-mode",
    "errors",
    "limits",
    "assistants",
    "migrating",
)
ADDRESS = "https://tracking.example.com"  # stands in the files for the address of this product
GUIDE_LINK = re.compile(r"(?P<name>[a-z-]+)\.md")
REFERENCE_LINK = "../api.md"
EXAMPLES = {  # how each is named to a screen reader
    "bash": "Command",
    "csv": "File",
    "html": "Page",
    "http": "Request",
    "js": "Script",
    "json": "JSON",
    "python": "Python",
    "text": "Output",
}
REGION = ' class="table-region" tabindex="0" role="region" aria-label="Table {number}"'


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide: its name in the address, its title, what it is about, and the page's HTML."""

    name: str
    title: str
    summary: str
    body: SafeString


@require_safe
def guide_list(request: HttpRequest) -> HttpResponse:
    """List all guides."""
    shown = {"part": "guides", "guides": guides(settings.BASE_URL)}
    return render(request, "api/guides.html", shown)


@require_safe
def guide_page(request: HttpRequest, name: str) -> HttpResponse:
    """Show one guide, with the one that follows it."""
    if name not in NAMES:
        raise Http404
    known = guides(settings.BASE_URL)
    at = NAMES.index(name)
    following = known[at + 1] if at + 1 < len(known) else None
    shown = {"part": "guides", "guide": known[at], "following": following}
    return render(request, "api/guide.html", shown)


@lru_cache(maxsize=4)
def guides(address: str) -> tuple[Guide, ...]:
    """Return all guides, with the product's own `address` in their examples."""
    return tuple(
        read_guide(name, (FOLDER / f"{name}.md").read_text().replace(ADDRESS, address))
        for name in NAMES
    )


def read_guide(name: str, text: str) -> Guide:
    """Return the guide that a Markdown text is: a title, a sentence of summary, and the rest."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(text)
    title, summary, rest = tokens[1], tokens[4], tokens[6:]
    for token in rest:
        for inner in token.children or ():
            if inner.type == "link_open":
                inner.attrs["href"] = _address_of(str(inner.attrs["href"]))
    html = reader.renderer.render(_shown(rest), reader.options, {})
    body = mark_safe(html)  # noqa: S308  # our own files, in which markdown-it escapes HTML
    return Guide(name=name, title=title.content, summary=summary.content, body=body)


def _shown(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens with tables and examples that can be scrolled by keyboard."""
    shown: list[Token] = []
    numbers = count(1)
    for token in tokens:
        if token.type == "table_open":
            token.attrs["class"] = "table"
            shown.append(_as_it_is(f"<div{REGION.format(number=next(numbers))}>"))
        if token.type == "fence":
            html = escapeHtml(token.content)
            what, _, file = token.info.partition(" ")
            label = file or EXAMPLES[what]
            shown.append(
                _as_it_is(
                    f'<pre class="sent" tabindex="0" role="group" aria-label="{label}">'
                    f"{html}</pre>\n"
                )
            )
        else:
            shown.append(token)
        if token.type == "table_close":
            shown.append(_as_it_is("</div>\n"))
    return shown


def _as_it_is(html: str) -> Token:
    return Token("html_block", "", 0, content=html)


def _address_of(link: str) -> str:
    """Return where a link of a file leads on a page."""
    if link == REFERENCE_LINK:
        return reverse("api:reference")
    guide = GUIDE_LINK.fullmatch(link)
    return reverse("api:guide", args=[guide["name"]]) if guide else link
