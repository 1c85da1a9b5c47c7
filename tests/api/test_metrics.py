"""Each figure that an alert is built on, read off the real page."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery.app.trace import build_tracer
from django.conf import settings as configured
from django.db import connections
from django.test import Client
from django.utils import timezone

from api.metrics import REQUESTS
from background.models import WorkState
from config.celery import Scheduler, app
from core import periodic_tasks
from core.models import Round
from core.tenancy import acting_for
from notifications.models import MessageState
from tests.api.test_probes import read, samples
from tests.cast import SYSTEM, Cast
from tests.factories import MessageFactory, WorkFactory
from tests.own_processes import MAX_WAIT_SECONDS
from webhooks.endpoints import add_endpoint, send_test
from webhooks.models import Endpoint

pytestmark = pytest.mark.django_db
SWEEP = "notifications.sweep"


@pytest.fixture(autouse=True)
def token(settings: Any) -> None:
    settings.METRICS_TOKEN = "scrape"
    REQUESTS.clear()  # what other tests asked for takes a second to tell and to read
    periodic_tasks._recorded.clear()


def figures(client: Client, name: str, label: str) -> dict[str, float]:
    """The values of one metric by its one label."""
    return {
        dict(labels)[label]: value
        for (found, labels), value in read(client).items()
        if found == name
    }


def settle_message(state: MessageState, *, settled: timedelta) -> None:
    when = timezone.now() - settled
    MessageFactory.create(state=state, due_at=when, settled_at=when)


def test_messages_that_were_lost(client: Client, cast: Cast) -> None:
    states = {
        MessageState.FAILED: [timedelta(hours=1), timedelta(hours=23), timedelta(hours=25)],
        MessageState.UNKNOWN: [timedelta(minutes=1)],
        MessageState.DELIVERED: [timedelta(minutes=1)],
    }
    with acting_for(cast.juniper):
        for state, ages in states.items():
            for age in ages:
                settle_message(state, settled=age)

    found = figures(client, "tributary_messages_lost_last_day", "state")

    assert found == {"failed": 2, "unknown": 1}


def request_work(state: WorkState, *, asked: timedelta, finished: timedelta | None = None) -> None:
    now = timezone.now()
    WorkFactory.create(
        state=state, asked_at=now - asked, finished_at=now - finished if finished else None
    )


def test_long_work_that_waits_and_that_failed(client: Client, cast: Cast) -> None:
    before = read(client)
    with acting_for(cast.juniper):
        request_work(WorkState.WAITING, asked=timedelta(seconds=90))
        request_work(WorkState.WAITING, asked=timedelta(seconds=5))
        request_work(WorkState.RUNNING, asked=timedelta(seconds=20))
        request_work(WorkState.DONE, asked=timedelta(days=2), finished=timedelta(hours=1))
        request_work(WorkState.FAILED, asked=timedelta(days=2), finished=timedelta(hours=1))
        request_work(WorkState.FAILED, asked=timedelta(days=2), finished=timedelta(hours=25))

    after = read(client)

    assert before["tributary_work_oldest_waiting_seconds", ()] == 0
    assert before["tributary_work_failed_last_day", ()] == 0
    assert figures(client, "tributary_work_waiting", "state") == {"waiting": 2, "running": 1}
    assert 90 <= after["tributary_work_oldest_waiting_seconds", ()] < 150
    assert after["tributary_work_failed_last_day", ()] == 1


def test_webhooks_that_wait(client: Client, cast: Cast) -> None:
    assert read(client)["tributary_webhooks_oldest_waiting_seconds", ()] == 0
    now = timezone.now()
    with acting_for(cast.juniper):
        endpoint = add_endpoint(
            address="http://127.0.0.1:1/", events=[], description="", by=SYSTEM, now=now
        ).endpoint
        send_test(endpoint=endpoint, by=SYSTEM, now=now - timedelta(seconds=90))

    after = read(client)
    assert after["tributary_webhooks_waiting", ()] == 1
    assert 90 <= after["tributary_webhooks_oldest_waiting_seconds", ()] < 150
    with acting_for(cast.juniper):
        Endpoint.objects.update(failing_since=now)
    assert read(client)["tributary_webhooks_waiting", ()] == 0


# --- Beat and the workers


def rounds_of(client: Client) -> tuple[float, float]:
    asked = figures(client, "tributary_beat_asked_seconds_ago", "task")
    done = figures(client, "tributary_beat_done_seconds_ago", "task")
    names = {entry["task"] for entry in configured.CELERY_BEAT_SCHEDULE.values()}
    assert asked.keys() == done.keys() == names
    return asked[SWEEP], done[SWEEP]


def test_a_task_that_never_ran_has_an_infinite_age(client: Client) -> None:
    assert rounds_of(client) == (float("inf"), float("inf"))


def test_beat_notes_what_it_asks_for(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beat lives and no worker does."""
    monkeypatch.setattr("celery.beat.Scheduler.apply_async", lambda *_, **__: "sent")
    scheduler = object.__new__(Scheduler)
    entry = type("Entry", (), {"task": SWEEP})()

    assert scheduler.apply_async(entry) == "sent"

    asked, done = rounds_of(client)
    assert asked < 60
    assert done == float("inf")


def test_a_worker_notes_what_it_did(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = iter([ValueError("no"), None])

    def sweep(*, now: datetime) -> None:
        outcome = next(outcomes)
        if outcome:
            raise outcome

    app.loader.import_default_modules()
    monkeypatch.setattr("notifications.services.sweep", sweep)
    tracer = build_tracer(SWEEP, app.tasks[SWEEP], app=app)
    tracer("1", [], {}, {"id": "1", "is_eager": False})
    after_failure = rounds_of(client)
    tracer("2", [], {}, {"id": "2", "is_eager": False})

    assert after_failure == (float("inf"), float("inf"))
    asked, done = rounds_of(client)
    assert asked == float("inf")
    assert done < 60


def test_a_round_is_noted_once_in_a_while_and_keeps_the_other_time() -> None:
    now = timezone.now()

    periodic_tasks.record_time(SWEEP, "asked_at", now=now - timedelta(minutes=1))
    periodic_tasks.record_time(SWEEP, "asked_at", now=now)
    periodic_tasks.record_time(SWEEP, "done_at", now=now)

    row = Round.objects.get()
    assert (row.asked_at, row.done_at) == (now - timedelta(minutes=1), now)


# --- Connections


def test_connections_in_use_and_waited_for(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pool:
        def get_stats(self) -> dict[str, int]:
            return {"pool_size": 5, "pool_available": 2, "pool_max": 16, "requests_waiting": 4}

    monkeypatch.setattr(type(connections["default"]), "pool", Pool())

    states = figures(client, "tributary_database_pool_connections", "state")
    assert states == {"in_use": 3, "idle": 2, "most": 16}
    assert read(client)["tributary_database_pool_waiting", ()] == 4


OBSERVE = """
import django, os, sys
django.setup()
from api.metrics import POOL, served
from prometheus_client import generate_latest
POOL.labels(state="in_use").set(2)
print("ready", flush=True)
sys.stdin.readline()
print(generate_latest(served()).decode())
"""


def test_only_processes_that_live_add_up(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
    }

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", OBSERVE],
            env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    first, second, third = start(), start(), start()
    first.kill()
    first.communicate()
    totals = []
    for process in (second, third):
        text, _ = process.communicate("go\n", timeout=MAX_WAIT_SECONDS)
        found = samples(text)
        totals.append(found["tributary_database_pool_connections", (("state", "in_use"),)])

    assert totals == [4, 2]


def test_noting_a_round_costs_nothing_when_postgresql_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from django.db import OperationalError

    def refuse(*_: Any, **__: Any) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(Round.objects, "bulk_create", refuse)

    periodic_tasks.record_time(SWEEP, "asked_at", now=timezone.now())

    assert "was not recorded: away" in caplog.text
