"""Store what a shop delivers, as raw bytes, before anybody tries to understand it.

One query finds the connection, one INSERT stores the delivery; a worker does all the rest.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import connection as database
from django.db import transaction

from core.broker import publish
from core.clients import network_for_limits
from core.redaction import SECRET_NAME
from core.tenancy import across_brands, acting_for
from integrations.credentials import live_secrets
from integrations.models import (
    RECEIVING,
    Connection,
    EventOrigin,
    EventState,
    RefusalReason,
)
from integrations.shop import Delivery, NotUnderstoodError, RawDelivery, Shop
from integrations.shops import SHOPS

TASK = "integrations.work_events"
MAX_BODY_BYTES = 5_000_000  # an order of 1,000 lines, as the wordiest shop states it, has half
MAX_HEADERS, MAX_HEADER_CHARACTERS = 60, 1_000
ALL_OF_THE_REQUEST = {"cookie", "authorization", "proxy-authorization", "forwarded"}
# A repeat of a stored delivery does nothing.
STORE = """
INSERT INTO integrations_event
  (brand_id, connection_id, origin, topic, event_id, store, happened_at, headers, body, received_at,
   state, reason, tries, try_again_at, order_ids, refund_ids, listed_order_ids)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '', 0, %s, '{}', '{}', '{}')
ON CONFLICT (brand_id, connection_id, event_id) WHERE event_id <> '' DO NOTHING
RETURNING id
"""
COUNT = """
INSERT INTO integrations_refuseddelivery AS kept
  (brand_id, connection_id, reason, hour, number, last_at, last_network)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (brand_id, connection_id, reason, hour) DO UPDATE
SET number = kept.number + EXCLUDED.number, last_at = EXCLUDED.last_at,
  last_network = EXCLUDED.last_network
"""


Refusal = tuple[int, str, datetime]  # connection, reason, hour


class Refusals:
    """Refused deliveries that are counted in this process while others of the same row are written.

    In a flood each would wait for the one before to commit, and hold the place of a good delivery.
    Those that come during a write are added to the next one. The last of a flood may be left out.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Refusal, int] = {}  # with those of a row that is being written

    def count(self, refusal: Refusal, write: Callable[[int], None]) -> None:
        """Have one more written, by `write` with their number or by another thread."""
        with self._lock:
            if refusal in self._waiting:
                self._waiting[refusal] += 1
                return
            self._waiting[refusal] = 0
        try:
            write(1)
            if waiting := self._take(refusal):
                write(waiting)
        finally:
            with self._lock:
                del self._waiting[refusal]

    def _take(self, refusal: Refusal) -> int:
        with self._lock:
            waiting, self._waiting[refusal] = self._waiting[refusal], 0
        return waiting


REFUSALS = Refusals()


class Receipt(StrEnum):
    """What became of a delivery, for the answer to the shop."""

    STORED = "stored"
    REPEATED = "repeated"
    PING = "ping"
    UNKNOWN = "unknown"  # no such connection, or one that was removed
    FORGED = "forged"
    TOO_LARGE = "too large"


@dataclass(frozen=True, slots=True)
class Received:
    """`event` is the id of the Event that was stored; None for a repeat or a refusal."""

    receipt: Receipt
    event: int | None = None


def receive_delivery(
    *,
    public_id: UUID,
    raw: RawDelivery,
    network: str,
    now: datetime,
    origin: EventOrigin = EventOrigin.DELIVERED,
) -> Received:
    """Check and store a delivery to a connection's address, and wake a worker.

    Of a body that is too large, the first bytes will do. What is refused is counted, and nothing of
    it is kept.
    """
    raw = raw.in_lower_case()
    found = _connection(public_id)
    if found is None:
        return Received(Receipt.UNKNOWN)
    with acting_for(found.brand_id):
        if len(raw.body) > MAX_BODY_BYTES:
            _count_refused(found, RefusalReason.TOO_LARGE, network=network, now=now)
            return Received(Receipt.TOO_LARGE)
        shop = SHOPS[found.kind]
        if shop.is_ping(raw.headers, raw.body):
            return Received(Receipt.PING)
        secrets = live_secrets(found, now=now)
        if not secrets or not shop.is_signed(raw.headers, raw.body, secrets=secrets, now=now):
            _count_refused(found, RefusalReason.SIGNATURE, network=network, now=now)
            return Received(Receipt.FORGED)
        stored = store_event(found, read_delivery(shop, raw), raw, origin=origin, now=now)
        if stored is None:
            return Received(Receipt.REPEATED)
        wake(found)
        return Received(Receipt.STORED, stored)


def read_delivery(shop: Shop, raw: RawDelivery) -> Delivery:
    """Return what the headers say. One that says nothing is the shop's too: a worker says why."""
    try:
        return shop.read_headers(raw.headers, raw.body)
    except NotUnderstoodError:
        return Delivery(topic="")


def store_event(
    connection: Connection,
    delivery: Delivery,
    raw: RawDelivery,
    *,
    origin: EventOrigin,
    now: datetime,
) -> int | None:
    """Store a delivery in one statement; return the id of its Event, None for a repeat."""
    row = (
        connection.brand_id,
        connection.pk,
        origin.value,
        _plain(delivery.topic, 120),
        _plain(delivery.event_id, 200),
        _plain(delivery.store, 200),
        delivery.happened_at,
        json.dumps(kept_headers(raw.headers)),
        raw.body,
        now,
        EventState.WAITING.value,
        now,
    )
    with database.cursor() as cursor:
        cursor.execute(STORE, row)
        stored = cursor.fetchone()
    return int(stored[0]) if stored else None


def wake(connection: Connection) -> None:
    """Have a worker look at the connection's waiting events. A lost message delays it a little."""
    brand_id, pk = connection.brand_id, connection.pk
    transaction.on_commit(lambda: publish(TASK, brand_id=brand_id, connection_id=pk))


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers without those that let somebody in, bounded in number and length."""
    kept = {
        _plain(name, 100): _plain(value, MAX_HEADER_CHARACTERS)
        for name, value in headers.items()
        if name not in ALL_OF_THE_REQUEST and not SECRET_NAME.fullmatch(name)
    }
    return dict(list(kept.items())[:MAX_HEADERS])


def _plain(text: str, characters: int) -> str:
    """Text that PostgreSQL can store."""
    return text.replace("\x00", "")[:characters].encode("utf-8", "replace").decode()


def _connection(public_id: UUID) -> Connection | None:
    with across_brands(reason="the address names the connection before its brand is known"):
        return Connection.objects.filter(public_id=public_id, state__in=RECEIVING).first()


def _count_refused(
    connection: Connection, reason: RefusalReason, *, network: str, now: datetime
) -> None:
    """Count a refused delivery in the row of its hour, so that a flood makes few rows."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    seen_from = network_for_limits(network)[:64]

    def write(number: int) -> None:
        row = (connection.brand_id, connection.pk, reason.value, hour, number, now, seen_from)
        with database.cursor() as cursor:
            cursor.execute(COUNT, row)

    REFUSALS.count((connection.pk, reason.value, hour), write)
