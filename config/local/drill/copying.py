"""Dump a database and restore it on another server, with PostgreSQL's own programs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from psycopg import sql

from config.local.drill.connecting import connect, parameters_of, program_environment
from config.local.folders import LocalServiceError
from config.local.keys import fresh_secrets
from config.local.postgres import Postgres

PLAIN_ROLE = "restored"
JOBS = 2


class CopyError(LocalServiceError):
    """pg_dump or pg_restore failed; the message is its own."""


def dump(source: str, target: Path, *, snapshot: str, programs: Path) -> None:
    """Write what `snapshot` sees of the database `source` into the folder `target`.

    Needs no more than the right to read every table.
    """
    _run(
        programs / "pg_dump", "--format=directory", f"--jobs={JOBS}", f"--snapshot={snapshot}",
        f"--file={target}", url=source,
    )  # fmt: skip


def restore(dumped: Path, target: str, *, programs: Path) -> None:
    """Restore a dump into the empty database `target`; everything will belong to its role."""
    _run(
        programs / "pg_restore", f"--jobs={JOBS}", "--exit-on-error", "--no-owner",
        "--no-privileges", f"--dbname={parameters_of(target)['dbname']}", dumped, url=target,
    )  # fmt: skip


@contextmanager
def second_server(home: Path, *, settings: Mapping[str, str] | None = None) -> Iterator[Postgres]:
    """A separate PostgreSQL in the folder `home`, stopped at the end."""
    server = Postgres(
        home=home / "postgres",
        sockets=home / "s",
        password=fresh_secrets()["POSTGRES_PASSWORD"],
        settings=settings or {},
    )
    try:
        server.ensure_running()
        yield server
    finally:
        server.stop()


def make_plain_database(server: Postgres) -> str:
    """An empty database and a role that owns it and may do nothing else; returns its address."""
    role, password = sql.Identifier(PLAIN_ROLE), fresh_secrets()["POSTGRES_PASSWORD"]
    with connect(server.url, autocommit=True) as connection:
        connection.execute(
            sql.SQL(
                "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
                " NOBYPASSRLS PASSWORD {}"
            ).format(role, sql.Literal(password))
        )
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(role, role)
        )
    return server.url_of(role=PLAIN_ROLE, password=password, database=PLAIN_ROLE)


def _run(*command: object, url: str) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        env=program_environment(url),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise CopyError(f"{Path(str(command[0])).name} failed.\n{done.stdout[-4000:]}".rstrip())
