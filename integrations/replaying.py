"""Work on stored deliveries again, at the wish of staff: one, or all that match."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.audit_log import audit
from core.jobs import unleased
from integrations.models import Connection, Event, EventState
from integrations.receiving import wake

MAX_REPLAYED_AT_ONCE = 10_000
MAX_NAMED = 100  # ids in the audit log


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many will be worked on again, and how many can't be, as their contents are gone."""

    events: int
    without_body: int


@transaction.atomic
def replay_events(*, events: QuerySet[Event], by: Actor, now: datetime) -> Replayed:
    """Have these events worked on again. What is recorded already stays as it is.

    One that a worker has now is left to it. At most MAX_REPLAYED_AT_ONCE, the oldest first.
    """
    free = unleased(events, now=now)
    without_body = free.filter(body=None).count()
    chosen = free.filter(body__isnull=False).order_by("pk")
    rows = list(chosen.values_list("pk", "connection")[:MAX_REPLAYED_AT_ONCE])
    ids = [pk for pk, _ in rows]
    Event.objects.filter(pk__in=ids, body__isnull=False).update(
        state=EventState.WAITING, reason="", tries=0, try_again_at=now
    )
    connections = list(Connection.objects.filter(pk__in={of for _, of in rows}).order_by("pk"))
    audit.record_many(
        action="event.replayed",
        targets=[
            (one, {"events": [pk for pk, of in rows if of == one.pk][:MAX_NAMED]})
            for one in connections
        ],
        by=by,
        now=now,
    )
    for one in connections:
        wake(one)
    return Replayed(len(ids), without_body)
