"""Valkey is frozen and killed: nothing that is asked of the product depends on it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from celery import Celery
from django.conf import settings

from core import broker
from tests.faults.victims import Victims
from tests.faults.web_server import WebServer

BROKER, CACHE, READY = 0.3, 0.5, 2.0  # seconds that the web process waits
BUSY_MACHINE = 1.0


def test_pages_and_orders_are_answered_while_valkey_is_frozen(web: WebServer) -> None:
    with web.victims.frozen_valkey():
        page = web.get(web.victims.dashboard)
        misses = [web.get("/d/nothing-here") for _ in range(4)]  # counted in the cache
        order = web.send_order("valkey-1")
        ready = web.get("/readyz")

    assert (page.status, order.status) == (200, 201)
    assert {answer.status for answer in misses} == {404}
    assert max(answer.seconds for answer in misses) < CACHE + BUSY_MACHINE
    assert (ready.status, ready.json()["valkey"]) == (503, "not ready")
    assert ready.seconds < READY + BUSY_MACHINE


def test_a_message_is_left_to_the_sweep_while_valkey_is_frozen(
    victims: Victims, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    app = Celery(broker=victims.environment["REDIS_URL"], set_as_current=False)
    app.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS | {
        "socket_timeout": BROKER,
        "socket_connect_timeout": BROKER,
    }
    monkeypatch.setattr(broker, "current_app", app)
    monkeypatch.setattr(broker._Absence, "until", 0.0)
    was_taken = broker.publish("some.task", row=1)

    with victims.frozen_valkey():
        begun = time.monotonic()
        taken = [broker.publish("some.task", row=number) for number in range(50)]
        seconds = time.monotonic() - begun

    app.pool.force_close_all()
    assert was_taken is True
    assert taken == [False] * 50
    assert seconds < 2 * BROKER + BUSY_MACHINE
    assert "waits for the sweep" in caplog.text
