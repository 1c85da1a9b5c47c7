"""The messages of a management command when a server is away or somebody presses Ctrl-C.

Three sentences and no traceback: what happened, what was kept, what to do. Our commands derive from
`Command` and say what was kept. manage.py does the same for Django's own commands.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import kombu.exceptions
import psycopg
import redis
from django.core.management import execute_from_command_line
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, ProgrammingError, connection

# EX_TEMPFAIL of sysexits.h: try again later. A script can tell it from a wrong argument (1).
OUTAGE_EXIT_CODE = os.EX_TEMPFAIL
STOPPED_EXIT_CODE = 130  # the code that shells use for a program that Ctrl-C ended
DATABASE_OUTAGES = (OperationalError, InterfaceError, psycopg.OperationalError)
OUTAGES = (*DATABASE_OUTAGES, redis.RedisError, kombu.exceptions.OperationalError)
STOPPED = "Stopped before the end."
UNKNOWN_TO_DATABASE = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)
OUTDATED_DATABASE = (
    "The database lacks tables or columns of this version: run `manage.py migrate` first."
)


class Command(BaseCommand):
    """A command that may be run again after an interruption, and says so.

    `kept` says what an interrupted run has saved, `again` what a second run does.
    """

    kept = "Nothing was changed."
    again = "Running it again is safe."

    def what_was_kept(self) -> str:
        """Return the sentence about what is saved. Commands that save in batches override it."""
        return self.kept

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run; turn an outage or Ctrl-C into a CommandError of one line."""
        try:
            return super().execute(*args, **options)
        except OUTAGES as error:
            raise CommandError(
                f"{outage(error)} {self.what_was_kept()} {self.again}",
                returncode=OUTAGE_EXIT_CODE,
            ) from error
        except ProgrammingError as error:
            if not isinstance(error.__cause__, UNKNOWN_TO_DATABASE):
                raise
            raise CommandError(f"{OUTDATED_DATABASE} {self.what_was_kept()}") from error
        except KeyboardInterrupt as error:
            raise CommandError(
                f"{STOPPED} {self.what_was_kept()} {self.again}", returncode=STOPPED_EXIT_CODE
            ) from error


def outage(error: Exception) -> str:
    """Return which server failed and its address, without its password."""
    reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
    if isinstance(error, DATABASE_OUTAGES):
        return f"PostgreSQL at {database_place()} is not available: {reason}."
    return f"Valkey is not available: {reason}."


def database_place() -> str:
    """Return host, port and database name of the default connection."""
    settings = connection.settings_dict
    host, port = settings["HOST"] or "its default socket", settings["PORT"]
    return f"{host}{':' if port else ''}{port}, database {settings['NAME']}"


def main(arguments: Sequence[str]) -> None:
    """Run the command that the arguments name, any of Django's or ours."""
    exit_on_outage(lambda: execute_from_command_line(list(arguments)))


def exit_on_outage(run: Callable[[], object]) -> None:
    """Call `run`; on an outage or Ctrl-C print one line and exit.

    For code that is not one of our commands: nobody knows what it kept.
    """
    try:
        run()
    except OUTAGES as error:
        print(f"{outage(error)} Run the command again when it is back.", file=sys.stderr)  # noqa: T201
        sys.exit(OUTAGE_EXIT_CODE)
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr)  # noqa: T201
        sys.exit(STOPPED_EXIT_CODE)
