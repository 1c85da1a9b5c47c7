"""Every address of the product, read off the URL map."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

URLS = "config.urls"  # journeys add what the edge serves, and may be the first to ask for routes
WORDS = re.compile(r"\(\?P<\w+>(\w+)(?:\|\w+)*\)")  # (?P<app_label>accounts|other)
EDGE = re.compile(r"[$^]")
PARAMETER = re.compile(r"<(?:[a-z_]+:)?([a-z_]+)>")


@dataclass(frozen=True)
class Route:
    """One pattern: how it is written, the view behind it, and its name, if it has one."""

    pattern: str
    view: Any
    name: str = ""

    @property
    def parameters(self) -> list[str]:
        return PARAMETER.findall(self.pattern)

    @property
    def permission(self) -> Any:
        return getattr(self.view, "permission", None)

    @property
    def post_permission(self) -> Any:
        return getattr(self.view, "post_permission", None)

    @property
    def opened_by(self) -> str:
        """The login that opens the page, as its view says; empty for none."""
        return str(getattr(self.view, "opened_by", ""))

    def address(self, values: Mapping[str, Any]) -> str:
        """The path with every parameter filled in; of a choice of words, the first."""
        written = EDGE.sub("", WORDS.sub(r"\1", self.pattern))
        return "/" + PARAMETER.sub(lambda match: str(values[match[1]]), written)

    def __str__(self) -> str:
        return self.pattern


def _walk(patterns: Sequence[Any], before: str) -> Iterator[Route]:
    for pattern in patterns:
        written = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, written)
        elif isinstance(pattern, URLPattern):
            yield Route(written, pattern.callback, pattern.name or "")


@cache
def routes() -> tuple[Route, ...]:
    return tuple(_walk(get_resolver(URLS).url_patterns, ""))


def opened_by(login: str) -> list[Route]:
    """The pages that say that they are opened by this login."""
    return [route for route in routes() if route.opened_by == login]


def in_brand_admin() -> list[Route]:
    """The pages inside one brand."""
    return [route for route in routes() if route.pattern.startswith("admin/<slug:slug>/")]
