"""Deliveries that are repeated, late and shuffled leave what they leave in order and once."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Any

import pytest
import time_machine

from integrations.models import Connection, Event
from integrations.replaying import replay_events
from integrations.working import work_events
from tests.amounts import amount
from tests.architecture.world import undone
from tests.cast import NOW, SYSTEM
from tests.integrations.deliveries import deliver
from tests.integrations.history import history, picture

pytestmark = pytest.mark.django_db
ORDERS = 12


def record(connection: Connection, events: list[dict[str, Any]]) -> None:
    """Deliver and work on one after another."""
    for event in events:
        assert deliver(connection, event).status_code == 200
        work_events(connection_id=connection.pk, now=NOW, clock=lambda: NOW)


@pytest.mark.parametrize("seed", range(amount(2, soak=20)))
@time_machine.travel(NOW, tick=False)
def test_the_sequence_makes_no_difference(connection: Connection, seed: int) -> None:
    chance = Random(seed)
    events = history(ORDERS, chance=chance)
    with undone():
        record(connection, events)
        expected = picture()
    assert len(expected["conversions"]) > 3
    assert len(expected["refunds"]) > 3

    shuffled = [event for event in events for _ in range(chance.randint(1, 5))]
    chance.shuffle(shuffled)
    record(connection, shuffled)

    assert picture() == expected
    assert set(Event.objects.values_list("state", flat=True)) == {"done"}

    replay_events(events=Event.objects.all(), by=SYSTEM, now=NOW)
    work_events(connection_id=connection.pk, now=NOW, clock=lambda: NOW)
    assert picture() == expected


@time_machine.travel(NOW, tick=False)
def test_without_times_of_deliveries_the_orders_own_time_counts(connection: Connection) -> None:
    chance = Random(99)
    events = [
        {key: value for key, value in event.items() if key != "at"}
        for event in history(ORDERS, chance=chance)
        if "order" in event
    ]
    with undone():
        record(connection, events)
        expected = picture()

    chance.shuffle(events)
    record(connection, events)

    assert picture() == expected


def test_the_history_is_one_worth_shuffling() -> None:
    events = history(ORDERS, chance=Random(0))

    assert len(events) > 30
    assert [event for event in events if "order" not in event]
    assert all(datetime.fromisoformat(event["at"]) < NOW for event in events)
