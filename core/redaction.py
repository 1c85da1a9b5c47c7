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

# What has to be in a text for a pattern to be found: looking for it takes a tenth of the time.
PATTERNS: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = (
    # Signed links: dashboard, unsubscribe, one-time login, invitation.
    (
        ("/", "%2f"),
        re.compile(rf"({_SLASH}(?:d|u|once|invitation){_SLASH}){_WORD}"),
        rf"\1{CUT}",
    ),
    # allauth's links: to set a password, to confirm an address.
    (
        ("key", "confirm-email"),
        re.compile(rf"({_SLASH}(?:key|confirm-email){_SLASH}){_WORD}"),
        rf"\1{CUT}",
    ),
    # Headers, in HTTP's form and in Python's repr.
    (
        ("authorization", "cookie"),
        re.compile(
            rf"((?:authorization|cookie)(?:{_IS}|\\*[\"'], ))(?:{_QUOTE}{_QUOTED}|[^\"'\n\\]+)",
            re.IGNORECASE,
        ),
        rf"\1\2{CUT}",
    ),
    (
        ("bearer", "basic", "digest"),
        re.compile(r"\b(Bearer|Basic|Digest)\s+[\w\-.~+/=:%]+"),
        rf"\1 {CUT}",
    ),
    # The value after a secret's name, in a query, a form, JSON or a Python value.
    (
        ("passw", "passphrase", "secret", "token", "key", "session", "sig", "csrf", "code", "otp"),
        re.compile(rf"((?:^|[^\w-])(?:{_NAMES}){_IS})(?:{_QUOTE}{_QUOTED}|{_BARE})", re.IGNORECASE),
        rf"\1\2{CUT}",
    ),
    # Our own API keys and webhook secrets, in any text.
    (("trb_", "whsec_"), re.compile(r"(?:trb|whsec)_[\w\-+/=]+"), CUT),
    # The password in a URL with user and password.
    (("://",), re.compile(r"(://[^\s:/@\"']*:)[^\s@/\"']+@"), rf"\1{CUT}@"),
    # The DETAIL of PostgreSQL's constraint errors holds the row's values.
    ((")=(",), re.compile(r"(\)=\()[^\n\\\"]*"), rf"\1{CUT}"),
    (("failing row",), re.compile(r"(Failing row contains \()[^\n\\\"]*"), rf"\1{CUT}"),
)


def redact(text: str) -> str:
    """Return `text` without tokens, secrets and codes."""
    # As re.IGNORECASE compares: it takes a dotless i for an i.
    folded = text.casefold().replace("\u0131", "i")
    for needed, pattern, instead in PATTERNS:
        for part in needed:
            if part in folded:
                text = pattern.sub(instead, text)
                break
    return text


def without_secrets(value: Any) -> Any:
    """Return `value` without what is stored under a secret's name, at any depth."""
    if not isinstance(value, dict):
        return value
    return {
        name: CUT if SECRET_NAME.fullmatch(str(name)) else without_secrets(inner)
        for name, inner in value.items()
    }
