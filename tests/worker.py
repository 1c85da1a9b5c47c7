"""A Celery worker in a process of its own, on the test's database and mail server."""

from __future__ import annotations

import os
import signal

from django.db import connection

from tests.own_processes import MAX_WAIT_SECONDS, send
from tests.programs import Program

COMMAND = ("celery", "--quiet", "-A")
OPTIONS = ("worker", "--pool=solo", "--loglevel=ERROR")
ALONE = ("--without-mingle", "--without-gossip")


class Worker:
    """Start it once the test's database is there. `environment` is added to the test's own.

    `app` names the module of its Celery application.
    """

    def __init__(self, mail_port: int, app: str = "config", **environment: str) -> None:
        self.app = app
        address, mark, where = os.environ["DATABASE_URL"].partition("?")
        database = f"{address.rpartition('/')[0]}/{connection.settings_dict['NAME']}{mark}{where}"
        self.environment = {
            **os.environ,
            "DATABASE_URL": database,
            "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
            "CELERY_SKIP_CHECKS": "1",  # they load every view and last as long as all the rest
            **environment,
        }
        self.process: Program | None = None

    def start(self) -> None:
        self.process = Program(*COMMAND, self.app, *OPTIONS, *ALONE, environment=self.environment)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        send(signal.SIGKILL, self.process.pid)

    def is_dead(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        if self.process is not None and not self.is_dead():
            self.process.terminate()
            self.process.wait(timeout=MAX_WAIT_SECONDS)
