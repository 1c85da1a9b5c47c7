"""How a promo code is written and compared, however a shopper or a shop has typed it. Pure."""

from __future__ import annotations

import re
import unicodedata

from anyascii import anyascii

MIN_CODE_LENGTH, MAX_CODE_LENGTH = 2, 40
CODE_RULE = (
    f"use {MIN_CODE_LENGTH} to {MAX_CODE_LENGTH} letters, digits and - _ . ' & % + ! # $ * / @,"
    " the first a letter or a digit"
)
_MARKS = frozenset("-_.'&%+!#$*/@")
# What word processors, phones and keyboards of other countries write for an apostrophe.
_APOSTROPHES = str.maketrans(dict.fromkeys("`´‘’‚‛′ʹʻʼʽˈꞌ＇", "'"))  # noqa: RUF001
# Characters that nobody sees, beside those of Unicode's category Cf.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | {
    chr(number) for number in (*range(0xFE00, 0xFE10), *range(0x180B, 0x1810))
}


def normal_code(text: str) -> str:
    """Return a code as it is stored and compared.

    Case, spaces, invisible characters, full width and the form of an apostrophe make no difference
    (Unicode's NFKC). Accents do, and so do letters of other alphabets that look alike.
    """
    if text.isascii() and "`" not in text:
        return "".join(text.split()).upper()
    alike = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).upper()
    seen = [one for one in alike if not _is_unseen(one)]
    return unicodedata.normalize("NFC", "".join(seen).translate(_APOSTROPHES))


def _is_unseen(one: str) -> bool:
    return one in _UNSEEN or one.isspace() or unicodedata.category(one) == "Cf"


def is_code(code: str) -> bool:
    """Whether a code in its normal form may be given to a member."""
    if not MIN_CODE_LENGTH <= len(code) <= MAX_CODE_LENGTH or not code[0].isalnum():
        return False
    return all(one in _MARKS or unicodedata.category(one)[0] in "LMN" for one in code)


def code_from(text: str) -> str:
    """Make a code of A-Z, 0-9, - and _ from a name in any alphabet, or "" if nothing remains.

    It is never of digits alone, which a shopper could type by accident.
    """
    code = re.sub(r"[^A-Z0-9_-]", "", anyascii(text).upper())[: MAX_CODE_LENGTH - 4].lstrip("-_")
    return code if len(code) >= MIN_CODE_LENGTH and re.search("[A-Z]", code) else ""
