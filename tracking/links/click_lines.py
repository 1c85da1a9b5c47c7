"""A click as one line of text, from the web process that met it to PostgreSQL.

A line is a row in the text format of PostgreSQL's COPY: fields in the sequence of FIELDS, a tab
between them, a newline at the end. Nothing else reads or changes a line on its way, so storing
many costs no Python per click. The module imports no Django: the redirect writes lines.
https://www.postgresql.org/docs/16/sql-copy.html#SQL-COPY-FILE-FORMATS
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

FIELDS = (
    "link_id",
    "click_id",
    "clicked_at",  # microseconds since 1970, UTC
    "kind",  # tracking.models.ClickKind
    "visitor",  # a signed number of 64 bits
    "user_agent",
    "referrer_host",  # lower case
    "sub1",
    "sub2",
    "sub3",
    "sub4",
    "sub5",
    "country",  # two upper-case letters
    "device",  # tracking.models.Device
    "landing",  # the paid search's mark, such as gclid
    "returning",  # t or f
)
NULL = r"\N"
SUB_ID_LENGTH = 60  # characters
# The most characters of each text. Longer ones are cut.
LENGTHS = {
    "user_agent": 300,
    "referrer_host": 253,
    "sub1": SUB_ID_LENGTH,
    "sub2": SUB_ID_LENGTH,
    "sub3": SUB_ID_LENGTH,
    "sub4": SUB_ID_LENGTH,
    "sub5": SUB_ID_LENGTH,
    "landing": 100,
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# PostgreSQL can't store NUL. Every other character that ends a field or line is escaped.
_ESCAPES = str.maketrans(
    {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\x00": None}
    | {chr(half): "\ufffd" for half in range(0xD800, 0xE000)}
)


@dataclass(frozen=True, slots=True)
class ClickLines:
    """A batch of clicks: its id, by which it is stored once, and its lines in UTF-8."""

    id: UUID
    lines: bytes


def escaped(text: str) -> str:
    """Return the text as a field of a line; half surrogate pairs and NUL are taken out."""
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return text.translate(_ESCAPES)


def microseconds(moment: datetime) -> int:
    """Return the microseconds since 1970, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def line_of(
    *,
    link_id: int,
    click_id: str,
    clicked_at: datetime,
    kind: str,
    visitor: int | None = None,
    user_agent: str = "",
    referrer_host: str = "",
    sub_ids: tuple[str, ...] = (),
    country: str = "",
    device: str = "other",
    landing: str = "",
    returning: bool | None = None,
) -> str:
    """Return the line of a click, with its newline. Texts are cut to LENGTHS."""
    subs = [escaped(sub[:SUB_ID_LENGTH]) for sub in sub_ids[:5]]
    fields = [
        str(link_id),
        click_id,
        str(microseconds(clicked_at)),
        kind,
        NULL if visitor is None else str(visitor),
        escaped(user_agent[: LENGTHS["user_agent"]]),
        escaped(referrer_host[: LENGTHS["referrer_host"]].lower()),
        *subs,
        *[""] * (5 - len(subs)),
        country,
        device,
        escaped(landing[: LENGTHS["landing"]]),
        NULL if returning is None else "t" if returning else "f",
    ]
    return "\t".join(fields) + "\n"
