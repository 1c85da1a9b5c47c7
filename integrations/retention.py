"""Empty the bodies of old deliveries, and delete old counts of refused ones."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from core.batches import found_in_batches
from core.tenancy import across_brands
from integrations.models import Event, EventState, RefusedDelivery

BODIES_KEPT_FOR = timedelta(days=90)
REFUSALS_KEPT_FOR = timedelta(days=30)
BATCH = 1_000  # rows of one statement
TOO_OLD = "It waited until its contents were deleted, after 90 days."


def empty_old_bodies(*, now: datetime) -> int:
    """Empty the bodies and headers of old events, of all brands; return how many."""
    emptied = 0
    with across_brands(reason="old deliveries of every brand are emptied"):
        old = Event.objects.filter(received_at__lt=now - BODIES_KEPT_FOR, body__isnull=False)
        for ids in found_in_batches(old.order_by("received_at"), BATCH):
            chosen = Event.objects.filter(pk__in=ids)
            _give_up(chosen.filter(state=EventState.WAITING), now=now)
            emptied += chosen.update(body=None, headers={})
    return emptied


def _give_up(waiting: QuerySet[Event], *, now: datetime) -> None:
    waiting.update(
        state=EventState.FAILED,
        reason=TOO_OLD,
        try_again_at=None,
        worked_at=now,
        body=None,
        headers={},
    )


def delete_old_refusals(*, now: datetime) -> int:
    """Delete the counts of refused deliveries that are older than REFUSALS_KEPT_FOR."""
    with across_brands(reason="old counts of every brand are deleted"):
        return RefusedDelivery.objects.filter(hour__lt=now - REFUSALS_KEPT_FOR).delete()[0]
