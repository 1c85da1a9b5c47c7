"""The language of texts, and the country whose format amounts and dates have.

A tag is one of the settings' LANGUAGES ("de"), or a language with a country ("es-mx"). Sentences
follow the language, amounts and dates follow the country: "1.234" is more than a thousand in Madrid
and a little more than one in Mexico City.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

ENGLISH = "en"
# English without a country puts the day first ("18 Aug 2026") and writes "US$".
COUNTRIES = {"en": "en-gb"}
TAG = re.compile(r"[a-z]{2}(-[a-z0-9]{2,3})?")

_spoken: ContextVar[str] = ContextVar("spoken", default=ENGLISH)


def supported(tag: str) -> str:
    """Return the tag in lower case, without an unknown country; "" for an unknown language."""
    wanted = tag.strip().lower().replace("_", "-")
    language = wanted.partition("-")[0]
    if language not in dict(settings.LANGUAGES):
        return ""
    return wanted if TAG.fullmatch(wanted) and _locale(wanted) else language


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    """Write texts, amounts and dates for a reader of `tag`; in English if it is not supported.

    Code that writes after the request, such as a stream, must enter this itself.
    """
    spoken = supported(tag) or ENGLISH
    before = _spoken.set(spoken)
    try:
        with translation.override(language_of(spoken)):
            yield
    finally:
        _spoken.reset(before)


def language_of(tag: str) -> str:
    """Return the language of a tag: "es" of "es-mx"."""
    return tag.partition("-")[0]


def spoken_tag() -> str:
    """Return the active tag. Only `speaking` changes it, and Django's active language with it."""
    return _spoken.get()


def spoken_locale() -> Locale:
    """Return the active locale of amounts and dates."""
    return locale_of(spoken_tag())


def country_name(code: str) -> str:
    """Return "Germany" for "DE", in the active language (CLDR); the code if it has no name."""
    return str(spoken_locale().territories.get(code, code))


def tag_for(request: HttpRequest) -> str:
    """Return the reader's tag: their choice, else the first supported language of the browser.

    The country comes from the browser, if the browser names it with the same language.
    """
    return _with_country(request, language_of(translation.get_language_from_request(request)))


def chosen_tag(request: HttpRequest) -> str:
    """Return the language chosen in the `language_switch` form; "" if it is not supported."""
    language = supported(request.POST.get("language", ""))
    return _with_country(request, language) if language else ""


def _with_country(request: HttpRequest, language: str) -> str:
    accepted = request.headers.get("Accept-Language", "")
    for wanted, _quality in parse_accept_lang_header(accepted):
        if language_of(wanted) == language:
            return supported(wanted) or language
    return language


@lru_cache(maxsize=256)
def locale_of(tag: str) -> Locale:
    """Return the locale in which amounts and dates are written for a tag."""
    return _locale(COUNTRIES.get(tag, tag)) or Locale.parse(COUNTRIES[ENGLISH], sep="-")


@lru_cache(maxsize=256)
def _locale(tag: str) -> Locale | None:
    try:
        return Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
