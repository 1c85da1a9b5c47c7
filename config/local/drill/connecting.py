"""Connections of the drill, made of DATABASE_URL and without Django."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from environ import Env

Connection = psycopg.Connection[tuple[Any, ...]]
_NAMES = {
    "HOST": "host",
    "PORT": "port",
    "USER": "user",
    "PASSWORD": "password",  # pragma: allowlist secret
    "NAME": "dbname",
}


def parameters_of(url: str) -> dict[str, str]:
    """What libpq calls the parts of a DATABASE_URL, its options (sslmode, …) among them."""
    parts = Env.db_url_config(url)
    found = {theirs: str(parts[ours]) for ours, theirs in _NAMES.items() if parts.get(ours)}
    return found | {name: str(value) for name, value in parts.get("OPTIONS", {}).items()}


def connect(url: str, *, autocommit: bool = False) -> Connection:
    """A connection whose statements name nothing by its search path but what PostgreSQL has."""
    connection: Connection = psycopg.connect(
        "",
        autocommit=autocommit,
        **parameters_of(url),  # type: ignore[arg-type]
    )
    return connection


def program_environment(url: str) -> Mapping[str, str]:
    """The environment that leads pg_dump and pg_restore to the database: no password is shown."""
    names = {
        "host": "PGHOST",
        "port": "PGPORT",
        "user": "PGUSER",
        "password": "PGPASSWORD",  # pragma: allowlist secret
        "dbname": "PGDATABASE",
    }
    return {
        names.get(name, f"PG{name.upper()}"): value for name, value in parameters_of(url).items()
    }
