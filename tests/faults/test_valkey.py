"""Valkey is frozen and killed: nothing that is asked of the product depends on it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.faults.web_server import WebServer
from tests.own_processes import Process
from tests.own_servers import OwnServers

BROKER, CACHE, READY = 0.3, 0.5, 2.0  # seconds that the web process waits
BUSY_MACHINE = 1.0


def test_pages_and_orders_are_answered_while_valkey_is_frozen(web: WebServer) -> None:
    with web.servers.frozen_valkey():
        page = web.get(web.servers.dashboard)
        misses = [web.get("/d/nothing-here") for _ in range(4)]  # counted in the cache
        order = web.send_order("valkey-1")
        ready = web.get("/readyz")

    assert (page.status, order.status) == (200, 201)
    assert {answer.status for answer in misses} == {404}
    assert max(answer.seconds for answer in misses) < CACHE + BUSY_MACHINE
    assert (ready.status, ready.json()["valkey"]) == (503, "not ready")
    assert ready.seconds < READY + BUSY_MACHINE


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
    publisher.tell("1")
    before, _ = json.loads(publisher.answer())
    with own_servers.frozen_valkey():
        publisher.tell("50")
        taken, seconds = json.loads(publisher.answer())

    assert (before, taken) == (1, 0)
    assert seconds < 2 * BROKER + BUSY_MACHINE
    assert publisher.has_said("waits for the sweep")
