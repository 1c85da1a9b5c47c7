"""A PostgreSQL and a Valkey that tests may kill and freeze, apart from those of the test run.

Only processes that a test starts use them, through `environment`; the test itself asks PostgreSQL
over a plain connection. Django's connection and Celery's application in the test's own process
are never led to them: what died or froze under them would fail other tests.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from config.local.drill import connecting
from config.local.postgres import NAME
from tests.own_processes import Process, frozen, send, until, with_children
from tests.programs import run_forked
from tests.services import SETTINGS, RunServices, start_services
from tests.template import TEMPLATE

# A killed server may lose nothing that it said was kept; the disk itself is not pulled out.
DURABLE = {**SETTINGS, "synchronous_commit": "on", "full_page_writes": "on"}
# Puts the cast into the database; prints Juniper's API key and the address of Mara's dashboard.
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


@dataclass
class OwnServers:
    """Both servers, with the cast in the database, Juniper's API key and a dashboard's path."""

    services: RunServices
    key: str = ""
    dashboard: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """What leads a process of the product to them, with the keys of this process."""
        inherited = {**self.services.environment(), **os.environ, "DATABASE_URL": self.database_url,
                     "REDIS_URL": self.services.valkey.url,
                     "CLICKS_URL": self.services.valkey.url,
                     "CLICKS_FOLDER": str(self.services.home / "clicks"),
                     "DJANGO_SETTINGS_MODULE": "config.settings"}  # fmt: skip
        # A test that imports config.wsgi makes its process a web process; ours say what they are.
        inherited.pop("TRIBUTARY_PROCESS", None)
        return inherited

    @property
    def database_url(self) -> str:
        server = self.services.postgres
        return server.url_of(role=NAME, password=server.password, database=TEMPLATE)

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection of the test's own, outside all brands; every statement is kept at once."""
        return connecting.connect(self.database_url, autocommit=True)

    def value(self, query: str, *given: object) -> Any:
        """What the query's first row says first."""
        with self.connect() as asking:
            row = asking.execute(cast("Any", query), given).fetchone()
        assert row is not None
        return row[0]

    def kill_postgres(self) -> None:
        """End PostgreSQL as a power cut would."""
        send(signal.SIGKILL, *with_children(self._postmaster()))
        until(lambda: not self.services.postgres.is_alive(), "PostgreSQL lives on")

    def kill_valkey(self) -> None:
        send(signal.SIGKILL, self._valkey_pid())
        until(lambda: not self.services.valkey.is_alive(), "Valkey lives on")

    def revive(self) -> None:
        """Start what does not run, on the same data and port."""
        self.services.postgres.ensure_running()
        if not self.services.valkey.is_running():
            assert self.services.valkey.start()

    @contextmanager
    def frozen_postgres(self) -> Iterator[None]:
        """Nothing of it does anything during the block; its connections stay open."""
        with frozen(*with_children(self._postmaster())):
            yield

    @contextmanager
    def frozen_valkey(self) -> Iterator[None]:
        with frozen(self._valkey_pid()):
            yield

    @contextmanager
    def held(self, lock: str) -> Iterator[None]:
        """Somebody holds the lock during the block, unless PostgreSQL dies in it."""
        holder = connecting.connect(self.database_url)
        try:
            holder.execute(sql.SQL(cast("Any", lock)))
            yield
        finally:
            holder.close()

    def waiting(self, name: str) -> int:
        """How many connections of programs with the PGAPPNAME `name` wait for a lock."""
        return int(
            self.value(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND application_name = %s",
                name,
            )
        )

    def cut_connections(self, *, only: str = "true") -> int:
        """End all connections but this one, or those for which the condition holds; how many."""
        with self.connect() as ours:
            return ours.execute(
                sql.SQL(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {}"
                    " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
                ).format(sql.SQL(cast("Any", only)))
            ).rowcount

    def process(self, *command: str, **environment: str) -> Process:
        """`python -m …` on these servers, not started yet."""
        return Process(self.services.home, {**self.environment, **environment}, *command)

    def worker(self, **environment: str) -> Process:
        """A Celery worker as in production, with a pool of one process."""
        return self._celery(
            "worker", "--concurrency=1", "--without-gossip", "--without-mingle", **environment
        )

    def beat(self, folder: Path, **environment: str) -> Process:
        schedule = folder / "beat-schedule"
        return self._celery("beat", f"--schedule={schedule}", "--pidfile=", **environment)

    def _celery(self, *command: str, **environment: str) -> Process:
        """Without Django's checks, which load every view and last as long as all the rest."""
        checks = {"CELERY_SKIP_CHECKS": "1"}
        return self.process(
            "celery", "--quiet", "-A", "config", *command, "--loglevel=ERROR",
            **(checks | environment),
        )  # fmt: skip

    def stop(self) -> None:
        self.services.stop()

    def _postmaster(self) -> int:
        return int((self.services.postgres.data / "postmaster.pid").read_text().split()[0])

    def _valkey_pid(self) -> int:
        return int((self.services.valkey.folder / "valkey.pid").read_text())


def start_own_servers() -> OwnServers:
    """Start both, and put the cast into the database. They end with this process."""
    servers = OwnServers(start_services(DURABLE))
    made = run_forked(FURNISH, environment=servers.environment)
    assert made.returncode == 0, made.stderr
    servers.key, address = made.stdout.split()
    servers.dashboard = urlsplit(address).path
    return servers


@pytest.fixture(scope="session")
def started_servers() -> Iterator[OwnServers]:
    """Started once, by the first test of this process that asks for them."""
    servers = start_own_servers()
    yield servers
    servers.stop()


@pytest.fixture
def own_servers(started_servers: OwnServers) -> Iterator[OwnServers]:
    """Servers of these tests' own, both running."""
    started_servers.revive()
    yield started_servers
    started_servers.revive()
