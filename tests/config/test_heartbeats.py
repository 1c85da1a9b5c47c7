"""A worker that says nothing is killed, also one that never said anything."""

from __future__ import annotations

import multiprocessing
import signal
import time

import pytest

from config import heartbeats
from config.heartbeats import Heartbeats, beat
from tests.own_processes import send

SOON = 60.0  # seconds, on a busy machine


def say_nothing() -> None:
    time.sleep(SOON)


def be_well() -> None:
    beat(lambda: True)
    time.sleep(SOON)


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(heartbeats.PIPE, "")


def test_a_worker_that_never_starts_is_killed() -> None:
    watching = Heartbeats(stuck_seconds=0.1, starting_seconds=0.1)
    worker = multiprocessing.get_context("fork").Process(target=say_nothing)
    worker.start()
    watching.watch()

    worker.join(SOON)
    watching.stop()

    assert worker.exitcode == -signal.SIGKILL


def test_a_worker_that_is_frozen_is_killed_and_was_left_alone_while_well() -> None:
    watching = Heartbeats(stuck_seconds=3, starting_seconds=SOON)
    worker = multiprocessing.get_context("fork").Process(target=be_well)
    worker.start()
    watching.watch()
    worker.join(4)
    exit_code_while_well = worker.exitcode
    assert worker.pid
    send(signal.SIGSTOP, worker.pid)

    worker.join(SOON)
    watching.stop()

    assert (exit_code_while_well, worker.exitcode) == (None, -signal.SIGKILL)
