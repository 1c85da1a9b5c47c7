"""A PostgreSQL and a Valkey that tests may kill and freeze, apart from those of the test run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from environ import Env

from tests.services import SETTINGS, RunServices, start_services
from tests.template import TEMPLATE

ROOT = Path(__file__).resolve().parents[2]
# A killed server may lose nothing that it said was kept; the disk itself is not pulled out.
DURABLE = {**SETTINGS, "synchronous_commit": "on", "full_page_writes": "on"}
FURNISH = """
import django
django.setup()
from offers import dashboard_links
from tests.api.shop import key_for
from tests.cast import assemble
from core.tenancy import acting_for
cast = assemble()
with acting_for(cast.juniper):
    print(key_for(cast.juniper), dashboard_links.url_for(cast.mara_in_glow))
"""


def eventually(condition: Callable[[], bool], *, seconds: float, what: str) -> float:
    """Ask again and again; returns how long it took. Fails when the time is over."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, f"after {seconds} s still not: {what}"
        time.sleep(0.02)
    return time.monotonic() - begun


def children(pid: int) -> list[int]:
    """The processes that `pid` started and that live."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True
    )
    return [int(line) for line in listed.stdout.split()]


def threads_of(pid: int) -> int:
    """How many threads a process has; 0 when it is gone."""
    listed = subprocess.run(["ps", "-o", "nlwp=", "-p", str(pid)], capture_output=True, text=True)
    return int(listed.stdout or 0)


def send(number: signal.Signals, *pids: int) -> None:
    """Send a signal to each of `pids` that still lives."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


@dataclass(frozen=True)
class Victims:
    """Both servers, a brand with members in the database, its API key and a dashboard's path."""

    services: RunServices
    key: str
    dashboard: str

    @property
    def environment(self) -> dict[str, str]:
        """What leads a process of the product to them."""
        return environment(self.services)

    def postgres_pids(self) -> list[int]:
        """PostgreSQL's first process and all others."""
        first = int((self.services.postgres.data / "postmaster.pid").read_text().split()[0])
        return [first, *children(first)]

    def valkey_pid(self) -> int:
        return int((self.services.valkey.folder / "valkey.pid").read_text())

    @contextmanager
    def frozen_postgres(self) -> Iterator[None]:
        """Stop PostgreSQL's processes where they are, as a machine that hangs does."""
        pids = self.postgres_pids()
        send(signal.SIGSTOP, *pids)
        try:
            yield
        finally:
            send(signal.SIGCONT, *pids)

    @contextmanager
    def frozen_valkey(self) -> Iterator[None]:
        pid = self.valkey_pid()
        send(signal.SIGSTOP, pid)
        try:
            yield
        finally:
            send(signal.SIGCONT, pid)

    def kill_postgres(self) -> None:
        """End PostgreSQL as a power cut would."""
        pids = self.postgres_pids()
        send(signal.SIGKILL, *pids)
        eventually(lambda: not self.services.postgres.is_running(), seconds=20, what="dead")

    def revive(self) -> None:
        """Start what does not run."""
        self.services.postgres.ensure_running()
        if not self.services.valkey.is_running():
            self.services.valkey.start()

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection of the test's own."""
        parts = Env.db_url_config(self.environment["DATABASE_URL"])
        return psycopg.connect(
            host=parts["HOST"], user=parts["USER"], password=parts["PASSWORD"],
            dbname=parts["NAME"], autocommit=True,
        )  # fmt: skip


def environment(services: RunServices) -> dict[str, str]:
    """The services' environment, on the migrated database."""
    found = services.environment()
    parts = urlsplit(found["DATABASE_URL"])
    head = parts.path.rpartition("/")[0]
    keys = {name: os.environ[name] for name in found if name in os.environ}
    return {
        **found,
        **{name: keys[name] for name in ("SECRET_KEY", "LINK_KEYS", "CLICK_KEYS", "DETAILS_KEYS")},
        "DATABASE_URL": urlunsplit(parts._replace(path=f"{head}/{TEMPLATE}")),
    }


def start_victims() -> Victims:
    """Start both servers with a furnished database; they end with this process."""
    services = start_services(DURABLE)
    made = subprocess.run(
        [sys.executable, "-c", FURNISH],
        cwd=ROOT,
        env={
            **os.environ,
            **environment(services),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    key, address = made.stdout.split()
    return Victims(services, key, urlsplit(address).path)
