"""A shop that falls silent against its own rhythm is told of once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core import mail

from integrations.models import Connection
from integrations.rhythm import find_silent_connections, longest_usual_silence
from integrations.selectors import NoticeKind, live_health, notices_of
from integrations.states import note_orders
from tests.cast import NOW, SYSTEM, order
from tests.integrations.deliveries import again
from tracking.orders.recording import record_orders

pytestmark = pytest.mark.django_db


def sell(connection: Connection, gaps: list[timedelta], *, until: datetime = NOW) -> Connection:
    """Orders with these gaps between them; the last one at `until`."""
    moments = [until - sum(gaps[:n], timedelta(0)) for n in range(len(gaps) + 1)]
    orders = [
        order(f"{until:%j%H}-{n}", ordered_at=moment.isoformat())
        for n, moment in enumerate(moments)
    ]
    record_orders(source=connection.source, orders=orders, by=SYSTEM, now=until)
    note_orders(connection, received_at=until, currencies={"GBP"})
    return again(connection)


def test_a_busy_shop_may_be_silent_for_a_day(connection: Connection) -> None:
    row = sell(connection, [timedelta(hours=1)] * 9)

    assert longest_usual_silence(row) == timedelta(hours=24)
    assert find_silent_connections(now=NOW + timedelta(hours=24)) == []
    assert find_silent_connections(now=NOW + timedelta(hours=24, minutes=1)) == [row.pk]


def test_a_slow_shop_may_be_silent_for_four_of_its_longest_gaps(connection: Connection) -> None:
    row = sell(connection, [timedelta(days=2)] * 3 + [timedelta(days=3), timedelta(days=9)])

    assert longest_usual_silence(row) == timedelta(days=12)
    assert find_silent_connections(now=NOW + timedelta(days=12)) == []
    assert find_silent_connections(now=NOW + timedelta(days=12, minutes=1)) == [row.pk]


def test_a_shop_with_few_orders_has_no_rhythm(connection: Connection) -> None:
    row = sell(connection, [timedelta(hours=1)] * 3)

    assert longest_usual_silence(row) is None
    assert find_silent_connections(now=NOW + timedelta(days=30)) == []


def test_the_owners_get_one_mail_for_one_silence(connection: Connection) -> None:
    row = sell(connection, [timedelta(hours=1)] * 9)
    late = NOW + timedelta(days=2)

    find_silent_connections(now=late)
    find_silent_connections(now=late + timedelta(hours=1))

    [sent] = mail.outbox
    assert sent.to == ["ines@juniper.example"]
    assert sent.subject == "No orders from Made-up shop juniper.example since 20 Nov 2026, 12:00"
    assert [notice.kind for notice in notices_of(live_health(now=late))] == [NoticeKind.SILENT]

    sell(row, [timedelta(hours=1)] * 9, until=late + timedelta(hours=2))
    assert again(row).silent_since is None
    assert notices_of(live_health(now=late)) == []
    find_silent_connections(now=late + timedelta(days=3))
    assert len(mail.outbox) == 2


def test_a_connection_that_never_had_an_order_is_not_silent(connection: Connection) -> None:
    assert find_silent_connections(now=NOW + timedelta(days=30)) == []
