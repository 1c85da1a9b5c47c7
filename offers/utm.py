"""UTM templates: what a tracking link adds to the address it leads to. Pure.

A template is a query such as `utm_source=tributary&utm_content={creator_name}`. A name that the
address has already keeps the shop's own value; a variable that is empty is left out with its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

VARIABLES = ("creator_name", "member_id", "offer_name", "project_name", "brand_name")
PROJECT = "{project_name}"
MAX_TEMPLATE_LENGTH = 500
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}")
_VARIABLE = re.compile(r"\{([^{}]*)\}")
RESERVED = "trb"  # carries the click id


class UtmError(ValueError):
    """A template that can't be used; the message says what to change."""


def read_template(text: str) -> str:
    """The template as it is kept. Raises UtmError."""
    whole = text.strip().lstrip("?&")
    if len(whole) > MAX_TEMPLATE_LENGTH:
        raise UtmError(f"it has at most {MAX_TEMPLATE_LENGTH} characters")
    names = [name for name, value in _pairs(whole) if _check(name, value)]
    doubled = next((name for name in names if names.count(name) > 1), None)
    if doubled is not None:
        raise UtmError(f"{doubled} stands there twice")
    return whole


def tagged(url: str, template: str, values: Mapping[str, str]) -> str:
    """`url` with the template's parameters, filled in; what it has already stays as it is."""
    if not template:
        return url
    parts = urlsplit(url)
    own = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    filled = [(name, _fill(value, values)) for name, value in _pairs(template) if name not in own]
    added = urlencode([(name, value) for name, value in filled if value])
    query = "&".join(part for part in (parts.query, added) if part)
    return urlunsplit(parts._replace(query=query))


def _pairs(template: str) -> list[tuple[str, str]]:
    split = [piece.strip().partition("=") for piece in template.split("&") if piece.strip()]
    return [(name.strip(), value.strip()) for name, _, value in split]


def _check(name: str, value: str) -> bool:
    if not _NAME.fullmatch(name):
        raise UtmError(f"{name or 'nothing'} is no name: write name=value with & between them")
    if name == RESERVED:
        raise UtmError(f"{name} is taken: it carries the click")
    if not value:
        raise UtmError(f"{name} has no value")
    unknown = [found for found in _VARIABLE.findall(value) if found not in VARIABLES]
    if unknown:
        known = ", ".join(f"{{{one}}}" for one in VARIABLES)
        raise UtmError(f"{{{unknown[0]}}} is not known: use {known}")
    if re.search(r"[{}\s#]", _VARIABLE.sub("", value)):
        raise UtmError(f"the value of {name} can't hold spaces, # or a single brace")
    return True


def _fill(value: str, values: Mapping[str, str]) -> str:
    """The value with its variables; nothing when all it has is variables and these are empty."""
    if _VARIABLE.search(value) and not any(values.get(one) for one in _VARIABLE.findall(value)):
        return ""
    return _VARIABLE.sub(lambda found: values.get(found[1], ""), value)
