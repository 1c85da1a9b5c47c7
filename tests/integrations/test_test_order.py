"""A test order passes the whole line and counts nowhere; each broken hop is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from integrations import test_order
from integrations.connections import disconnect
from integrations.models import Connection, Event, RefusedDelivery
from integrations.shop import NotUnderstoodError, RawDelivery, ShopAwayError
from integrations.shops import SHOPS
from integrations.test_order import (
    HOPS,
    follow_test_order,
    send_test_order,
    sent_test_orders,
)
from tests.cast import NOW, SYSTEM, Cast, raw_order
from tests.integrations.deliveries import again, deliver, work
from tests.integrations.made_up_shop import KIND, MadeUpShop, signed
from tests.snapshot import snapshot
from tracking.models import Conversion, DailyTotal, Order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def send(
    connection: Connection, code: str = "MARA15", *, now: datetime = NOW
) -> test_order.TestOrder:
    """Send a test order, and have a worker take it."""
    sent = send_test_order(connection=connection, code=code, by=SYSTEM, now=now)
    assert tuple(hop.title for hop in sent.hops) == HOPS
    if sent.event_id is None:
        return sent
    assert sent.is_under_way
    work(connection, now=now)
    return follow_test_order(event=sent_test_orders(connection).get(pk=sent.event_id), now=now)


def hops(connection: Connection, code: str = "MARA15") -> list[tuple[str, bool | None, str]]:
    sent = send(connection, code)
    assert tuple(hop.title for hop in sent.hops) == HOPS
    assert not sent.is_under_way
    return [(hop.title, hop.is_ok, hop.text) for hop in sent.hops]


def broken(connection: Connection, code: str = "MARA15") -> tuple[str, str]:
    """The one hop that is wrong; those before it are right, and those after it were not reached."""
    found = hops(connection, code)
    states = [is_ok for _, is_ok, _ in found]
    place = states.index(False)
    assert states == [True] * place + [False] + [None] * (len(HOPS) - place - 1)
    return found[place][0], found[place][2]


def test_every_hop_is_said_and_nothing_counts(connection: Connection, cast: Cast) -> None:
    before = snapshot().counts

    found = hops(connection)

    order = Order.objects.get()
    assert found == [
        ("Received", True, "The delivery arrived and was stored."),
        ("Signature", True, "It is signed with the secret of this connection."),
        ("Worker", True, "A worker took it."),
        (
            "Understood",
            True,
            f"Order {order.external_id} over 100.00 GBP, with the code MARA15.",
        ),
        ("Recorded", True, "It is recorded as a test order, which counts in no figure."),
        (
            "Credited",
            True,
            "Mara Lindqvist in Winter Glow creators: the order brought the code MARA15.",
        ),
        ("Would earn", True, "10.00 GBP. A test order is not paid."),
    ]
    assert (order.is_test, order.source) == (True, connection.source)
    assert (Conversion.objects.count(), DailyTotal.objects.count()) == (0, 0)
    changed = {table for table, count in snapshot().counts.items() if count != before[table]}
    assert changed == {
        "accounts_auditcount",
        "accounts_auditentry",
        "accounts_outboxentry",
        "integrations_event",
        "tracking_order",
        "tracking_orderline",
    }
    row = again(connection)
    assert (row.state, row.last_order_at, row.last_event_at) == ("waiting", None, None)
    assert Event.objects.get().origin == "test"


def test_an_unknown_code_is_named(connection: Connection) -> None:
    hop, text = broken(connection, "NOBODY")

    assert hop == "Credited"
    assert text == (
        "A real order would be credited to nobody: no member has the code NOBODY. See that it is"
        " spelled right, or give it to a member in a project."
    )


def test_a_second_test_order_is_another_one(connection: Connection) -> None:
    hops(connection)
    with time_machine.travel(NOW.replace(second=1), tick=False):
        sent = send(connection, now=NOW.replace(second=1))

    assert sent.is_ok
    assert Order.objects.count() == 2


def test_a_worker_that_is_stopped_is_named(connection: Connection) -> None:
    sent = send_test_order(connection=connection, code="MARA15", by=SYSTEM, now=NOW)
    assert sent.event_id is not None
    event = sent_test_orders(connection).get(pk=sent.event_id)

    def at(seconds: int) -> tuple[list[tuple[str, bool | None]], bool]:
        seen = follow_test_order(event=event, now=NOW + timedelta(seconds=seconds))
        return [(hop.title, hop.is_ok) for hop in seen.hops[2:4]], seen.is_under_way

    assert at(14) == ([("Worker", None), ("Understood", None)], True)
    assert at(15) == ([("Worker", False), ("Understood", None)], False)
    late = follow_test_order(event=event, now=NOW + timedelta(seconds=15))
    assert "No worker has taken it for 15 seconds: the worker is stopped" in late.hops[2].text
    work(connection, now=NOW + timedelta(seconds=16))
    assert follow_test_order(event=again_event(event), now=NOW).is_ok


def again_event(event: Event) -> Event:
    return sent_test_orders(event.connection).get(pk=event.pk)


def test_only_test_orders_are_followed(connection: Connection) -> None:
    deliver(connection, {"id": "1", "order": raw_order()})
    send(connection)

    assert [event.origin for event in sent_test_orders(connection)] == ["test"]
    assert Event.objects.count() == 2


def test_a_removed_connection_takes_nothing(connection: Connection) -> None:
    disconnect(connection=connection, by=SYSTEM, now=NOW)

    assert broken(again(connection))[0] == "Received"


class BrokenShop(MadeUpShop):
    """One step of it fails."""

    def __init__(self, **steps: Any) -> None:
        for name, step in steps.items():
            setattr(self, name, step)


def fails(error: Exception) -> Any:
    def step(*args: Any, **values: Any) -> Any:
        raise error

    return step


def as_real_order(**values: Any) -> RawDelivery:
    raw = MadeUpShop().test_delivery(**values)
    body = raw.body.replace(b'"is_test": true', b'"is_test": false')
    return RawDelivery(signed(body, values["secret"]), body)


@pytest.mark.parametrize(
    ("steps", "hop", "text"),
    [
        ({"is_signed": lambda *args, **values: False}, "Signature", "Enter the secret again."),
        (
            {"understand": fails(NotUnderstoodError("The order has no lines."))},
            "Understood",
            "The order has no lines.",
        ),
        (
            {"understand": fails(ShopAwayError("The shop did not answer."))},
            "Understood",
            "The shop did not answer. It will be tried again.",
        ),
        ({"understand": fails(KeyError("x"))}, "Understood", "because of a defect on our side"),
        ({"test_delivery": staticmethod(as_real_order)}, "Recorded", "not as a test"),
    ],
)
def test_a_broken_hop_is_named(
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
    steps: dict[str, Any],
    hop: str,
    text: str,
) -> None:
    monkeypatch.setitem(SHOPS, KIND, BrokenShop(**steps))
    found = hops(connection)
    [(title, _, said), *_] = [one for one in found if one[1] is False]

    assert title == hop
    assert text in said


def test_an_order_that_can_not_be_read_says_which_field(connection: Connection) -> None:
    understand = MadeUpShop.understand

    def without_lines(self: Any, *args: Any, **values: Any) -> Any:
        found = understand(self, *args, **values)
        return replace(found, orders=({**found.orders[0], "lines": "none"},))

    MadeUpShop.understand = without_lines  # type: ignore[method-assign]
    try:
        title, said = broken(connection)
    finally:
        MadeUpShop.understand = understand  # type: ignore[method-assign]

    assert title == "Understood"
    assert "lines" in said


def test_a_forged_test_order_is_counted_like_any_other(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SHOPS, KIND, BrokenShop(is_signed=lambda *args, **values: False))
    hops(connection)

    assert RefusedDelivery.objects.get().number == 1
