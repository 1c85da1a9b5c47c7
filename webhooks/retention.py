"""Empty old bodies, delete old attempts, and what belonged to deleted endpoints.

Deliveries themselves stay, as the outbox's neighbours do: by them a target's next sequence number
is known.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core.batches import found_in_batches
from core.tenancy import across_brands
from webhooks.models import WAITING_STATES, Attempt, Delivery, DeliveryState, EndpointState

KEPT_FOR = timedelta(days=30)
BATCH = 1_000  # rows of one statement
MAX_BATCHES = 1_000  # of one call: the next one goes on
TOO_OLD = "It waited until its body was deleted, after 30 days."


def delete_old(*, now: datetime) -> int:
    """Empty bodies and delete attempts older than KEPT_FOR, of all brands; return how many rows."""
    with across_brands(reason="old deliveries of every brand are emptied"):
        return _empty_bodies(now=now) + _delete_attempts(now=now) + _delete_of_deleted()


def _empty_bodies(*, now: datetime) -> int:
    old = Delivery.objects.filter(created_at__lt=now - KEPT_FOR).exclude(body="")
    emptied = 0
    for ids in found_in_batches(old.order_by("created_at"), BATCH, most=MAX_BATCHES):
        chosen = Delivery.objects.filter(pk__in=ids)
        chosen.filter(state__in=WAITING_STATES).update(
            state=DeliveryState.GIVEN_UP,
            reason=TOO_OLD,
            next_attempt_at=None,
            settled_at=now,
            lease_token=None,
            lease_until=None,
        )
        emptied += chosen.exclude(state__in=WAITING_STATES).update(body="")
    return emptied


def _delete_attempts(*, now: datetime) -> int:
    old = Attempt.objects.filter(at__lt=now - KEPT_FOR)
    deleted = 0
    for ids in found_in_batches(old.order_by("at"), BATCH, most=MAX_BATCHES):
        deleted += Attempt.objects.filter(pk__in=ids).delete()[0]
    return deleted


def _delete_of_deleted() -> int:
    """Deliveries of deleted endpoints, and their attempts."""
    gone = Delivery.objects.filter(endpoint__state=EndpointState.DELETED, lease_until=None)
    deleted = 0
    for ids in found_in_batches(gone.order_by("pk"), BATCH, most=MAX_BATCHES):
        deleted += Attempt.objects.filter(delivery__in=ids).delete()[0]
        deleted += Delivery.objects.filter(pk__in=ids).delete()[0]
    return deleted
