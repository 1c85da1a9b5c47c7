"""Remove tokens, secrets and codes from log lines.

It works on the finished text, so a message, a traceback and a field are treated alike. No text
makes it slow: the character after a repeated pattern always ends the repetition (no backtracking).
"""

from __future__ import annotations

import re
from typing import Any

CUT = "[redacted]"
_SLASH = r"(?:/|%2[fF])"
# A token, also where a mail program or a reader put a space or a dot before it.
_WORD = r"(?:[\w\-=.~:%]+|(?!\[redacted\])[^\w\"'\n]+[\w\-=.~:%]{16,})"
# After a name: "=" in a query, ":" in JSON and Python, with escaped quotes for JSON inside JSON.
_IS = r"\\*[\"']?\s*(?:=|%3[dD]|:)\s*"
_QUOTE = r"((?:b(?=\\*[\"']))?\\*[\"'])"
_QUOTED = r"(?:[^\"'\n]*[^\"'\n\\])?"
_BARE = r"[^\s\"'&;,<>()\[\]{}\\|]+"
_NAMES = (
    r"[\w-]*(?:password|passwd|passphrase|secret|token|api_?key|session_?id|signature)"
    r"|(?:(?!csrf)[\w-])*+csrf[\w-]*+|code|key|otp|sig"
)
SECRET_NAME = re.compile(rf"(?:{_NAMES}|(?:proxy-)?authorization|(?:set-)?cookie)", re.IGNORECASE)

PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Signed links: dashboard, unsubscribe, one-time login, invitation.
    (re.compile(rf"({_SLASH}(?:d|u|once|invitation){_SLASH}){_WORD}"), rf"\1{CUT}"),
    # allauth's links: to set a password, to confirm an address.
    (re.compile(rf"({_SLASH}(?:key|confirm-email){_SLASH}){_WORD}"), rf"\1{CUT}"),
    # Headers, in HTTP's form and in Python's repr.
    (
        re.compile(
            rf"((?:authorization|cookie)(?:{_IS}|\\*[\"'], ))(?:{_QUOTE}{_QUOTED}|[^\"'\n\\]+)",
            re.IGNORECASE,
        ),
        rf"\1\2{CUT}",
    ),
    (re.compile(r"\b(Bearer|Basic|Digest)\s+[\w\-.~+/=:%]+"), rf"\1 {CUT}"),
    # The value after a secret's name, in a query, a form, JSON or a Python value.
    (
        re.compile(rf"((?:^|[^\w-])(?:{_NAMES}){_IS})(?:{_QUOTE}{_QUOTED}|{_BARE})", re.IGNORECASE),
        rf"\1\2{CUT}",
    ),
    # Our own API keys and webhook secrets, in any text.
    (re.compile(r"(?:trb|whsec)_[\w\-+/=]+"), CUT),
    # The password in a URL with user and password.
    (re.compile(r"(://[^\s:/@\"']*:)[^\s@/\"']+@"), rf"\1{CUT}@"),
    # The DETAIL of PostgreSQL's constraint errors holds the row's values.
    (re.compile(r"(\)=\()[^\n\\\"]*"), rf"\1{CUT}"),
    (re.compile(r"(Failing row contains \()[^\n\\\"]*"), rf"\1{CUT}"),
)


def redact(text: str) -> str:
    """Return `text` without tokens, secrets and codes."""
    for pattern, instead in PATTERNS:
        text = pattern.sub(instead, text)
    return text


def without_secrets(value: Any) -> Any:
    """Return `value` without what is stored under a secret's name, at any depth."""
    if not isinstance(value, dict):
        return value
    return {
        name: CUT if SECRET_NAME.fullmatch(str(name)) else without_secrets(inner)
        for name, inner in value.items()
    }
