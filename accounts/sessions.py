"""Django's database sessions with columns of our own: the user, the times and the device.

Built as Django describes under "Extending database-backed session engines". People can see and end
their sessions: a session whose row was deleted is logged out at its next request.

A login that waits for its second factor is a visitor's session whose row has the user too, so that
it ends with that person's sessions.

A session ends after a time without use, and after a maximum time; both depend on the kind of user
(settings.SESSION_LIMITS). The row decides, not the cookie: `expire_date` is the earlier of the two
times, and a row past it is never read. Each login starts both times again. Use is stored in columns
of the row, so that it never overwrites session data that another request has just saved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from allauth.account.utils import url_str_to_user_pk
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, SessionBase
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.audit_log.security_log import record_event
from accounts.devices import Device, device_of
from accounts.models import Session, SessionKind, User
from accounts.selectors import session_kind_of
from core.kept_queries import kept_query

KEY_CHARACTERS = frozenset(VALID_KEY_CHARS)
MIN_TIME_BETWEEN_UPDATES = timedelta(minutes=1)  # of one session's row
MAX_AGENT_LENGTH = 300
MAX_DELETED_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class SessionUse:
    """The columns of a session's row. Without `began_at` nobody has logged in."""

    user_id: int | None = None
    kind: str = SessionKind.VISITOR
    began_at: datetime | None = None
    used_at: datetime | None = None
    network: str = ""
    agent: str = ""

    def ends_at(self, now: datetime) -> datetime:
        """When it ends if it is not used again."""
        return min((self.used_at or now) + self._limits[0], self.last_moment(now))

    def last_moment(self, now: datetime) -> datetime:
        """When it ends even if it is used."""
        return (self.began_at or now) + self._limits[1]

    @property
    def _limits(self) -> tuple[timedelta, timedelta]:
        """How long it lasts without use, and at most."""
        idle, whole = settings.SESSION_LIMITS[self.kind]
        return timedelta(seconds=idle), timedelta(seconds=whole)


@kept_query
def _alive(*, session_key: str, now: datetime) -> QuerySet[Session]:
    """The session with the key, unless it has expired."""
    return Session.objects.filter(session_key=session_key, expire_date__gt=now)


class SessionStore(db.SessionStore):
    """The engine that `SESSION_ENGINE` names."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.use = SessionUse()

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _validate_session_key(self, key: str | None) -> bool:
        """Whether it can be a session key: PostgreSQL raises an error for some other texts."""
        is_long_enough = bool(super()._validate_session_key(key))  # type: ignore[misc]
        return is_long_enough and set(str(key)) <= KEY_CHARACTERS

    def load(self) -> dict[str, Any]:
        """The session's data; nothing when its row was deleted or has expired.

        The limits are checked again here: they may have become shorter since the row was written.
        """
        now = timezone.now()
        row = next(iter(_alive(session_key=self.session_key or "", now=now)), None)
        use = _use_of(row) if row else SessionUse()
        if row is None or use.ends_at(now) <= now:
            self._session_key = None
            return {}
        self.use = use
        return self.decode(row.session_data)

    def begin(self, *, user_id: int, agent: str, network: str, now: datetime) -> None:
        """Begin a session for a login: both times start again."""
        kind = session_kind_of(user_id)
        self.use = SessionUse(user_id, kind, now, now, network[:64], agent[:MAX_AGENT_LENGTH])
        self.modified = True

    @transaction.atomic
    def cycle_key(self) -> None:
        """Change the key. Raises SessionInterrupted when the session was ended meanwhile."""
        if self.use.user_id is not None:
            lock_logins(self.use.user_id)
            if is_ended(self):
                raise SessionInterrupted("The session was ended while it was in use.")
        super().cycle_key()

    def flush(self) -> None:
        super().flush()
        self.use = SessionUse()

    def get_expiry_age(self, **kwargs: Any) -> int:
        """Seconds until the maximum time ends, which the cookie lasts. The row may end earlier."""
        now = timezone.now()
        return max(0, int((self._use_now(now).last_moment(now) - now).total_seconds()))

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        now = timezone.now()
        return self._use_now(now).ends_at(now)

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = cast("Session", super().create_model_instance(data))
        now = timezone.now()
        self.use = use = replace(self._use_now(now), used_at=now)
        row.expire_date = use.ends_at(now)
        row.user_id, row.kind = use.user_id or self._waiting_user_id(), use.kind
        row.began_at, row.used_at = use.began_at, use.used_at
        row.network, row.agent = use.network, use.agent
        return row

    def _use_now(self, now: datetime) -> SessionUse:
        """The use; a new one if somebody else has logged in since it was read."""
        text = self.get(SESSION_KEY)
        user_id = int(text) if text else None
        if self.use.began_at is None or self.use.user_id != user_id:
            kind = session_kind_of(user_id) if user_id else SessionKind.VISITOR
            self.use = SessionUse(user_id, kind, began_at=now, used_at=now)
        return self.use

    def _waiting_user_id(self) -> int | None:
        """The user who entered a password or code here, but not yet the second factor."""
        waiting = self.get(LOGIN_SESSION_KEY)
        text = waiting.get("user_pk") if isinstance(waiting, dict) else None
        return int(url_str_to_user_pk(text)) if text else None


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session on its owner's page. `handle` identifies it there and gives no access."""

    handle: str
    device: Device
    network: str  # the address it was last used from; empty when that is not known
    began_at: datetime | None
    used_at: datetime | None
    is_this: bool


def record_use(session: SessionBase, *, agent: str, network: str, now: datetime) -> None:
    """Store that a session is in use, at most once a minute. This extends it."""
    if not isinstance(session, SessionStore):
        return
    use = session.use
    if use.user_id is None:
        return
    if use.used_at is not None and now - use.used_at < MIN_TIME_BETWEEN_UPDATES:
        return
    session.use = replace(
        use,
        kind=session_kind_of(use.user_id),  # they may have become staff since they logged in
        began_at=use.began_at or now,
        used_at=now,
        network=network[:64],
        agent=agent[:MAX_AGENT_LENGTH],
    )
    Session.objects.filter(session_key=session.session_key, user=use.user_id).update(
        kind=session.use.kind,
        began_at=session.use.began_at,
        used_at=now,
        network=session.use.network,
        agent=session.use.agent,
        expire_date=session.use.ends_at(now),
    )


def is_within_staff_limits(session: SessionBase, *, now: datetime) -> bool:
    """Whether a session may open a brand's page: one that began as a creator's may be too old."""
    if not isinstance(session, SessionStore) or session.use.kind != SessionKind.CREATOR:
        return True
    return replace(session.use, kind=SessionKind.STAFF).ends_at(now) > now


def open_sessions(user: User, *, current: SessionBase | None, now: datetime) -> list[OpenSession]:
    """The user's sessions, the current one first, then the last used."""
    key = current.session_key if current is not None else None
    found = [
        OpenSession(
            handle=_handle(row.session_key),
            device=device_of(row.agent),
            network=row.network,
            began_at=row.began_at,
            used_at=now if row.session_key == key else row.used_at,
            is_this=row.session_key == key,
        )
        for row in _open(user_id=user.pk, now=now)
    ]
    return sorted(
        found,
        key=lambda one: (one.is_this, one.used_at is not None, one.used_at or now),
        reverse=True,
    )


@kept_query
def _open(*, user_id: int, now: datetime) -> QuerySet[Session]:
    alive = Session.objects.filter(user=user_id, expire_date__gt=now)
    return alive.exclude(kind=SessionKind.VISITOR)


@transaction.atomic
def end_session(*, user: User, handle: str, network: str, now: datetime) -> bool:
    """Log out one of the user's sessions; False when there is none with that handle."""
    for key in Session.objects.filter(user=user).values_list("session_key", flat=True):
        if _handle(key) == handle:
            ended = Session.objects.filter(user=user, session_key=key).delete()[0]
            _record_ended(ended, user=user, network=network, now=now)
            return bool(ended)
    return False


@transaction.atomic
def end_sessions(*, user: User, network: str, now: datetime, except_key: str | None = None) -> int:
    """Log out all of the user's sessions except the one with `except_key`."""
    ended = delete_sessions(user=user, except_key=except_key)
    _record_ended(ended, user=user, network=network, now=now)
    return ended


@transaction.atomic
def delete_sessions(*, user: User, except_key: str | None = None) -> int:
    """Delete the sessions except the one with `except_key`. The caller writes the audit entry.

    Logins that wait for their second factor are deleted too.
    """
    lock_logins(user.pk)
    rows = Session.objects.filter(user=user)
    if except_key:
        rows = rows.exclude(session_key=except_key)
    return int(rows.delete()[0])


def lock_logins(user_id: int) -> None:
    """Lock the beginning and ending of this user's sessions until the transaction ends."""
    User.objects.select_for_update(no_key=True).filter(pk=user_id).first()


def is_ended(session: SessionBase) -> bool:
    """Whether the session's row was deleted since this request read it."""
    key = session.session_key
    return key is not None and not Session.objects.filter(session_key=key).exists()


def delete_expired_sessions(*, now: datetime) -> int:
    """Delete the rows of ended sessions, the oldest first, at most MAX_DELETED_AT_ONCE of them."""
    over = Session.objects.filter(expire_date__lte=now).order_by("expire_date")
    keys = list(over.values_list("session_key", flat=True)[:MAX_DELETED_AT_ONCE])
    return int(Session.objects.filter(session_key__in=keys, expire_date__lte=now).delete()[0])


def _use_of(row: Session) -> SessionUse:
    user_id = None if row.kind == SessionKind.VISITOR else row.user_id
    return SessionUse(user_id, row.kind, row.began_at, row.used_at, row.network, row.agent)


def _handle(session_key: str) -> str:
    return salted_hmac("accounts.sessions", session_key, algorithm="sha256").hexdigest()[:32]


def _record_ended(ended: int, *, user: User, network: str, now: datetime) -> None:
    if ended:
        what = "one session" if ended == 1 else f"{ended} sessions"
        record_event(action="sessions.ended", user=user, now=now, network=network, what=what)
