"""What may never stand in a log line: a token that opens a page, a secret, a code.

Works on finished text, so it doesn't matter where in a message, a traceback or a field it stood.
No text makes it slow: where a pattern repeats, what follows ends the repetition.
"""

from __future__ import annotations

import re
from typing import Any

CUT = "[redacted]"
_SLASH = r"(?:/|%2[fF])"
# A token, also where a mail program or a reader put a space or a dot before it.
_WORD = r"(?:[\w\-=.~:%]+|(?!\[redacted\])[^\w\"'\n]+[\w\-=.~:%]{16,})"
# After a name: = of a query, : of JSON and Python, with the quotes that a JSON text in JSON has.
_IS = r"\\*[\"']?\s*(?:=|%3[dD]|:)\s*"
_QUOTE = r"((?:b(?=\\*[\"']))?\\*[\"'])"
_QUOTED = r"(?:[^\"'\n]*[^\"'\n\\])?"
_BARE = r"[^\s\"'&;,<>()\[\]{}\\|]+"
_NAMES = (
    r"[\w-]*(?:password|passwd|passphrase|secret|token|api_?key|csrf\w*|session_?id|signature)"
    r"|code|key|otp|sig"
)
SECRET_NAME = re.compile(rf"(?:{_NAMES}|(?:proxy-)?authorization|(?:set-)?cookie)", re.IGNORECASE)

PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Signed links: dashboard, unsubscribe, one-time login, invitation.
    (re.compile(rf"({_SLASH}(?:d|u|once|invitation){_SLASH}){_WORD}"), rf"\1{CUT}"),
    # allauth's: a new password, an address to confirm.
    (re.compile(rf"({_SLASH}(?:key|confirm-email){_SLASH}){_WORD}"), rf"\1{CUT}"),
    # Headers, as they are sent and as Python shows them.
    (
        re.compile(
            rf"((?:authorization|cookie)(?:{_IS}|\\*[\"'], ))(?:{_QUOTE}{_QUOTED}|[^\"'\n\\]+)",
            re.IGNORECASE,
        ),
        rf"\1\2{CUT}",
    ),
    (re.compile(r"\b(Bearer|Basic|Digest)\s+[\w\-.~+/=:%]+"), rf"\1 {CUT}"),
    # What a name says that it is secret, in a query, a form, JSON or a Python value.
    (
        re.compile(rf"((?:^|[^\w-])(?:{_NAMES}){_IS})(?:{_QUOTE}{_QUOTED}|{_BARE})", re.IGNORECASE),
        rf"\1\2{CUT}",
    ),
    # Our own API keys and webhook secrets, whatever they stand in.
    (re.compile(r"(?:trb|whsec)_[\w\-+/=]+"), CUT),
    # The password of an address with user and password.
    (re.compile(r"(://[^\s:/@\"']*:)[^\s@/\"']+@"), rf"\1{CUT}@"),
    # PostgreSQL's details of a refused row say what stands in it.
    (re.compile(r"(\)=\()[^\n\\\"]*"), rf"\1{CUT}"),
    (re.compile(r"(Failing row contains \()[^\n\\\"]*"), rf"\1{CUT}"),
)


def redact(text: str) -> str:
    """`text` with everything cut out that opens something."""
    for pattern, instead in PATTERNS:
        text = pattern.sub(instead, text)
    return text


def without_secrets(value: Any) -> Any:
    """`value` with everything cut out that stands under the name of a secret, however deep."""
    if not isinstance(value, dict):
        return value
    return {
        name: CUT if SECRET_NAME.fullmatch(str(name)) else without_secrets(inner)
        for name, inner in value.items()
    }
