"""Work on stored deliveries: understand each, and record what it states, in one transaction.

A delivery is leased by one worker. Understanding may call the shop, so it happens outside of the
transaction; recording commits together with the delivery's state, or not at all. Where
understanding reads from the shop, one worker at a time works on a connection's deliveries.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import DataError, IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.actors import Actor
from core.broker import publish
from core.db import retried_transaction
from core.jobs import claim, unleased
from core.outgoing import calls_within
from core.tenancy import across_brands, acting_for
from integrations import privacy
from integrations.credentials import credentials_of
from integrations.models import (
    Connection,
    ConnectionState,
    Event,
    EventOrigin,
    EventState,
)
from integrations.reading import Facts, NotYetError, read_statements
from integrations.receiving import TASK
from integrations.recording import record_facts
from integrations.shop import (
    AccessRefusedError,
    Delivery,
    NotUnderstoodError,
    ReadsWhileUnderstanding,
    ShopAwayError,
    Statements,
)
from integrations.shops import shop_of
from integrations.states import end_connection, note_access_refused, note_event, note_orders

SLICE_LENGTH = timedelta(seconds=20)  # then other work goes first
BATCH = 10  # events that are claimed at once
# Before each further try of a delivery that can't be worked on now; after the last it has failed.
PAUSES = tuple(
    timedelta(seconds=one) for one in (30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800)
)
MAX_PAUSE = timedelta(days=1)  # that a shop may ask for
REFUSED_PAUSE = timedelta(hours=1)  # while the shop refuses access; there is no last try
MAX_BEGINNINGS = len(PAUSES) + 4  # with those of workers that were killed
LOST_MESSAGE_AFTER = timedelta(seconds=10)
MAX_CONNECTIONS_AT_ONCE = 1_000
CALLS_OF_AN_EVENT = 3  # that understanding may make; each takes up to half of WORK_LEASE
DEFECT = "We could not read this delivery because of a defect on our side. Try again later."
NOT_STORED = "PostgreSQL refused what this delivery states."
NOTHING = "It states nothing that is recorded."
Clock = Callable[[], datetime]
logger = logging.getLogger(__name__)


def actor_of(connection: Connection) -> Actor:
    return Actor.system(f"shop {connection.name} ({connection.kind})")


def waiting_events(*, now: datetime) -> QuerySet[Event]:
    """Those that may be worked on at `now`."""
    return Event.objects.filter(state=EventState.WAITING, try_again_at__lte=now)


def work_events(*, connection_id: int, now: datetime, clock: Clock = timezone.now) -> int:
    """Work on a connection's waiting events for one slice of time; return how many there were.

    If there are more, a message for the rest is sent.
    """
    worked, ends_at = 0, now + SLICE_LENGTH
    connection = Connection.objects.filter(pk=connection_id).first()
    if connection is None:
        return 0
    is_one_at_a_time = _is_one_at_a_time(connection)
    while True:
        token, ids = _claim(connection, is_one_at_a_time=is_one_at_a_time, now=max(now, clock()))
        for event_id in ids:
            work_on(event_id, token=token, clock=clock)
        worked += len(ids)
        # The message of an event that came while this worker had others led to nothing: look again.
        if len(ids) < (1 if is_one_at_a_time else BATCH):
            return worked
        if clock() >= ends_at:
            publish(TASK, brand_id=connection.brand_id, connection_id=connection_id)
            return worked


def _is_one_at_a_time(connection: Connection) -> bool:
    """Whether its events are worked on by one worker at a time."""
    shop = shop_of(connection.kind)
    return isinstance(shop, ReadsWhileUnderstanding) and shop.reads_while_understanding


@transaction.atomic
def _claim(
    connection: Connection, *, is_one_at_a_time: bool, now: datetime
) -> tuple[uuid.UUID, list[int]]:
    """Claim events that are due; none while another worker has some, where one works at a time."""
    if is_one_at_a_time:
        Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        waiting = Event.objects.filter(connection=connection, state=EventState.WAITING)
        if waiting.filter(lease_until__gt=now).exists():
            return uuid.uuid4(), []
    due = waiting_events(now=now).filter(connection=connection)
    lease = _lease(is_one_at_a_time=is_one_at_a_time)
    return claim(due.order_by("pk"), limit=BATCH, lease=lease, now=now)


def work_on(event_id: int, *, token: uuid.UUID, clock: Clock) -> None:
    """Work on an event that this token holds. Errors of PostgreSQL are raised."""
    event = _begin(event_id, token, now=clock())
    if event is None:
        return
    if event.tries > MAX_BEGINNINGS:
        _end(event, token, EventState.FAILED, f"It was begun {event.tries - 1} times.", now=clock())
        return
    try:
        statements = understand(event)
        facts = read_statements(statements)
        if _is_one_at_a_time(event.connection) and not _is_still_held(event, token, now=clock()):
            return
        _record(event.pk, token, facts, statements, now=clock())
    except NotUnderstoodError as error:
        _end(event, token, EventState.FAILED, str(error), now=clock())
    except (ShopAwayError, NotYetError) as error:
        _try_again(event, token, error, now=clock())
    except AccessRefusedError as error:
        _wait_for_access(event, token, str(error), now=clock())
    except (DataError, IntegrityError):
        logger.exception("event %s states what can't be stored", event.pk)
        _end(event, token, EventState.FAILED, NOT_STORED, now=clock())


def _lease(*, is_one_at_a_time: bool = False) -> timedelta:
    """Longer than a shop may take to answer, where it is asked several things."""
    return timedelta(seconds=settings.WORK_LEASE * (CALLS_OF_AN_EVENT if is_one_at_a_time else 1))


def _is_still_held(event: Event, token: uuid.UUID, *, now: datetime) -> bool:
    """Renew the lease after the shop was read: another worker may have read it since then."""
    held = Event.objects.filter(pk=event.pk, lease_token=token, lease_until__gt=now)
    return bool(held.update(lease_until=now + _lease(is_one_at_a_time=True)))


def _begin(event_id: int, token: uuid.UUID, *, now: datetime) -> Event | None:
    """Count the try before anything can fail; None if another worker has the event by now."""
    held = Event.objects.filter(pk=event_id, lease_token=token, state=EventState.WAITING)
    event = held.select_related("connection").first()
    if event is None:
        return None
    event.tries += 1
    lease = _lease(is_one_at_a_time=_is_one_at_a_time(event.connection))
    taken = held.update(tries=event.tries, lease_until=now + lease)
    return event if taken else None


def understand(event: Event) -> Statements:
    """What the delivery states, in the words of our API. Raises the errors of integrations.shop."""
    connection = event.connection
    shop = shop_of(connection.kind)
    credentials = credentials_of(connection)
    delivery = Delivery(
        topic=event.topic,
        event_id=event.event_id,
        store=event.store,
        happened_at=event.happened_at,
    )
    client = shop.client(credentials) if credentials else None
    lease = _lease(is_one_at_a_time=_is_one_at_a_time(connection))
    try:
        with calls_within(lease.total_seconds()):
            return shop.understand(delivery, bytes(event.body or b""), client=client)
    except (NotUnderstoodError, ShopAwayError, AccessRefusedError):
        raise
    except Exception:
        logger.exception("event %s was not understood", event.pk)
        raise NotUnderstoodError(DEFECT) from None


@retried_transaction
def _record(
    event_id: int, token: uuid.UUID, facts: Facts, statements: Statements, *, now: datetime
) -> None:
    """Record everything with the event's new state. Nothing if another worker took it over."""
    # What is not read here is not written again when the event is saved.
    rows = Event.objects.defer("body", "headers").select_related("connection")
    held = rows.select_for_update(of=("self",))
    event = held.filter(pk=event_id, lease_token=token, state=EventState.WAITING).first()
    if event is None:
        return
    connection = event.connection
    by = actor_of(connection)
    was_read_now = _is_one_at_a_time(connection)
    refused = record_facts(facts, event=event, by=by, now=now, was_read_now=was_read_now)
    state = _state(statements, facts, refused)
    _leave(event, state, refused or _ignored(state, statements), now=now)
    event.save()
    for request in statements.privacy:
        privacy.obey(request, connection=connection, event=event, by=by, now=now)
    if event.origin != EventOrigin.TEST:
        _tell_connection(event, facts, statements, by=by, now=now)


def _state(statements: Statements, facts: Facts, refused: str) -> EventState:
    if refused:
        return EventState.FAILED
    says_something = facts.order_ids or statements.privacy or statements.is_uninstalled
    return EventState.DONE if says_something else EventState.IGNORED


def _ignored(state: EventState, statements: Statements) -> str:
    return statements.ignored or (NOTHING if state is EventState.IGNORED else "")


def _tell_connection(
    event: Event, facts: Facts, statements: Statements, *, by: Actor, now: datetime
) -> None:
    """What the delivery means for its connection. Its row is locked last."""
    connection = event.connection
    begun_at = connection.connected_at or connection.created_at
    was_sent = event.origin == EventOrigin.DELIVERED
    real = [one for one in facts.orders if not one.is_test]
    new = [one for one in real if was_sent or one.ordered_at >= begun_at]
    if new:
        currencies = {one.currency for one in new}
        note_orders(connection, received_at=event.received_at, currencies=currencies)
    if was_sent:
        note_event(connection, received_at=event.received_at)
    # A delivery from before the shop was connected again says nothing of it as it is now.
    if statements.is_uninstalled and event.received_at >= begun_at:
        end_connection(connection, ConnectionState.UNINSTALLED, by=by, now=now)


def _leave(event: Event, state: EventState, reason: str, *, now: datetime) -> None:
    event.state, event.reason, event.worked_at = state, reason[:1_000], now
    event.try_again_at, event.lease_token, event.lease_until = None, None, None


def _end(event: Event, token: uuid.UUID, state: EventState, reason: str, *, now: datetime) -> None:
    Event.objects.filter(pk=event.pk, lease_token=token, state=EventState.WAITING).update(
        state=state,
        reason=reason[:1_000],
        worked_at=now,
        try_again_at=None,
        lease_token=None,
        lease_until=None,
    )


def _try_again(
    event: Event, token: uuid.UUID, error: ShopAwayError | NotYetError, *, now: datetime
) -> None:
    """Let it wait for a while, each time longer; the shop may ask for more."""
    if event.tries > len(PAUSES):
        said = f"{error} It was tried {event.tries} times."
        _end(event, token, EventState.FAILED, said, now=now)
        return
    asked = getattr(error, "retry_after", None) or 0
    pause = max(PAUSES[event.tries - 1], min(timedelta(seconds=asked), MAX_PAUSE))
    _release(event, token, reason=str(error), try_again_at=now + pause, tries=event.tries)


@transaction.atomic
def _wait_for_access(event: Event, token: uuid.UUID, problem: str, *, now: datetime) -> None:
    """It waits until staff gave us access again; the connection says so."""
    _release(event, token, reason=problem, try_again_at=now + REFUSED_PAUSE, tries=0)
    note_access_refused(event.connection, problem, by=actor_of(event.connection), now=now)


def _release(
    event: Event, token: uuid.UUID, *, reason: str, try_again_at: datetime, tries: int
) -> None:
    Event.objects.filter(pk=event.pk, lease_token=token, state=EventState.WAITING).update(
        reason=reason[:1_000],
        try_again_at=try_again_at,
        tries=tries,
        lease_token=None,
        lease_until=None,
    )


def sweep_events(*, now: datetime) -> list[int]:
    """Send a message for each connection with events that no worker has; return those.

    Called every few seconds by beat; a message that arrives twice does nothing.
    """
    first_try = Q(tries=0, try_again_at__lte=now - LOST_MESSAGE_AFTER)
    with across_brands(reason="deliveries that no worker has are found over all brands"):
        idle = unleased(waiting_events(now=now), now=now).filter(first_try | Q(tries__gt=0))
        found = idle.order_by().values_list("brand_id", "connection_id").distinct()
        due = sorted(found[:MAX_CONNECTIONS_AT_ONCE])
    for brand_id, connection_id in due:
        with acting_for(brand_id):
            transaction.on_commit(
                partial(publish, TASK, brand_id=brand_id, connection_id=connection_id)
            )
    return [connection_id for _, connection_id in due]
