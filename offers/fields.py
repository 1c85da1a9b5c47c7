"""Check what staff enter for an offer: the naming pattern of its codes, domains, days. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from urllib.parse import urlsplit

from core.hosts import MAX_HOST, HostError, ascii_host, is_within

PLACEHOLDERS = {"{FIRST_NAME}", "{LAST_NAME}", "{OFFER}"}
DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")

LAST_YEAR = 2199  # a later one is a mistake
TOO_FAR = "that is too far away"


class PatternError(ValueError):
    """The text is no naming pattern; the message says why."""


def read_code_pattern(text: str) -> str:
    """Return a pattern in its stored form. Raises PatternError."""
    pattern = text.strip().upper()
    unknown = [name for name in re.findall(r"\{[^}]*\}?", pattern) if name not in PLACEHOLDERS]
    if unknown:
        raise PatternError(f"{unknown[0]} is not known. Use {', '.join(sorted(PLACEHOLDERS))}.")
    if not re.fullmatch(r"[A-Z0-9_-]*", re.sub(r"\{[A-Z_]+\}", "", pattern)):
        raise PatternError("A code holds letters, digits, - and _ only.")
    return pattern


def is_too_far(day: date) -> bool:
    """Whether a day, or a time, is so late that it must be a mistake."""
    return day.year > LAST_YEAR


def not_domains(names: Iterable[str]) -> list[str]:
    """Return those of the names, in lower case, that are no domains."""
    return [name for name in names if len(name) > MAX_HOST or not DOMAIN.fullmatch(name)]


def is_on_domain(url: str, domains: Iterable[str]) -> bool:
    """Whether an address is on one of these domains, or below one.

    Addresses with a backslash are refused: browsers read it as a slash and Python does not, so they
    would see different hosts. Addresses with a user name before the host are refused too.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if "\\" in url or "@" in parts.netloc or any(character.isspace() for character in url):
        return False
    host = in_ascii(parts.hostname or "")
    return parts.scheme in {"http", "https"} and any(
        is_within(host, domain) for domain in map(in_ascii, domains)
    )


def in_ascii(host: str) -> str:
    """Return a host in its ASCII form; what can't be a host, in lower case."""
    try:
        return ascii_host(host)
    except HostError:
        return host.lower()
