"""A real beat and a real worker: what they write, and how it is seen that they live."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from django.db import connection

from core.models import Round
from tests.own_processes import MAX_WAIT_SECONDS, until
from tests.programs import Program
from tests.security.served import PRODUCTION

SWEEP = "notifications.sweep"


@pytest.mark.django_db(transaction=True)
def test_beat_and_worker_note_their_rounds_and_log_in_one_way(tmp_path: Path) -> None:
    address, mark, options = os.environ["DATABASE_URL"].partition("?")
    database = f"{address.rpartition('/')[0]}/{connection.settings_dict['NAME']}{mark}{options}"
    environment = {**os.environ, **PRODUCTION, "DATABASE_URL": database, "LOG_LEVEL": "INFO"}
    celery = ["celery", "--quiet", "-A", "config"]
    schedule = ["--schedule", str(tmp_path / "schedule"), "--pidfile="]
    commands = {
        "beat": [*celery, "beat", "--loglevel", "DEBUG", *schedule],
        "worker": [*celery, "worker", "--pool=solo", "--without-mingle", "--without-gossip"],
    }
    logs = {name: tmp_path / f"{name}.log" for name in commands}
    processes = []
    for name, command in commands.items():
        with logs[name].open("wb") as log:
            processes.append(
                Program(*command, environment=environment, ignores_warnings=True, stderr=log)
            )
    try:
        noted = Round.objects.filter(task=SWEEP, asked_at__isnull=False, done_at__isnull=False)
        until(lambda: noted.all().exists(), f"no round is noted, see {tmp_path}", every=0.2)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=MAX_WAIT_SECONDS)

    written = {
        name: [json.loads(line) for line in log.read_text().splitlines()]
        for name, log in logs.items()
    }
    assert {line["level"] for lines in written.values() for line in lines} <= {"info", "warning"}
    done = [line for line in written["worker"] if line["logger"] == "celery.app.trace"]
    assert any("notifications.sweep" in line["event"] for line in done)
