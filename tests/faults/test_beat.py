"""Beat and its servers are killed and frozen: its rounds go on by themselves, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from pytest_django import DjangoDbBlocker

from tests.own_servers import OwnServers, Process, beat_on, frozen, own_servers, until

QUEUE = "celery"
LONGEST = 60  # seconds; a quiet machine needs a tenth of it


@pytest.fixture(scope="module")
def servers(django_db_blocker: DjangoDbBlocker) -> Iterator[OwnServers]:
    with django_db_blocker.unblock(), own_servers() as ours:
        yield ours


@pytest.fixture
def beat(servers: OwnServers, tmp_path: Path) -> Iterator[Process]:
    """Not started yet."""
    one = beat_on(servers, tmp_path)
    yield one
    one.stop()


def wait_for_rounds(servers: OwnServers, number: int = 2) -> None:
    """Until beat has sent so many more hints. Nobody takes them here."""
    with redis.from_url(servers.valkey.url) as broker:
        broker.delete(QUEUE)
        until(lambda: int(broker.llen(QUEUE)) >= number, "beat sends nothing", seconds=LONGEST)


def test_rounds_go_on_after_every_fault(servers: OwnServers, beat: Process) -> None:
    beat.start()
    wait_for_rounds(servers)

    servers.kill_valkey()
    until(lambda: not servers.valkey.is_running(), "Valkey answers")
    servers.start()
    wait_for_rounds(servers)

    with servers.frozen_valkey():
        until(lambda: not servers.valkey.is_running(), "Valkey answers")
    wait_for_rounds(servers)

    with frozen(beat.pid):
        pass
    wait_for_rounds(servers)

    servers.kill_postgres()  # beat does not need it
    wait_for_rounds(servers)
    servers.start()

    beat.kill()  # perhaps while it writes its schedule
    beat.start()
    wait_for_rounds(servers)


def test_beat_waits_for_a_broker_that_is_away_when_it_starts(
    servers: OwnServers, beat: Process
) -> None:
    servers.kill_valkey()
    beat.start()
    until(lambda: beat.has_said("Connection refused"), "beat looks for no broker", seconds=LONGEST)
    servers.start()

    wait_for_rounds(servers)

    assert beat.is_running()
