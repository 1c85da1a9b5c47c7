"""What the shop did not deliver is fetched, and its history on connecting."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest

from background.models import Work, WorkState
from background.running import SLICE_LENGTH, run_slice
from brand_admin.work_handlers import HANDLERS
from brand_admin.work_kinds import KINDS
from integrations import filling
from integrations.filling import HISTORY, enqueue_due_fills, fill, request_history
from integrations.models import Connection, Event
from integrations.shop import ShopAwayError
from tests.cast import NOW, SYSTEM, raw_order
from tests.integrations.deliveries import STORE, again, work
from tests.integrations.made_up_shop import store_of
from tracking.models import Order

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)


def stated(number: int, moment: datetime) -> dict[str, Any]:
    placed = moment.isoformat()
    order = raw_order(str(number), ordered_at=placed, updated_at=placed)
    return {"id": f"x{number}", "at": placed, "order": order}


def filled(connection: Connection, now: datetime) -> int:
    return fill(connection_id=connection.pk, now=now, clock=lambda: now)


def test_what_was_missed_is_fetched_once_and_recorded(connection: Connection) -> None:
    store = store_of(STORE)
    store.orders = [stated(1, NOW + timedelta(hours=1)), stated(2, NOW + timedelta(hours=2))]
    tomorrow = NOW + A_DAY

    assert filled(connection, tomorrow) == 2
    assert work(connection, now=tomorrow) == 2
    assert filled(connection, tomorrow) == 0  # it is not due again
    assert filled(connection, tomorrow + A_DAY) == 0

    assert set(Order.objects.values_list("external_id", flat=True)) == {"1", "2"}
    assert set(Event.objects.values_list("origin", "state")) == {("fetched", "done")}
    assert store.asked_since == [
        NOW - filling.OVERLAP,
        tomorrow - filling.OVERLAP,
    ]
    row = again(connection)
    assert (row.filled_until, row.next_fill_at) == (tomorrow + A_DAY, tomorrow + 2 * A_DAY)
    assert (row.state, row.last_event_at) == ("connected", None)


def test_an_order_that_changed_again_is_fetched_again(connection: Connection) -> None:
    store_of(STORE).orders = [stated(1, NOW + timedelta(hours=1))]
    filled(connection, NOW + A_DAY)
    store_of(STORE).orders = [stated(1, NOW + A_DAY)]

    assert filled(connection, NOW + 2 * A_DAY) == 1


def test_a_shop_that_is_away_is_asked_again_from_the_same_moment(connection: Connection) -> None:
    store_of(STORE).failure = ShopAwayError("It is away.", retry_after=3_600)
    assert filled(connection, NOW + A_DAY) == 0
    row = again(connection)
    assert (row.filled_until, row.lease_until) == (NOW, None)
    assert row.next_fill_at == NOW + A_DAY + timedelta(hours=1)


def test_a_slow_shop_keeps_no_worker_for_long(connection: Connection) -> None:
    """Each call has a limit, and so have all calls of a fetch and of an import together."""
    filled(connection, NOW + A_DAY)
    assert 0 < store_of(STORE).seconds_left <= filling.FILL_SECONDS

    asked = request_history(
        connection=connection, since=NOW, confirmation=uuid.uuid4(), by=SYSTEM, now=NOW
    )
    run_slice(asked.pk, handlers=HANDLERS, now=NOW, clock=lambda: NOW)
    assert filling.FILL_SECONDS < store_of(STORE).seconds_left <= filling.HISTORY_SECONDS


def test_a_shop_that_refuses_us_is_told_to_staff(connection: Connection) -> None:
    store_of(STORE).token = "another"
    filled(connection, NOW + A_DAY)

    assert again(connection).state == "refused"
    assert enqueue_due_fills(now=NOW + 9 * A_DAY) == []


def test_webhooks_that_vanished_are_made_again(connection: Connection) -> None:
    store = store_of(STORE)
    address, webhook = store.webhooks.popitem()

    filled(connection, NOW + A_DAY)

    assert store.webhooks == {address: webhook}
    assert again(connection).subscribed_at == NOW + A_DAY


def test_connections_that_are_due_are_named_to_the_workers(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(filling, "publish", lambda task, **values: sent.append(values))

    assert enqueue_due_fills(now=NOW) == []
    assert enqueue_due_fills(now=NOW + A_DAY) == [connection.pk]
    assert sent == [{"brand_id": connection.brand_id, "connection_id": connection.pk}]


def asked(connection: Connection) -> Work:
    return request_history(
        connection=connection,
        since=NOW - timedelta(days=365),
        confirmation=uuid.UUID(int=1),
        by=SYSTEM,
        now=NOW,
    )


def go_on(pk: int, clock: Any = lambda: NOW) -> Work:
    run_slice(pk, handlers=HANDLERS, now=NOW, clock=clock)
    return Work.objects.get(pk=pk)


def test_a_history_is_fetched_in_slices_and_makes_no_connection_one_that_works(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "HISTORY_BATCH", 4)
    store_of(STORE).orders = [stated(n, NOW - timedelta(days=30) + n * A_DAY) for n in range(10)]
    pk = asked(connection).pk
    moments = iter([NOW, NOW, NOW, NOW + 2 * SLICE_LENGTH, *[NOW + 2 * SLICE_LENGTH] * 99])

    first = go_on(pk, clock=lambda: next(moments))
    assert (first.state, first.done < 10) == (WorkState.RUNNING, True)
    done = go_on(pk)

    assert (done.state, done.counts["fetched"]) == (WorkState.DONE, 10)
    assert done.done == done.total
    assert work(connection) == 10
    assert Order.objects.count() == 10
    assert again(connection).state == "waiting"


def test_a_history_that_breaks_off_says_so_and_keeps_what_it_has(connection: Connection) -> None:
    store_of(STORE).failure = ShopAwayError("It is away.")
    work_row = go_on(asked(connection).pk)

    assert (work_row.state, work_row.error) == (
        WorkState.FAILED,
        "It is away. What was fetched stays; start it again later.",
    )


def test_the_page_of_long_work_knows_the_history() -> None:
    assert HISTORY in HANDLERS
    assert HISTORY in KINDS
