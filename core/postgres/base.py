"""The DatabaseWrapper that Django loads: its own for PostgreSQL, with our connections and pool."""

from __future__ import annotations

from typing import Any, ClassVar

import psycopg
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from django.db.utils import DatabaseError

from core.postgres.connection import BoundedConnection
from core.postgres.outages import CommitUnknownError, outage_of
from core.postgres.pool import Pool
from core.postgres.watch import ServerWatch

MARGIN_SECONDS = 1.0  # gives the server time to report its own statement timeout first
# Each statement runs in the one process of its connection, as it was planned. To start further
# processes, or to compile the plan, takes longer than nearly all of our statements.
PLANNING = "-c max_parallel_workers_per_gather=0 -c jit=off"


class DatabaseWrapper(base.DatabaseWrapper):
    """OPTIONS["pool"] holds the pool's `max_size` and `limits`, a config.limits.DatabaseLimits."""

    commits = 0  # COMMITs sent by this thread, successful or not
    _connection_pools: ClassVar[dict[str, Pool]] = {}

    @property
    def pool(self) -> Pool | None:
        """The process's pool for this alias; None for a connection without a pool."""
        if self.alias == NO_DB_ALIAS:
            return None
        if self.alias not in self._connection_pools:
            self._connection_pools.setdefault(self.alias, self._make_pool())
        return self._connection_pools[self.alias]

    def get_connection_params(self) -> dict[str, Any]:
        limits = self.settings_dict["OPTIONS"]["pool"]["limits"]
        found = super().get_connection_params()
        given = {
            "statement_timeout": limits.statement,
            "lock_timeout": limits.lock,
            "idle_in_transaction_session_timeout": limits.idle_in_transaction,
        }
        kept_by_server = " ".join(
            f"-c {name}={round(seconds * 1000)}" for name, seconds in given.items()
        )
        # The options of DATABASE_URL come last, so they win.
        found["options"] = f"{kept_by_server} {PLANNING} {found.get('options', '')}".rstrip()
        return found

    def _make_pool(self) -> Pool:
        options = self.settings_dict["OPTIONS"]["pool"]
        limits = options["limits"]
        parameters = {**self.get_connection_params(), "autocommit": True}

        class OurConnection(BoundedConnection):
            connect_seconds = limits.connect

        class ProbeConnection(BoundedConnection):
            connect_seconds = limits.probe
            silence_seconds = limits.probe

        watch = ServerWatch(lambda: ProbeConnection.connect(**parameters))

        def connect() -> BoundedConnection:
            try:
                connection = OurConnection.connect(**parameters)
            except psycopg.OperationalError as error:
                _report_failure(watch, error)
                raise
            connection.watcher = watch
            connection.doubt_seconds = limits.silence
            if limits.statement:
                connection.silence_seconds = limits.statement + MARGIN_SECONDS
            self._configure_connection(connection)  # type: ignore[attr-defined]  # Django's
            return connection

        return Pool(
            connect, watch=watch, max_size=options["max_size"], wait_seconds=limits.pool_wait
        )

    def _commit(self) -> None:
        self.commits += 1
        try:
            super()._commit()  # type: ignore[misc]  # Django's
        except DatabaseError as error:
            outage = outage_of(error)
            if outage is not None and outage.is_gone:
                raise CommitUnknownError(*error.args) from error
            raise


def _report_failure(watch: ServerWatch, error: psycopg.OperationalError) -> None:
    """Report a failed connection to the watch, so that it probes before others connect."""
    outage = outage_of(error)
    if outage is not None and outage.is_gone:
        watch.suspect(is_down=True)
