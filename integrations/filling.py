"""Fetch orders that changed: what the shop did not deliver, and its history on connecting.

What is fetched is stored as events, like deliveries, and worked on like them. A state of an order
that was fetched before is not stored again.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from accounts.actors import Actor
from background.models import Work
from background.running import WorkError, WorkSlice, count_batch
from background.work_requests import WorkRequest, request_and_enqueue_work
from core.broker import publish
from core.jobs import claim, unleased
from core.outgoing import calls_within
from core.references import Reference
from core.tenancy import across_brands
from integrations.connections import NotConnectedError, client_of, subscribe
from integrations.models import Connection, ConnectionState, EventOrigin
from integrations.receiving import read_delivery, store_event, wake
from integrations.shop import AccessRefusedError, RawDelivery, ShopAwayError
from integrations.shops import filled_every, shop_of
from integrations.states import note_access_refused
from integrations.working import actor_of

FILL = "integrations.fill"
HISTORY = "history_import"  # the kind of work
HISTORY_BATCH = 20  # deliveries of one transaction
# Fetched again each time, for clocks that differ and for orders that were being changed.
OVERLAP = timedelta(minutes=30)
LEASE = timedelta(minutes=15)  # of the one worker that fetches
# A shop that answers slowly keeps a worker no longer. An import that was cut has failed.
FILL_SECONDS, HISTORY_SECONDS = 600.0, 3_600.0
TRY_AGAIN_AFTER = timedelta(minutes=15)
CHECK_WEBHOOKS_EVERY = timedelta(hours=20)
MAX_FILLED_AT_ONCE = 200
Clock = Callable[[], datetime]


def enqueue_due_fills(*, now: datetime) -> list[int]:
    """Send a message for each connection whose orders are to be fetched; return those."""
    with across_brands(reason="connections that are due are found over all brands"):
        due = unleased(Connection.objects.filter(next_fill_at__lte=now), now=now)
        due = due.filter(state__in=[ConnectionState.WAITING, ConnectionState.CONNECTED])
        found = list(due.order_by("next_fill_at").values_list("brand_id", "pk"))
    for brand_id, pk in found[:MAX_FILLED_AT_ONCE]:
        publish(FILL, brand_id=brand_id, connection_id=pk)
    return [pk for _, pk in found[:MAX_FILLED_AT_ONCE]]


def fill(*, connection_id: int, now: datetime, clock: Clock = timezone.now) -> int:
    """Check the webhooks if that is due, and fetch what changed; return how many were new.

    Does nothing if another worker is at it, or if it is not due.
    """
    due = Connection.objects.filter(pk=connection_id, next_fill_at__lte=now).live()
    token, ids = claim(due, limit=1, lease=LEASE, now=now)
    if not ids:
        return 0
    connection = Connection.objects.get(pk=connection_id)
    by = actor_of(connection)
    pause = TRY_AGAIN_AFTER
    try:
        checked = connection.subscribed_at
        with calls_within(FILL_SECONDS):
            if checked is None or now - checked >= CHECK_WEBHOOKS_EVERY:
                subscribe(connection=connection, by=by, now=now)
            stored = back_fill(connection=connection, now=now, clock=clock)
        pause = filled_every(connection.kind)
    except ShopAwayError as error:
        pause = max(pause, timedelta(seconds=min(error.retry_after or 0, 86_400)))
        return 0
    except AccessRefusedError as error:
        note_access_refused(connection, str(error), by=by, now=now)
        return 0
    except NotConnectedError:
        return 0
    finally:
        held = Connection.objects.filter(pk=connection_id, lease_token=token)
        held.update(lease_token=None, lease_until=None)
        Connection.objects.live().filter(pk=connection_id).update(next_fill_at=clock() + pause)
    return stored


def back_fill(*, connection: Connection, now: datetime, clock: Clock = timezone.now) -> int:
    """Store what changed since the last time; return how many states of orders were new.

    Raises the errors of the shop's client. What was stored until then stays; the next time begins
    where this one did.
    """
    since = (connection.filled_until or connection.connected_at or now) - OVERLAP
    stored = 0
    for raw in client_of(connection).changed_since(since):
        stored += _store(connection, raw, now=clock())[0]
    Connection.objects.filter(pk=connection.pk).update(filled_until=now)
    if stored:
        wake(connection)
    return stored


def _store(
    connection: Connection, fetched: RawDelivery, *, now: datetime
) -> tuple[bool, datetime | None]:
    """Store a fetched delivery. Return whether it is new, and when it happened."""
    raw = fetched.in_lower_case()
    read = read_delivery(shop_of(connection.kind), raw)
    digest = hashlib.sha256(raw.body).hexdigest()
    stored = store_event(
        connection,
        replace(read, event_id=f"fetched-{digest}"),
        raw,
        origin=EventOrigin.FETCHED,
        now=now,
    )
    return stored is not None, read.happened_at


def request_history(
    *, connection: Connection, since: datetime, confirmation: uuid.UUID, by: Actor, now: datetime
) -> Work:
    """Have a worker fetch all orders that changed since then. Its progress is on its page."""
    request = WorkRequest(
        kind=HISTORY,
        title=f"Orders of {connection.name}",
        about=Reference.to(connection),
        total=0,  # the shop does not say how many there are
        confirmation=confirmation,
        parameters={"connection": connection.pk, "since": since.timestamp()},
    )
    return request_and_enqueue_work(request, by=by, now=now)


def import_history(work_slice: WorkSlice) -> bool:
    """Fetch the history for one slice; True when all is stored.

    The cursor is the second up to which it is stored, so a slice begins where the last one ended.
    """
    parameters = work_slice.work.parameters
    connection = Connection.objects.filter(pk=parameters["connection"]).first()
    if connection is None or not connection.is_live:
        raise WorkError("The shop is not connected any more.")
    since = datetime.fromtimestamp(work_slice.work.cursor or parameters["since"], tz=UTC)
    try:
        with calls_within(HISTORY_SECONDS):
            return _import_since(since, work_slice, connection)
    except ShopAwayError as error:
        raise WorkError(f"{error} What was fetched stays; start it again later.") from error
    except AccessRefusedError as error:
        note_access_refused(connection, str(error), by=work_slice.by, now=work_slice.clock())
        raise WorkError(str(error)) from error


def _import_since(since: datetime, work_slice: WorkSlice, connection: Connection) -> bool:
    batch: list[RawDelivery] = []
    for raw in client_of(connection).changed_since(since):
        batch.append(raw)
        if len(batch) == HISTORY_BATCH:
            moved = _keep_batch(work_slice, connection, batch)
            batch = []
            # Without a time that moves on, another slice would begin where this one did.
            if work_slice.is_over and moved:
                return False
    if batch:
        _keep_batch(work_slice, connection, batch)
    return True


def _keep_batch(work_slice: WorkSlice, connection: Connection, batch: list[RawDelivery]) -> bool:
    """Store and count a batch; return whether the cursor moved on."""
    now, new = work_slice.clock(), 0
    with work_slice.batch() as work:
        before = work.cursor
        for raw in batch:
            is_new, happened_at = _store(connection, raw, now=now)
            new += is_new
            if happened_at is not None:
                work.cursor = max(work.cursor, int(happened_at.timestamp()))
        work.total += len(batch)
        count_batch(work, done=len(batch), counts={"fetched": new, "known": len(batch) - new})
        wake(connection)
    return work.cursor > before
