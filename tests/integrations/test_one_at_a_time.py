"""Where a shop is read while a delivery is understood, one worker at a time works on its events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from core.jobs import claim
from integrations import working
from integrations.models import Connection, Event, EventState
from integrations.shops import SHOPS
from integrations.working import work_events, work_on
from tests.cast import NOW, raw_order, raw_refund
from tests.integrations.deliveries import deliver, work
from tests.integrations.made_up_shop import KIND, MadeUpShop
from tracking.models import Order, Refund, RefundState

pytestmark = pytest.mark.django_db
LEASE = timedelta(seconds=60)


class ReadShop(MadeUpShop):
    reads_while_understanding = True


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def read_shop(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Connection:
    monkeypatch.setitem(SHOPS, KIND, ReadShop())
    return connection


def stated(number: int, **more: Any) -> dict[str, Any]:
    """The later they are delivered, the older they say they are: here that means nothing."""
    at = (NOW - timedelta(minutes=number)).isoformat()
    return {"id": f"e{number}", "at": at, **more}


def two_events(connection: Connection) -> None:
    for number in (1, 2):
        deliver(connection, stated(number, order=raw_order(str(number))))


def one_is_held(connection: Connection) -> Any:
    """Another worker has the first event."""
    token, [pk] = claim(Event.objects.order_by("pk"), limit=1, lease=LEASE, now=NOW)
    return token, pk


def test_while_one_worker_has_an_event_another_takes_none(read_shop: Connection) -> None:
    two_events(read_shop)
    one_is_held(read_shop)

    assert work(read_shop) == 0
    assert Order.objects.count() == 0

    later = NOW + LEASE
    assert work_events(connection_id=read_shop.pk, now=later, clock=lambda: later) == 2
    assert Order.objects.count() == 2


def test_of_a_shop_that_is_not_read_another_worker_takes_the_rest(connection: Connection) -> None:
    two_events(connection)
    one_is_held(connection)

    assert work(connection) == 1


def test_what_is_done_holds_nobody_up(read_shop: Connection) -> None:
    two_events(read_shop)
    Event.objects.filter(event_id="e1").update(
        state=EventState.DONE, try_again_at=None, lease_until=NOW + LEASE
    )

    assert work(read_shop) == 1


def test_what_was_read_before_another_worker_took_over_is_not_recorded(
    read_shop: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_events(read_shop)
    token, pk = one_is_held(read_shop)
    moments = iter([NOW, NOW + 10 * LEASE])  # it is begun; then the shop does not answer for long

    work_on(pk, token=token, clock=lambda: next(moments))

    assert Order.objects.count() == 0
    assert Event.objects.get(pk=pk).state == EventState.WAITING


def test_what_was_read_last_counts_however_old_the_delivery_is(read_shop: Connection) -> None:
    first = stated(1, order=raw_order(), refunds=[raw_refund()], whole=["1001"])
    deliver(read_shop, first)
    work(read_shop)
    assert Refund.objects.get().state == RefundState.APPLIED

    deliver(read_shop, stated(2, order=raw_order(), whole=["1001"]))
    work(read_shop)
    assert Refund.objects.get().state == RefundState.UNDONE


def test_a_list_undoes_no_refund_that_was_made_after_it(connection: Connection) -> None:
    """Here the order of the list says when that was; the delivery itself came later."""
    at = (NOW - timedelta(minutes=30)).isoformat()
    deliver(connection, {"id": "r", "at": at, "refunds": [raw_refund(refunded_at=at)]})
    work(connection)
    before = (NOW - timedelta(minutes=40)).isoformat()
    old = {"order": raw_order(updated_at=before), "whole": ["1001"]}
    deliver(connection, {"id": "o", "at": NOW.isoformat(), **old})
    work(connection)

    assert Refund.objects.get().state == RefundState.APPLIED


def test_a_lease_is_longer_where_the_shop_is_asked() -> None:
    assert working._lease(is_one_at_a_time=True) == working.CALLS_OF_AN_EVENT * working._lease()
