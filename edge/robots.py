"""Whether a User-Agent header is a robot's: the patterns of crawlerdetect, matched in steps.

crawlerdetect joins its 1,460 patterns into one, which Python tries at each character: 40 ms for
some headers, in which a web process does nothing else. Most patterns are plain text, which Python
finds in the whole header at once. The answers are the same. Pure.
"""

from __future__ import annotations

import re

from crawlerdetect.providers.crawlers import data as robots
from crawlerdetect.providers.exclusions import data as exclusions

_ESCAPED = re.compile(r"\\([^\w\s])")
_SYNTAX = re.compile(r"[\\.^$*+?{}\[\]|()]")
_OPTIONAL_BEGINNING = re.compile(r"^\[[^\]\\]*(\\-[^\]\\]*)*\]\*")
_ESCAPE_OR_CAPITAL = re.compile(r"\\.|[A-Z]")


def is_robot(agent: str) -> bool:
    """Whether the header is a robot's; "" is none."""
    text = _BROWSERS.sub("", agent.strip().lower())
    return any(word in text for word in _WORDS) or any(find(text) for find in _FINDS)


def _plain(pattern: str) -> str | None:
    """The text that the pattern stands for, if it stands for one."""
    if _SYNTAX.search(_ESCAPED.sub("", pattern)):
        return None
    return _ESCAPED.sub(r"\1", pattern).lower()


def _lower(pattern: str) -> str:
    """The pattern for a text in lower case. What may be absent at its beginning is left out."""
    lower = _ESCAPE_OR_CAPITAL.sub(
        lambda found: found[0] if found[0].startswith("\\") else found[0].lower(), pattern
    )
    return _OPTIONAL_BEGINNING.sub("", lower)


_BROWSERS = re.compile("|".join(_lower(pattern) for pattern in exclusions))
_WORDS = sorted({word for word in map(_plain, robots) if word is not None})
_FINDS = [re.compile(_lower(pattern)).search for pattern in robots if _plain(pattern) is None]
