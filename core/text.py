"""Text that people or servers wrote, made fit for one line of a mail, a field or a log."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

# Spaces and line breaks, but not the spaces at which no line may break: "10 %" has one.
_BREAKS = re.compile("[ \t-\r\x1c-\x1f\x85\u2028\u2029]+")
_FIRST_WORD = re.compile(r"[^\W\d_]+(?=[\s,:]|$)")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL takes no null, UTF-8 no half pair
# Control characters, and marks that turn the direction of everything after them.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

_LETTER = "[0-9A-Za-z\u00aa-\u024f\u0370-\u052f]"  # of scripts that put spaces between words

MAX_ADDRESS_LENGTH = 254  # of a mail address: RFC 3696, erratum 1690
MAX_SEARCH_WORDS = 10  # each is a condition of its own, in some lists a query of its own
NO_FIELD = "is not a field here: there is none"


def single_spaced(text: str) -> str:
    """Return `text` without spaces at its ends, each other run of white space as one space."""
    return " ".join(text.split())


def search_words(text: str) -> list[str]:
    """Return the words of a search, each once, at most MAX_SEARCH_WORDS: the first ones.

    So a list that is searched with a whole letter is found by how the letter begins.
    """
    return list(dict.fromkeys(text.replace("\0", "").split()))[:MAX_SEARCH_WORDS]


def one_line(text: str) -> str:
    """Return `text` without line breaks, control characters and marks of direction.

    So nobody's name can add a line to a mail, or write the rest of a line backwards.
    """
    return _BREAKS.sub(" ", _UNSEEN.sub("", _BREAKS.sub(" ", text))).strip()


def names_pattern(names: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that finds these names and addresses where they stand as whole words.

    So "Ana" is not found in "Canada", and an address not in a longer one; but in "Ana's list". A
    name of one or two letters names nobody in a sentence: it has to be the whole text. Letters are
    of Latin, Greek and Cyrillic script; others may stand beside a name without a space.
    """
    return re.compile("|".join(map(_whole_name, names)) or r"(?!)", re.IGNORECASE)


def _whole_name(name: str) -> str:
    escaped = re.escape(name)
    if "@" in name:
        return rf"(?<![\w.+-]){escaped}(?![\w-]|\.\w)"
    if re.fullmatch(f"{_LETTER}{{1,2}}", name):
        return rf"\A{escaped}\Z"
    before = f"(?<!{_LETTER})" if re.match(_LETTER, name) else ""
    after = f"(?=s?(?!{_LETTER}))" if re.match(_LETTER, name[-1:]) else ""
    return f"{before}{escaped}{after}"


def noun_for(number: int, plural: str) -> str:
    """Return an English noun as it stands after `number`: "pieces of work", "piece of work"."""
    if number != 1:
        return plural
    head, space, rest = plural.partition(" ")
    for ending, one in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if head.endswith(ending):
            head = head.removesuffix(ending) + one
            break
    return f"{head}{space}{rest}"


def lines_of(text: str) -> list[str]:
    """Return the lines of `text` that hold something, each as `one_line` returns it."""
    return [line for line in map(one_line, text.splitlines()) if line]


def unknown_name(name: str, known: Iterable[str]) -> str:
    """Say that a field has an unknown name, and which one may be meant."""
    names = list(known)
    likely = get_close_matches(name, names, n=1)
    if likely:
        return f"is not a field here: did you mean {likely[0]}?"
    return f"is not a field here; the fields are {', '.join(names)}" if names else NO_FIELD


def sentence(text: Exception | str) -> str:
    """Return the text with a capital letter and a full stop.

    An address or a code at its beginning is not changed.
    """
    said = str(text).strip()
    if _FIRST_WORD.match(said):
        said = f"{said[:1].upper()}{said[1:]}"
    return said if said.endswith((".", "!", "?")) else f"{said}."
