"""What the page around the content needs: stylesheets, colour scheme, languages, initials.

Built in, so that templates need no load.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.paginator import Page
from django.http import HttpRequest
from django.template import Context, Library
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from core.assets import carried_style, stylesheet
from core.components.page_urls import page_url
from core.languages import language_of, spoken_tag

register = Library()

SCHEMES = frozenset({"light", "dark"})
SCHEME_COOKIE = "scheme"


@register.simple_tag
def page_stylesheet(name: str) -> str:
    """The address of the stylesheet `name`."""
    return page_url("assets:stylesheet", (name, stylesheet(name).digest))


@register.simple_tag
def accent_stylesheet(colour: str) -> str:
    """The address of the stylesheet of a brand's colour."""
    return page_url("assets:accent", (colour.removeprefix("#").lower(),))


@register.simple_tag
def carried_stylesheet(name: str, colour: str = "") -> SafeString:
    """The stylesheet `name` with a brand's colour inside the page, drawn with the first answer.

    The page's policy has to name `carried_style(name, colour).source`.
    """
    body = mark_safe(carried_style(name, colour).body)  # noqa: S308  # our own files, and hex digits
    return format_html("<style>{}</style>", body)


@register.simple_tag(takes_context=True)
def chosen_scheme(context: Context) -> str:
    """The colour scheme this reader chose: "light", "dark", or "" for the system's."""
    request = context.get("request")
    return chosen_scheme_of(request) if isinstance(request, HttpRequest) else ""


def chosen_scheme_of(request: HttpRequest) -> str:
    """The same, for who has the request."""
    chosen = request.COOKIES.get(SCHEME_COOKIE, "")
    return chosen if chosen in SCHEMES else ""


@register.simple_tag
def spoken_language() -> str:
    """The language of the page, for its `lang`."""
    return language_of(spoken_tag())


@register.simple_tag
def known_languages() -> list[tuple[str, str]]:
    """The languages to choose among, each by its own name."""
    return list(settings.LANGUAGES)


@register.filter
def picture(digest: str, slug: str) -> str:
    """Where the picture with this digest is, of the brand with this slug; "" for no picture."""
    return f"/pictures/{slug}/{digest}" if digest else ""


@register.filter
def initial(name: str) -> str:
    """The first letter of a name, upper case."""
    return next((letter.upper() for letter in str(name) if letter.isalnum()), "·")


@register.filter
def page_numbers(page: Page[Any]) -> Sequence[int]:
    """The page numbers to offer around `page`; 0 stands for a gap."""
    offered = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return [number if isinstance(number, int) else 0 for number in offered]
