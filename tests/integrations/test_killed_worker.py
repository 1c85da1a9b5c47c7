"""Workers are killed while they work on shuffled deliveries: nothing is lost or counted twice."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from django.utils import timezone

from core.tenancy import acting_for
from integrations.models import Event, EventState
from integrations.shops import SHOPS
from integrations.working import sweep_events, work_events
from tests.amounts import amount
from tests.architecture.world import undone
from tests.cast import Cast
from tests.integrations import made_up_shop
from tests.integrations.deliveries import connected, deliver
from tests.integrations.history import history, picture
from tests.mailbox import Mailbox
from tests.own_processes import until
from tests.worker import Worker

ORDERS, KILLS = amount(16, soak=40), amount(2, soak=4)


@pytest.fixture
def workers(mailbox: Mailbox) -> Iterator[list[Worker]]:
    app = "tests.integrations.celery_with_shop"
    both = [Worker(mailbox.port, app=app, WORK_LEASE="2") for _ in range(2)]
    yield both
    for one in both:
        one.stop()


@pytest.mark.django_db(transaction=True)
def test_killed_workers_leave_the_same_orders_and_ledger(
    cast: Cast, workers: list[Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SHOPS, made_up_shop.KIND, made_up_shop.MadeUpShop())
    chance = Random(7)
    events = history(ORDERS, chance=chance)
    with acting_for(cast.juniper):
        connection = connected()
        with undone():
            for event in events:
                deliver(connection, event)
                now = timezone.now()
                work_events(connection_id=connection.pk, now=now)
            expected = picture()
        shuffled = [event for event in events for _ in range(chance.randint(1, 5))]
        chance.shuffle(shuffled)
        for event in shuffled:
            assert deliver(connection, event).status_code == 200
    for worker in workers:
        worker.start()
    kill_at = [(number + 1) * len(events) // (KILLS + 1) for number in range(KILLS)]

    def left() -> int:
        with acting_for(cast.juniper):
            return Event.objects.filter(state=EventState.WAITING).count()

    def all_done() -> bool:
        waiting = left()
        if kill_at and len(events) - waiting >= kill_at[0]:
            kill_at.pop(0)
            workers[len(kill_at) % 2].kill()
        for worker in workers:
            if worker.is_dead():
                worker.start()
        sweep_events(now=timezone.now())
        return waiting == 0

    until(all_done, "nothing is worked on", every=0.02, progress=left)

    assert kill_at == []
    with acting_for(cast.juniper):
        assert picture() == expected
        assert set(Event.objects.values_list("state", flat=True)) == {"done"}
        assert Event.objects.count() == len(events)
