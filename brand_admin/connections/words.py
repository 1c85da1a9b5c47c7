"""Connections in words: their state, and how long ago something was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.models import Connection, ConnectionState
from integrations.selectors import ConnectionHealth, Notice, NoticeKind
from integrations.shop import Finding, titles_by_advice
from integrations.shops import shop_of

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TONES = {
    ConnectionState.CONNECTING: "wait",
    ConnectionState.WAITING: "wait",
    ConnectionState.CONNECTED: "good",
    ConnectionState.REFUSED: "bad",
    ConnectionState.DISCONNECTED: "neutral",
    ConnectionState.UNINSTALLED: "neutral",
}
NOTICE_TITLES = {
    NoticeKind.ACCESS: "The shop refuses access",
    NoticeKind.PROBLEM: "Something is missing in the shop",
    NoticeKind.SILENT: "No orders for much longer than usual",
    NoticeKind.FAILED: "Deliveries that could not be recorded",
    NoticeKind.REFUSED: "Deliveries that were refused",
    NoticeKind.CURRENCY: "Orders in another currency",
}
GRAVE = {NoticeKind.ACCESS}


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago it was: "2 minutes ago", "just now"; "" for never."""
    if moment is None:
        return ""
    passed = now - moment
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        number = passed // unit
        if number > 0:
            return f"{number:,} {name}{'' if number == 1 else 's'} ago"
    return "just now"


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """What is to be said of one thing, or of several of which the same is to be said."""

    titles: list[str]
    advice: str

    @property
    def title(self) -> str:
        return ", ".join(self.titles)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: what is wrong, what may stay as it is, what is worth knowing, and the
    titles of what is simply right.
    """

    wrong: list[CheckedLine]
    weak: list[CheckedLine]
    noted: list[CheckedLine]
    right: list[str]

    @classmethod
    def of(cls, findings: Sequence[Finding]) -> Checked:
        bad = [one for one in findings if not one.is_ok]
        return cls(
            wrong=_lines(one for one in bad if one.is_needed),
            weak=_lines(one for one in bad if not one.is_needed),
            noted=_lines(one for one in findings if one.is_ok and one.advice),
            right=[one.title for one in findings if one.is_ok and not one.advice],
        )

    @property
    def is_right(self) -> bool:
        return not self.wrong and not self.weak


def _lines(findings: Iterable[Finding]) -> list[CheckedLine]:
    return [CheckedLine(titles, advice) for advice, titles in titles_by_advice(findings).items()]


@dataclass(frozen=True, slots=True)
class NoticeWords:
    """A notice with its title and the tone of its badge or box."""

    notice: Notice

    @property
    def title(self) -> str:
        return NOTICE_TITLES[self.notice.kind]

    @property
    def tone(self) -> str:
        return "bad" if self.notice.kind in GRAVE else "wait"


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """A connection with its health, as of `now`."""

    health: ConnectionHealth
    now: datetime

    @property
    def connection(self) -> Connection:
        return self.health.connection

    @property
    def shop_name(self) -> str:
        return shop_of(self.connection.kind).name

    @property
    def tone(self) -> str:
        is_silent = self.connection.silent_since is not None
        return "wait" if is_silent else TONES[ConnectionState(self.connection.state)]

    @property
    def state(self) -> str:
        if self.connection.silent_since is not None:
            return "Connected, but silent"
        return str(ConnectionState(self.connection.state).label)

    @property
    def last_order(self) -> str:
        return ago(self.connection.last_order_at, self.now)

    @property
    def last_event(self) -> str:
        return ago(self.connection.last_event_at, self.now)

    @property
    def notices(self) -> list[NoticeWords]:
        if not self.connection.is_live:
            return []
        return [NoticeWords(one) for one in self.health.notices]

    @property
    def page_notices(self) -> list[NoticeWords]:
        """The notices above the state on the connection's page, which tells of refused access."""
        return [one for one in self.notices if one.notice.kind is not NoticeKind.ACCESS]

    @property
    def other_notices(self) -> list[NoticeWords]:
        """The notices that the state does not tell already."""
        told = {NoticeKind.ACCESS, NoticeKind.SILENT}
        return [one for one in self.notices if one.notice.kind not in told]
