"""Sessions that know whose they are: Django's own, in PostgreSQL, with the user in a column.

The way Django describes under "Extending database-backed session engines". A person can so see
their sessions and end them: a session whose row is gone is logged out at its next request. Where
and with what a session is used stands in its own data, noted by the pages that show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import salted_hmac

from accounts.devices import Device, device_of
from accounts.models import Session, User

NOTE = "in_use"
OFTEN_ENOUGH = timedelta(minutes=1)  # between two notes of one session
LONGEST_AGENT = 300


class SessionStore(db.SessionStore):
    """The engine that `SESSION_ENGINE` names."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = cast("Session", super().create_model_instance(data))
        user_id = data.get(SESSION_KEY)
        row.user_id = int(user_id) if user_id else None
        return row


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One browser that is logged in. `handle` names it to its owner and opens nothing."""

    handle: str
    device: Device
    network: str  # the address it was last used from; empty when nobody noted it
    began_at: datetime | None
    used_at: datetime | None
    is_this: bool


def note_use(session: SessionBase, *, agent: str, network: str, now: datetime) -> None:
    """Write down that a session is in use, at most once a minute."""
    noted = session.get(NOTE, {})
    if noted and noted["network"] == network and now - _time(noted["used_at"]) < OFTEN_ENOUGH:
        return
    session[NOTE] = {
        "agent": agent[:LONGEST_AGENT],
        "network": network,
        "began_at": noted.get("began_at", now.isoformat()),
        "used_at": now.isoformat(),
    }


def open_sessions(user: User, *, current: SessionBase | None, now: datetime) -> list[OpenSession]:
    """The user's sessions, the current one first, then the last used."""
    found = [
        _open_session(row, current=current)
        for row in Session.objects.filter(user=user, expire_date__gt=now)
    ]
    return sorted(
        found,
        key=lambda one: (one.is_this, one.used_at is not None, one.used_at or now),
        reverse=True,
    )


def end_session(*, user: User, handle: str) -> bool:
    """Log one of the user's own sessions out; False when there is none of that handle."""
    for key in Session.objects.filter(user=user).values_list("session_key", flat=True):
        if _handle(key) == handle:
            return bool(Session.objects.filter(user=user, session_key=key).delete()[0])
    return False


def end_sessions(*, user: User, but: str | None = None) -> int:
    """Log all of the user's sessions out, except the one with the key `but`."""
    rows = Session.objects.filter(user=user)
    if but:
        rows = rows.exclude(session_key=but)
    return int(rows.delete()[0])


def _open_session(row: Session, *, current: SessionBase | None) -> OpenSession:
    """The row of the current session is older than what this request has noted in it."""
    is_this = False
    noted = SessionStore().decode(row.session_data).get(NOTE, {})
    if current is not None and row.session_key == current.session_key:
        is_this, noted = True, current.get(NOTE, {})
    return OpenSession(
        handle=_handle(row.session_key),
        device=device_of(noted.get("agent", "")),
        network=noted.get("network", ""),
        began_at=_time(noted["began_at"]) if noted else None,
        used_at=_time(noted["used_at"]) if noted else None,
        is_this=is_this,
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _handle(session_key: str) -> str:
    return salted_hmac("accounts.sessions", session_key, algorithm="sha256").hexdigest()[:32]
