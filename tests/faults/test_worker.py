"""A worker whose servers, or who itself, is killed or frozen in the middle of an import.

It goes on by itself when they are back; every row goes in once.
"""

from __future__ import annotations

import itertools
import json
import signal
import threading
from collections.abc import Callable, Iterator

import pytest
from celery import Celery

from tests.faults.importer import BEGUN, ROWS
from tests.own_processes import Process, children_of, frozen, send, until
from tests.own_servers import OwnServers

names = itertools.count()
Fault = Callable[[OwnServers, Process], None]


@pytest.fixture(scope="module")
def worker(started_servers: OwnServers) -> Iterator[Process]:
    one = started_servers.worker(WORK_LEASE="1", LOG_LEVEL="WARNING")
    one.start()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def importer(started_servers: OwnServers) -> Iterator[Process]:
    """It asks for an import when it is told a name."""
    one = started_servers.process("tests.faults.importer", LOG_LEVEL="CRITICAL")
    one.start(talks=True)
    yield one
    one.stop()


def stand_still() -> None:
    threading.Event().wait(2)


def kill_postgres(servers: OwnServers, worker: Process) -> None:
    servers.kill_postgres()
    servers.revive()


def freeze_postgres(servers: OwnServers, worker: Process) -> None:
    with servers.frozen_postgres():
        stand_still()


def kill_valkey(servers: OwnServers, worker: Process) -> None:
    servers.kill_valkey()
    stand_still()
    servers.revive()


def freeze_valkey(servers: OwnServers, worker: Process) -> None:
    with servers.frozen_valkey():
        stand_still()


def kill_both(servers: OwnServers, worker: Process) -> None:
    servers.kill_valkey()
    kill_postgres(servers, worker)


def freeze_worker(servers: OwnServers, worker: Process) -> None:
    """For longer than its lease: by then the work is anybody's."""
    with frozen(worker.pid, *children_of(worker.pid)):
        stand_still()


def kill_worker(servers: OwnServers, worker: Process) -> None:
    worker.kill()
    worker.start()


def kill_its_child(servers: OwnServers, worker: Process) -> None:
    """The process of the pool that does the work: the worker replaces it."""
    send(signal.SIGKILL, children_of(worker.pid)[0])


@pytest.mark.parametrize(
    "fault",
    [
        kill_postgres, freeze_postgres, kill_valkey, freeze_valkey, kill_both, freeze_worker,
        kill_its_child, kill_worker,
    ],
)  # fmt: skip
def test_every_row_goes_in_once(
    fault: Fault, own_servers: OwnServers, worker: Process, importer: Process
) -> None:
    importer.tell(f"crowd{next(names)}")
    assert importer.answer() == BEGUN
    fault(own_servers, worker)
    result = json.loads(importer.answer())

    assert (result["state"], result["done"], result["counts"]) == ("done", ROWS, {"added": ROWS})
    assert (result["members"], result["codes"]) == (ROWS, ROWS)
    assert result["problems"] == 0
    assert worker.is_running()


def test_an_outage_is_one_line_a_task_and_a_defect_keeps_its_traceback(
    own_servers: OwnServers, worker: Process
) -> None:
    client = Celery(broker=own_servers.services.valkey.url, set_as_current=False)
    begins_at = len(worker.said())

    def said() -> str:
        return worker.said()[begins_at:]

    with client.connection_for_write() as connection:
        own_servers.kill_postgres()
        for _ in range(3):
            client.send_task("brand_admin.sweep_work", connection=connection)
        until(lambda: said().count("brand_admin.sweep_work was cut off: ") == 3, "no word of it")
        in_the_outage = said()
        own_servers.revive()
        client.send_task(
            "brand_admin.do_work", kwargs={"brand_id": 1, "work_id": "x"}, connection=connection
        )
        until(lambda: "ValueError" in said(), "the defect is not told")

    assert "Traceback" not in in_the_outage
    about_tasks = [line for line in in_the_outage.splitlines() if "postgres.watch" not in line]
    assert {"was cut off: " in line for line in about_tasks} == {True}
    assert "Traceback" in said()
    assert "running.py" in said()
