"""Senders are killed while a receiver fails in every way: each event arrives, in sequence."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from django.db import transaction

from core.broker import publish
from core.tenancy import acting_for
from tests.amounts import amount
from tests.cast import Cast
from tests.mailbox import Mailbox
from tests.own_processes import until
from tests.webhooks.conftest import endpoint_for
from tests.webhooks.facts import accept, reject, sell
from tests.webhooks.failing import QUICK_FAULTS, FailingReceiver
from tests.worker import Worker
from webhooks.models import Delivery, DeliveryState, Endpoint, WaitingEntry
from webhooks.waking import SWEEP

ORDERS, KILLS, FAULTS = amount(15, soak=30), amount(2, soak=4), amount(6, soak=12)


@pytest.fixture
def workers(mailbox: Mailbox) -> Iterator[list[Worker]]:
    both = [Worker(mailbox.port, WORK_LEASE="3", WEBHOOK_SENDERS="2") for _ in range(2)]
    yield both
    for one in both:
        one.stop()


@pytest.mark.django_db(transaction=True)
def test_killed_senders_lose_nothing(cast: Cast, workers: list[Worker]) -> None:
    chance = Random(11)
    with FailingReceiver(chance, pause=0.02).running() as receiver, acting_for(cast.juniper):
        endpoint = endpoint_for(receiver)
        numbers = [f"o{number}" for number in range(ORDERS)]
        sell(*numbers)
        for number in numbers:
            reject(number)
            accept(number)
        with transaction.atomic():
            sell("taken-back")
            transaction.set_rollback(True)
        entries = WaitingEntry.objects.count()
        assert entries == ORDERS * 4
        receiver.faults.extend(chance.choice(QUICK_FAULTS) for _ in range(FAULTS))
        for worker in workers:
            worker.start()
        kill_at = [(number + 1) * entries // (KILLS + 1) for number in range(KILLS)]

        def arrived() -> int:
            return len({one.message_id for one in list(receiver.received)})

        def all_done() -> bool:
            if kill_at and arrived() >= kill_at[0]:
                kill_at.pop(0)
                workers[len(kill_at) % 2].kill()
            for worker in workers:
                if worker.is_dead():
                    worker.start()
            publish(SWEEP)  # as beat does
            return Delivery.objects.filter(state=DeliveryState.DELIVERED).count() == entries

        until(all_done, "not all is delivered", every=0.2, progress=arrived)

        assert kill_at == []
        ids = Delivery.objects.values_list("event_id", flat=True)
        assert {one.message_id for one in receiver.received} == {f"msg_{one.hex}" for one in ids}
        assert receiver.out_of_sequence() == {}
        assert receiver.unsigned == []
        assert receiver.failed.total() == FAULTS
        Endpoint.objects.get(pk=endpoint.pk, state="on")
