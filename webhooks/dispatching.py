"""Make a delivery of each new entry of the outbox, for each endpoint that wants it.

A trigger notes each entry as one that waits, in the entry's own transaction. Here the note is
deleted in the transaction that makes the deliveries. So each entry is read once, however late its
transaction commits, and a process that was killed leaves it as it was.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from accounts.models import OutboxEntry
from core.postgres.outages import defects_logged
from core.tenancy import across_brands, acting_for
from webhooks.bodies import body_of
from webhooks.events import is_wanted
from webhooks.models import Delivery, DeliveryState, Endpoint, WaitingEntry

BATCH = 500  # entries of a brand in one transaction; then other brands go first
MAX_BRANDS_AT_ONCE = 200
NOT_ON = "The endpoint was off."
logger = logging.getLogger(__name__)


def dispatch_waiting(*, now: datetime) -> int:
    """Make the deliveries of entries that wait, up to BATCH of each brand; return how many entries.

    Two processes may do this at once.
    """
    with across_brands(reason="entries that no endpoint was told of are found over all brands"):
        found = WaitingEntry.objects.order_by().values_list("brand_id", flat=True).distinct()
        brands = list(found[:MAX_BRANDS_AT_ONCE])
    read = 0
    for brand_id in brands:
        with acting_for(brand_id), defects_logged(logger, "the outbox could not be dispatched"):
            read += _dispatch(now=now)
    return read


@transaction.atomic
def _dispatch(*, now: datetime) -> int:
    """Of the brand in scope. The lock on its endpoints lets one process at a time do it."""
    endpoints = list(
        Endpoint.objects.kept().select_for_update(no_key=True).defer("reason").order_by("pk")
    )
    waiting = list(WaitingEntry.objects.order_by("entry", "pk")[:BATCH])
    if not waiting:
        return 0
    entries = OutboxEntry.objects.in_bulk([one.entry for one in waiting])
    pairs = [
        (endpoint, one, entries[one.entry])
        for one in waiting
        if one.entry in entries  # it may be gone: after 30 days nobody waits for it
        for endpoint in endpoints
        if is_wanted(endpoint, entries[one.entry].event)
    ]
    known = _known(endpoints, waiting)
    pairs = [each for each in pairs if (each[0].pk, each[1].entry) not in known]
    targets = _Targets.of(endpoints, {entry.target for _, _, entry in pairs})
    Delivery.objects.insert_many(
        _delivery(endpoint, one, entry, targets, now=now) for endpoint, one, entry in pairs
    )
    WaitingEntry.objects.filter(pk__in=[one.pk for one in waiting]).delete()
    return len(waiting)


def _known(
    endpoints: Sequence[Endpoint], waiting: Iterable[WaitingEntry]
) -> set[tuple[int, int | None]]:
    """The deliveries that are there already, by endpoint and entry."""
    rows = Delivery.objects.filter(endpoint__in=endpoints, entry__in=[one.entry for one in waiting])
    return set(rows.values_list("endpoint_id", "entry"))


@dataclass(slots=True)
class _Targets:
    """Of each endpoint and target, the last sequence number, and when one that waits is due."""

    last: dict[tuple[int, str], int] = field(default_factory=dict)
    due: dict[tuple[int, str], datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, endpoints: Sequence[Endpoint], targets: Iterable[str]) -> _Targets:
        found = cls()
        rows = Delivery.objects.filter(endpoint__in=endpoints, target__in=list(targets))
        grouped = rows.order_by().values_list("endpoint_id", "target")
        for endpoint, target, last, due in grouped.annotate(
            last=Max("sequence"), due=Max("next_attempt_at")
        ):
            found.last[endpoint, target] = last
            if due is not None:
                found.due[endpoint, target] = due
        return found

    def next_number(self, endpoint: int, target: str) -> int:
        number = self.last.get((endpoint, target), 0) + 1
        self.last[endpoint, target] = number
        return number


def _delivery(
    endpoint: Endpoint,
    waiting: WaitingEntry,
    entry: OutboxEntry,
    targets: _Targets,
    *,
    now: datetime,
) -> Delivery:
    sequence = targets.next_number(endpoint.pk, entry.target)
    due = max(now, targets.due.get((endpoint.pk, entry.target), now))
    row = Delivery(
        endpoint=endpoint,
        entry=entry.pk,
        event_id=waiting.event_id,
        event=entry.event,
        target=entry.target,
        sequence=sequence,
        body=body_of(
            brand_id=endpoint.brand_id,
            event=entry.event,
            happened_at=entry.written_at,
            target=entry.target,
            sequence=sequence,
            values=entry.data,
        ),
        happened_at=entry.written_at,
        created_at=now,
        next_attempt_at=due,
    )
    if not endpoint.is_on:
        row.state, row.reason = DeliveryState.SKIPPED, NOT_ON
        row.next_attempt_at, row.settled_at = None, now
    return row
