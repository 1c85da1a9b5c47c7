"""The slug that a typed or pasted address of a tracking link means. Pure."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

MAX_SLUG = 40  # characters
MAX_TYPED = 200  # of a path that is read at all
_AROUND = re.compile(r"\W*?([a-z0-9_-]+)\W*")


def slug_of(typed: str) -> str:
    """Return the slug in its normal form, or "" if there is none.

    Case makes no difference, nor what comes along around it: a slash, a full stop, brackets and
    quotes, in any alphabet, also when they were percent-encoded twice. What stands between letters
    belongs to the slug, so `a/b` is none.
    """
    if len(typed) > MAX_TYPED:
        return ""
    if "%" in typed:  # the server has decoded it once already
        typed = unquote(typed)
    if not typed.isascii():
        typed = unicodedata.normalize("NFKC", typed)
    found = _AROUND.fullmatch(typed.lower())
    return found[1] if found and len(found[1]) <= MAX_SLUG else ""
