"""The mails in the local inbox: a Maildir that the local mail server writes."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from pathlib import Path

KEY = re.compile(r"\d[\w.=,:-]*")
HEAD_BYTES = 64 * 1024  # more than the headers of any mail of ours


@dataclass(frozen=True)
class MailRow:
    """One mail as the list shows it."""

    key: str
    to: str
    sender: str
    subject: str
    received_at: datetime

    @property
    def sender_name(self) -> str:
        """The name the mail goes under; the address of a sender without a name."""
        name, address = parseaddr(self.sender)
        return name or address


@dataclass(frozen=True)
class Mail:
    """One mail as its page shows it."""

    row: MailRow
    text: str
    html: str
    headers: Sequence[tuple[str, str]]
    attachments: Sequence[str]


def find_keys(folder: Path, *, search: str = "") -> list[str]:
    """The mails whose headers contain `search`, newest first; letter case doesn't matter."""
    place = folder / "new"
    if not place.is_dir():
        return []
    with os.scandir(place) as entries:
        by_age = sorted(((entry.stat().st_mtime_ns, entry.name) for entry in entries), reverse=True)
    wanted = search.strip().lower().encode()
    return [name for _, name in by_age if not wanted or wanted in _head(place / name).lower()]


def read_rows(folder: Path, keys: Sequence[str]) -> list[MailRow]:
    """The list's rows for `keys`, in that order."""
    parse = BytesHeaderParser(policy=policy.default).parsebytes
    return [_row(folder, key, parse(_head(folder / "new" / key))) for key in keys]


def read_mail(folder: Path, key: str) -> Mail | None:
    """One mail; None when there is none with this key."""
    path = folder / "new" / key
    if not KEY.fullmatch(key) or not path.is_file():
        return None
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    return Mail(
        row=_row(folder, key, message),
        text=_body(message, "plain"),
        html=_body(message, "html"),
        headers=[(name, str(value)) for name, value in message.items()],
        attachments=[part.get_filename() or "unnamed" for part in message.iter_attachments()],
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES).replace(b"\r\n", b"\n").split(b"\n\n", 1)[0] + b"\n\n"


def _row(folder: Path, key: str, message: EmailMessage) -> MailRow:
    received = (folder / "new" / key).stat().st_mtime
    return MailRow(
        key=key,
        to=str(message["X-RcptTo"] or message["To"] or ""),
        sender=str(message["From"] or ""),
        subject=str(message["Subject"] or "(no subject)"),
        received_at=datetime.fromtimestamp(received, tz=UTC),
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if isinstance(part, EmailMessage) else ""
