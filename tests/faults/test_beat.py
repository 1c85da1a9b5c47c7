"""Beat and its servers are killed and frozen: its rounds go on by themselves, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.own_processes import Process, frozen, until
from tests.own_servers import OwnServers

QUEUE = "celery"


@pytest.fixture
def beat(own_servers: OwnServers, tmp_path: Path) -> Iterator[Process]:
    """Not started yet. It gives its broker one second, where it would give five."""
    one = own_servers.beat(tmp_path, BROKER_TIMEOUT="1")
    yield one
    one.stop()


def wait_for_rounds(own_servers: OwnServers, number: int = 2) -> None:
    """Until beat has sent so many more messages. No worker takes them here."""
    with redis.from_url(own_servers.services.valkey.url) as broker:
        broker.delete(QUEUE)
        until(lambda: int(broker.llen(QUEUE)) >= number, "beat sends nothing")


def test_rounds_go_on_after_every_fault(own_servers: OwnServers, beat: Process) -> None:
    beat.start()
    wait_for_rounds(own_servers)

    own_servers.kill_valkey()
    own_servers.revive()
    wait_for_rounds(own_servers)

    with own_servers.frozen_valkey():
        threading.Event().wait(3)  # beat asks it every second, and gives up after one
    wait_for_rounds(own_servers)

    with frozen(beat.pid):
        pass
    wait_for_rounds(own_servers)

    own_servers.kill_postgres()  # beat does not need it
    wait_for_rounds(own_servers)
    own_servers.revive()

    beat.kill()  # perhaps while it writes its schedule
    beat.start()
    wait_for_rounds(own_servers)


def test_beat_waits_for_a_broker_that_is_away_when_it_starts(
    own_servers: OwnServers, beat: Process
) -> None:
    own_servers.kill_valkey()
    beat.start()
    until(lambda: beat.has_said("Connection refused"), "beat looks for no broker")
    own_servers.revive()

    wait_for_rounds(own_servers)

    assert beat.is_running()
