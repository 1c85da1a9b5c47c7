"""Sales that are looked at by the rules, for the tests of flags."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from tests.cast import NOW, SYSTEM, raw_order
from tracking.flags.checking import check_waiting
from tracking.links import click_ids
from tracking.links.click_lines import ClickLines, line_of
from tracking.links.storing import store_batches
from tracking.models import Flag, FlagState, TrackingLink
from tracking.orders.reading import read_order
from tracking.orders.recording import record_orders

LATER = NOW + timedelta(days=3_650)  # the triggers write the clock of PostgreSQL
MARAS_ADDRESS = "mara@lindqvist.example"


def sell(order_id: str = "1001", **changes: Any) -> int:
    """Record an order with Mara's code, and return its conversion."""
    [outcome] = record_orders(
        source="api", orders=[read_order(raw_order(order_id) | changes)], by=SYSTEM, now=NOW
    )
    assert outcome.conversion_id is not None
    return outcome.conversion_id


def look(now: datetime = LATER) -> int:
    """Have the rules look at all that waits."""
    return check_waiting(now=now)


def open_flags() -> set[tuple[str, str]]:
    """The open flags: the order and the kind of each."""
    rows = Flag.objects.filter(state=FlagState.OPEN)
    return set(rows.values_list("conversion__order__external_id", "kind"))


def click_of(link: TrackingLink, at: datetime) -> str:
    """A click id of that moment whose click is not stored."""
    return click_ids.make(link_id=link.pk, clicked_at=at)


def store_click(
    link: TrackingLink, click_id: str, at: datetime, *, landing: str = "", referrer_host: str = ""
) -> None:
    """Store a click as the consumer does, in a batch of its own."""
    line = line_of(
        link_id=link.pk, click_id=click_id, clicked_at=at, kind="visit", landing=landing,
        referrer_host=referrer_host,
    )  # fmt: skip
    store_batches([ClickLines(uuid.uuid4(), line.encode())], now=NOW)
    with connection.cursor() as cursor:  # which are emptied when a transaction ends
        cursor.execute("DELETE FROM click_line; DELETE FROM arriving_click")
