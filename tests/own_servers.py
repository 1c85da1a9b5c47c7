"""A PostgreSQL and a Valkey that one module's tests may kill and freeze: nobody else uses them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection
from psycopg import sql

from config.celery import app
from config.local.drill.connecting import connect
from config.local.postgres import NAME
from tests.services import RunServices, start_services
from tests.template import TEMPLATE

ROOT = Path(__file__).resolve().parents[1]
CHANGED = ("HOST", "PASSWORD", "NAME")  # of Django's connection


def until(condition: Callable[[], bool], what: str, *, seconds: float = 60) -> None:
    """Ask again and again. Fails when the time is over."""
    deadline, tick = time.monotonic() + seconds, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, what
        tick.wait(0.05)


class OwnServers:
    """Both servers, with what can happen to them."""

    def __init__(self, services: RunServices) -> None:
        self.services = services
        self.postgres, self.valkey = services.postgres, services.valkey
        with connect(self.environment["DATABASE_URL"], autocommit=True) as connected:
            # Other tests' servers may lose what was just committed when they are killed.
            connected.execute(
                sql.SQL("ALTER ROLE {} SET synchronous_commit = on").format(sql.Identifier(NAME))
            )

    @property
    def environment(self) -> dict[str, str]:
        """For processes of the product that shall use them, with the keys of this test run."""
        url = self.postgres.url_of(role=NAME, password=self.postgres.password, database=TEMPLATE)
        return {**os.environ, "DATABASE_URL": url, "REDIS_URL": self.valkey.url}

    def kill_postgres(self) -> None:
        os.kill(self._postmaster(), signal.SIGKILL)
        until(lambda: not self.postgres.is_alive(), "PostgreSQL lives on")

    def kill_valkey(self) -> None:
        os.kill(self._valkey_pid(), signal.SIGKILL)
        until(lambda: not self.valkey.is_alive(), "Valkey lives on")

    def start(self) -> None:
        """Start what is dead, on the same data and port. This process connects to it anew."""
        connection.close()
        self.postgres.ensure_running()
        if not self.valkey.is_running():
            assert self.valkey.start()

    @contextmanager
    def frozen_postgres(self) -> Iterator[None]:
        """Nothing of it does anything during the block; its connections stay open."""
        pids = [self._postmaster(), *children_of(self._postmaster())]
        with frozen(*pids):
            yield

    @contextmanager
    def frozen_valkey(self) -> Iterator[None]:
        with frozen(self._valkey_pid()):
            yield

    @contextmanager
    def held(self, lock: str) -> Iterator[None]:
        """Somebody holds the lock during the block, unless PostgreSQL dies in it."""
        holder = connect(self.environment["DATABASE_URL"])
        try:
            holder.execute(sql.SQL(lock))
            yield
        finally:
            holder.close()

    def waiting(self) -> int:
        """How many connections wait for a lock."""
        with connect(self.environment["DATABASE_URL"]) as asking:
            found = asking.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            ).fetchone()
        assert found is not None
        return int(found[0])

    def stop(self) -> None:
        self.services.stop()

    def _postmaster(self) -> int:
        return int((self.postgres.data / "postmaster.pid").read_text().split()[0])

    def _valkey_pid(self) -> int:
        return int((self.valkey.folder / "valkey.pid").read_text())


@contextmanager
def frozen(*pids: int) -> Iterator[None]:
    """The processes stand still during the block."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def children_of(parent: int) -> list[int]:
    """The pids of a process's children."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(fields[1]) == parent:
            found.append(int(status.parent.name))
    return found


@contextmanager
def own_servers() -> Iterator[OwnServers]:
    """Start both, with a migrated, empty database, and lead this process to them."""
    servers = OwnServers(start_services())
    kept = {name: connection.settings_dict[name] for name in CHANGED}
    server = servers.postgres
    _lead_to(servers.valkey.url, HOST=str(server.sockets), PASSWORD=server.password, NAME=TEMPLATE)
    try:
        yield servers
    finally:
        _lead_to(settings.REDIS_URL, **kept)
        del app.connection_for_write
        servers.stop()


def _lead_to(broker: str, **database: str) -> None:
    """Make Django and Celery of this process connect to other servers from now on."""
    connection.close()
    connection.close_pool()
    connection.settings_dict.update(database)
    app.pool.force_close_all()
    app._after_fork()  # it forgets its connections
    # The settings of Celery are fixed by now, so the address is given with each connection.
    app.connection_for_write = lambda **options: type(app).connection_for_write(
        app, url=broker, **options
    )


class Process:
    """A process of the product on servers of its own, killed at the end at the latest."""

    def __init__(self, servers: OwnServers, *command: str, **environment: str) -> None:
        self.command = [sys.executable, "-m", *command]
        self.environment = {**servers.environment, **environment}
        self.process: subprocess.Popen[bytes] | None = None
        descriptor, name = tempfile.mkstemp(dir=servers.services.home, suffix=".log")
        os.close(descriptor)
        self.log = Path(name)  # what it says, of all its lives

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=self.environment, start_new_session=True,
                stdout=log, stderr=log,
            )  # fmt: skip

    def has_said(self, text: str) -> bool:
        return text in self.log.read_text(errors="replace")

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def kill(self) -> None:
        """End it as a power cut would, with its children."""
        os.killpg(self.pid, signal.SIGKILL)
        assert self.process is not None
        self.process.wait()

    def stop(self) -> None:
        """For the end of a test, whatever state it is in."""
        if self.is_running():
            self.kill()

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


def worker_on(servers: OwnServers, **environment: str) -> Process:
    """A worker as in production, with a pool of one process."""
    return Process(
        servers, "celery", "--quiet", "-A", "config", "worker", "--loglevel=ERROR",
        "--concurrency=1", "--without-gossip", "--without-mingle", **environment,
    )  # fmt: skip


def beat_on(servers: OwnServers, folder: Path, **environment: str) -> Process:
    return Process(
        servers, "celery", "--quiet", "-A", "config", "beat", "--loglevel=ERROR",
        f"--schedule={folder / 'beat-schedule'}", "--pidfile=", **environment,
    )  # fmt: skip
