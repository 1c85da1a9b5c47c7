"""Valkey is frozen and killed: nothing that is asked of the product depends on it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.faults.web_server import Answer, WebServer, room, slowest
from tests.own_processes import Process
from tests.own_servers import OwnServers

BROKER, CACHE, READY = 0.3, 0.5, 2.0  # seconds that the web process waits
BUSY_MACHINE = 1.0  # seconds that a bound may be missed by here, at least


def test_pages_and_orders_are_answered_while_valkey_is_frozen(web: WebServer) -> None:
    usual, ready_before = ask_for_nothing(web), web.get("/readyz")
    with web.servers.frozen_valkey():
        page = web.get(web.servers.dashboard)
        misses = ask_for_nothing(web)
        order = web.send_order("valkey-1")
        ready = web.get("/readyz")

    assert (page.status, order.status) == (200, 201)
    assert {answer.status for answer in misses} == {404}
    assert slowest(misses) < CACHE + room(slowest(usual), least=BUSY_MACHINE)
    assert (ready.status, ready.json()["valkey"]) == (503, "not ready")
    assert ready.seconds < READY + room(ready_before.seconds, least=BUSY_MACHINE)


def ask_for_nothing(web: WebServer) -> list[Answer]:
    """For dashboards that are not there, which is counted in the cache."""
    return [web.get("/d/nothing-here") for _ in range(4)]


@pytest.fixture
def publisher(own_servers: OwnServers) -> Iterator[Process]:
    """It publishes as many messages as it is told."""
    one = own_servers.process("tests.faults.publisher", LOG_LEVEL="WARNING")
    one.start(talks=True)
    yield one
    one.stop()


def test_a_message_is_left_to_the_sweep_while_valkey_is_frozen(
    own_servers: OwnServers, publisher: Process
) -> None:
    publisher.tell("50")
    before, usual = json.loads(publisher.answer())
    with own_servers.frozen_valkey():
        publisher.tell("50")
        taken, seconds = json.loads(publisher.answer())

    assert (before, taken) == (50, 0)
    assert seconds < 2 * BROKER + room(usual, least=BUSY_MACHINE)
    assert publisher.has_said("waits for the sweep")
