"""Everything that goes wrong in the fault test: a mail server with moods, and workers that die.

The product knows nothing of it. Workers die by SIGKILL, at moments that can be seen from outside:
a step of the SMTP conversation, or a statement that waits for a lock which the test holds.
"""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection

from tests.amounts import amount
from tests.own_processes import MAX_WAIT_SECONDS
from tests.worker import Worker

# The twelve moments at which a worker dies. Before the claim it is the test itself that kills.
BEFORE_CLAIM = "the message is taken, nothing is claimed"
AFTER_CLAIM = "a batch is claimed, the server has not said hello"
EHLO = "the server has said hello"
MAIL = "the sender is named"
RCPT = "the recipient is named"
DATA = "the content is announced"
IN_CONTENT = "in the middle of the content"
TAKEN = "the mail is taken, and not answered"
ANSWERED = "the mail is answered, and not settled"
BETWEEN = "one mail is settled and the next begun, not committed"
TURN_OVER = "the slice is over, its rest not enqueued"
FINISHING = "everything is settled, the campaign not done"
MOMENTS = (
    AFTER_CLAIM, TURN_OVER, BEFORE_CLAIM, EHLO, MAIL, RCPT, DATA, IN_CONTENT, TAKEN, ANSWERED,
    BETWEEN, FINISHING,
)  # fmt: skip
APART = amount(40, soak=120)  # mails between one death and the next
OWN_ROW = "SELECT id FROM notifications_message WHERE to_address = %(address)s FOR UPDATE"
NEXT_ROW = """
SELECT next.id FROM notifications_message AS this JOIN notifications_message AS next
USING (lease_token) WHERE this.to_address = %(address)s AND next.state IN ('pending', 'retry')
ORDER BY next.due_at, next.id LIMIT 1 FOR UPDATE OF next
"""
CAMPAIGN = "SELECT id FROM notifications_campaign FOR NO KEY UPDATE"
LAST_ONE = """
SELECT id FROM notifications_campaign WHERE 1 =
(SELECT count(*) FROM notifications_message WHERE state IN ('pending', 'retry', 'submitting'))
FOR NO KEY UPDATE
"""
# Once its slice is over, a worker may have nothing to enqueue, and it begins no other mail.
MAY_NOT_COME = {BETWEEN, TURN_OVER}
LOCKS = {ANSWERED: OWN_ROW, BETWEEN: NEXT_ROW, TURN_OVER: CAMPAIGN, FINISHING: LAST_ONE}


class Crew:
    """Some workers at all times: whoever dies is replaced at once."""

    def __init__(self, server: MoodyServer, size: int) -> None:
        self.server, self.size = server, size
        self.workers: dict[str, Worker] = {}
        self.deaths: list[str] = []
        self.numbers = itertools.count()

    def fill_up(self) -> None:
        while len(self.workers) < self.size:
            name = f"worker-{next(self.numbers)}"
            worker = Worker(
                self.server.listen_for(name),
                MESSAGE_LEASE="2",
                MESSAGE_BACKOFF="1,1,1,1,1,1",
                PGAPPNAME=name,  # what pg_stat_activity calls its connections
            )
            self.workers[name] = worker
            worker.start()

    def kill(self, name: str, moment: str) -> None:
        """As a power cut would: the process and its connection to PostgreSQL are gone."""
        worker = self.workers.pop(name)
        worker.kill()
        assert worker.process is not None
        worker.process.wait()
        with database() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE application_name = %s",
                [name],
            )
        self.deaths.append(moment)

    def stop(self) -> None:
        for worker in self.workers.values():
            worker.kill()
            assert worker.process is not None
            worker.process.wait()


class Fate:
    """Which moment is the next to kill at, and whether it has come."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.moments = list(MOMENTS)
        self.lock = threading.Lock()
        self.mails = self.last_death = 0
        self.strikes: list[threading.Thread] = []

    def is_due(self, moment: str) -> bool:
        """Whether this is the moment; used up by asking."""
        with self.lock:
            next_up = bool(self.moments) and self.moments[0] == moment
            is_due = next_up and self.mails - self.last_death >= APART
            return is_due and self._use_up()

    def _use_up(self) -> bool:
        self.moments.pop(0)
        self.last_death = self.mails
        return True

    def put_back(self, moment: str) -> None:
        """The moment did not come: it is the next one again, at the next mail."""
        with self.lock:
            self.moments.insert(0, moment)
            self.last_death = self.mails - APART

    def meet(self, moment: str, name: str) -> None:
        """A step of a conversation: the last one of its worker, if it is the moment."""
        if self.is_due(moment):
            self.crew.kill(name, moment)
            raise ConnectionError(moment)

    def meet_lock(self, name: str, address: str) -> None:
        """Before an answer: lock what the worker needs next, and kill it when it waits for it."""
        with self.lock:
            moment = self.moments[0] if self.moments else ""
            is_close = self.mails - self.last_death >= APART or moment == FINISHING
            if moment not in LOCKS or not is_close:
                return
            held = hold(LOCKS[moment], {"address": address})
            if held is None:
                return
            self._use_up()
        strike = threading.Thread(target=self.strike, args=(held, name, moment))
        self.strikes.append(strike)
        strike.start()

    def strike(self, held: psycopg.Connection[Any], name: str, moment: str) -> None:
        """Kill who waits for the lock."""
        with held:
            seconds = 15.0 if moment in MAY_NOT_COME else MAX_WAIT_SECONDS
            is_met = bool(until_waiting(name, seconds=seconds))
            if is_met:
                self.crew.kill(name, moment)
            held.rollback()
        if not is_met:
            self.put_back(moment)


class MoodyServer:
    """An SMTP server: of any ten people it turns one away at first, and hangs up on another."""

    def __init__(self) -> None:
        self.arrived: list[str] = []
        self.hung_up_on: list[str] = []
        self.turned_away: list[str] = []
        self.fate: Fate | None = None
        self.listeners: list[socket.socket] = []

    def listen_for(self, name: str) -> int:
        """A port for one worker, so that a conversation says whose it is."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.listeners.append(listener)
        threading.Thread(target=self._accept, args=(listener, name), daemon=True).start()
        return int(listener.getsockname()[1])

    def stop(self) -> None:
        for listener in self.listeners:
            listener.close()

    def _accept(self, listener: socket.socket, name: str) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(client, name), daemon=True).start()

    def _talk(self, client: socket.socket, name: str) -> None:
        with client, client.makefile("rb") as heard:
            try:
                Conversation(self, client, heard, name).run()
            except OSError:
                return


class Conversation:
    """One connection of one worker."""

    def __init__(self, server: MoodyServer, client: socket.socket, heard: Any, name: str) -> None:
        assert server.fate is not None
        self.server, self.fate, self.client = server, server.fate, client
        self.heard, self.name, self.address = heard, name, ""

    def run(self) -> None:
        self.fate.meet(AFTER_CLAIM, self.name)
        self.say("220 moody")
        while line := self.heard.readline():
            verb = line[:4].upper().decode()
            if verb in {"EHLO", "MAIL", "RCPT", "DATA"}:
                self.fate.meet(
                    {"EHLO": EHLO, "MAIL": MAIL, "RCPT": RCPT, "DATA": DATA}[verb], self.name
                )
            getattr(self, f"on_{verb.lower()}", self.on_other)(line)

    def say(self, words: str) -> None:
        self.client.sendall(words.encode() + b"\r\n")

    def on_ehlo(self, line: bytes) -> None:
        """Every other worker may ask everything at once."""
        may = int(self.name.rpartition("-")[2]) % 2
        self.say("250-moody\r\n250 PIPELINING" if may else "250 moody")

    def on_rcpt(self, line: bytes) -> None:
        self.address = line.partition(b"<")[2].partition(b">")[0].decode()
        if self.number % 20 == 3 and self.for_the_first_time(self.server.turned_away):
            self.address = ""
            return self.say("451 4.3.0 later")
        return self.say("250 OK")

    def on_data(self, line: bytes) -> None:
        if not self.address:
            return self.say("503 5.5.1 to whom?")
        self.say("354 go on")
        for number, content in enumerate(iter(self.heard.readline, b".\r\n")):
            if not content:
                raise ConnectionError("the content broke off")
            if number == 3:
                self.fate.meet(IN_CONTENT, self.name)
        return self.take()

    def take(self) -> None:
        """One in twenty is turned away only now; one in ten hears nothing, taken or not."""
        if self.number % 20 == 13 and self.for_the_first_time(self.server.turned_away):
            return self.say("451 4.3.0 later")
        hangs_up = self.number % 10 == 7 and self.for_the_first_time(self.server.hung_up_on)
        if not (hangs_up and self.number % 20 == 17):
            self.server.arrived.append(self.address)
            self.fate.mails += 1
        if hangs_up:
            raise ConnectionError("hung up")
        self.fate.meet(TAKEN, self.name)
        self.fate.meet_lock(self.name, self.address)
        return self.say("250 taken")

    def on_other(self, line: bytes) -> None:
        self.say("250 OK")

    @property
    def number(self) -> int:
        return int("".join(filter(str.isdigit, self.address)))

    def for_the_first_time(self, seen: list[str]) -> bool:
        is_first = self.address not in seen
        seen.append(self.address)
        return is_first


def hold(query: str, parameters: dict[str, str]) -> psycopg.Connection[Any] | None:
    """A connection that keeps the lock of the query; None if there is nothing to lock."""
    held = connect()
    if held.execute(query, parameters).fetchone() is None:
        held.close()
        return None
    return held


def until_waiting(name: str = "worker-%", *, seconds: float = MAX_WAIT_SECONDS) -> str:
    """The worker of that name, or any, that waits for a lock; empty if none does in time."""
    deadline = time.monotonic() + seconds
    tick = threading.Event()
    with database() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT application_name FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND application_name LIKE %s",
                [name],
            )
            found = cursor.fetchone()
            if found:
                return str(found[0])
            tick.wait(0.02)
    return ""


def connect(**more: Any) -> psycopg.Connection[Any]:
    """A connection of the test's own, beside Django's."""
    given = connection.get_connection_params()
    known = {
        key: given[key] for key in ("dbname", "user", "password", "host", "port") if key in given
    }
    return psycopg.connect(**known, **more)


@contextmanager
def database() -> Iterator[psycopg.Cursor[Any]]:
    with connect(autocommit=True) as one, one.cursor() as cursor:
        yield cursor
