"""UTM templates: the query parameters that a tracking link adds to its destination. Pure.

A template is a query such as `utm_source=tributary&utm_content={creator_name}`. A parameter that
the destination has already keeps its value. A parameter whose variables are empty is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

VARIABLES = ("creator_name", "member_id", "offer_name", "project_name", "brand_name")
PROJECT = "{project_name}"
MAX_TEMPLATE_LENGTH = 500  # characters
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}")
_VARIABLE = re.compile(r"\{([^{}]*)\}")
RESERVED = "trb"  # carries the click id


class UtmError(ValueError):
    """The template is not valid; the message says what to change."""


def read_template(text: str) -> str:
    """Return the template as it is stored. Raises UtmError."""
    whole = text.strip().lstrip("?&")
    if len(whole) > MAX_TEMPLATE_LENGTH:
        raise UtmError(f"the template is longer than {MAX_TEMPLATE_LENGTH} characters")
    names = [name for name, value in _pairs(whole) if _check(name, value)]
    doubled = next((name for name in names if names.count(name) > 1), None)
    if doubled is not None:
        raise UtmError(f"{doubled} is there twice: remove one of them")
    return whole


def tagged(url: str, template: str, values: Mapping[str, str]) -> str:
    """Return `url` with the template's parameters added; its own text stays as it is."""
    address, mark, fragment = url.partition("#")
    own = {name for name, _ in parse_qsl(address.partition("?")[2], keep_blank_values=True)}
    filled = [(name, _fill(value, values)) for name, value in _pairs(template) if name not in own]
    added = urlencode([(name, value) for name, value in filled if value])
    return f"{with_query_text(address, added)}{mark}{fragment}"


def with_query_text(address: str, added: str) -> str:
    """Return an address without fragment with `added`, parameters as text, at its end."""
    if not added:
        return address
    if "?" not in address:
        return f"{address}?{added}"
    return f"{address}{added}" if address.endswith(("?", "&")) else f"{address}&{added}"


def _pairs(template: str) -> list[tuple[str, str]]:
    split = [piece.strip().partition("=") for piece in template.split("&") if piece.strip()]
    return [(name.strip(), value.strip()) for name, _, value in split]


def _check(name: str, value: str) -> bool:
    if not _NAME.fullmatch(name):
        raise UtmError(
            f"{name or 'an empty text'} is not a name: write name=value with & between them"
        )
    if name == RESERVED:
        raise UtmError(f"{name} is reserved for the click id: choose another name")
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
    """The value with its variables filled in; empty when all of its variables are empty."""
    if _VARIABLE.search(value) and not any(values.get(one) for one in _VARIABLE.findall(value)):
        return ""
    return _VARIABLE.sub(lambda found: values.get(found[1], ""), value)
