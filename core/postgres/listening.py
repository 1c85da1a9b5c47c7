"""Receive what PostgreSQL sends on a channel (LISTEN), over a separate connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg import Notify, sql

from core.postgres.connection import BoundedConnection


class _ListeningConnection(BoundedConnection):
    """Gives up soon: the program that listens has other work too, and connects again."""

    connect_seconds = 1.0
    silence_seconds = 1.0


class Channel:
    """A channel that is listened to. Raises psycopg.Error once the connection is lost."""

    def __init__(self, listening: BoundedConnection) -> None:
        self._listening = listening
        self._heard: list[str] = []
        listening.add_notify_handler(self._hear)

    def fileno(self) -> int:
        """The file that is readable when a message has arrived."""
        return self._listening.fileno()

    def messages(self) -> list[str]:
        """Return what has been sent since the last call, after asking PostgreSQL for a sign."""
        self._listening.execute("SELECT 1")
        heard, self._heard = self._heard, []
        return heard

    def _hear(self, message: Notify) -> None:
        self._heard.append(message.payload)


@contextmanager
def listen(name: str) -> Iterator[Channel]:
    """Listen during the block: what is committed from now on is heard. Raises psycopg.Error."""
    parameters = {**connection.get_connection_params(), "autocommit": True}
    listening = _ListeningConnection.connect(**parameters)
    try:
        channel = Channel(listening)
        listening.execute(sql.SQL("LISTEN {}").format(sql.Identifier(name)))
        yield channel
    finally:
        listening.close()
