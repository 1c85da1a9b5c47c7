"""The slug that a typed or pasted address of a tracking link means. Pure."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

MAX_SLUG = 40  # characters
MAX_TYPED = 200  # of a path that is read at all
# Each reads a text once: a pattern of the whole has many ways to part hyphens, and tries them all.
_LETTER = re.compile(r"[a-z0-9_]")
_SLUG = re.compile(r"-*[a-z0-9_][a-z0-9_-]*")
_WORD = re.compile(r"\w")


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
    typed = typed.lower()
    letter = _LETTER.search(typed)
    if letter is None:
        return ""
    before = typed[: letter.start()].rstrip("-")
    slug = _SLUG.match(typed, len(before))
    if slug is None or len(slug[0]) > MAX_SLUG or _WORD.search(before + typed[slug.end() :]):
        return ""
    return slug[0]
