"""Settle what waits for endpoints that are not on, so that it does not wait for ever."""

from __future__ import annotations

from datetime import datetime

from core.jobs import unleased
from core.tenancy import across_brands
from webhooks.dispatching import NOT_ON
from webhooks.models import WAITING_STATES, Delivery, DeliveryState, Endpoint, EndpointState

BATCH = 1_000  # rows of one statement
MAX_BATCHES = 20  # of one call, so that it ends soon


def settle_stopped(*, now: datetime) -> int:
    """Mark as not sent what waits for endpoints that were turned off, disabled or deleted."""
    settled = 0
    with across_brands(reason="endpoints that are not on are found over all brands"):
        stopped = Endpoint.objects.exclude(state=EndpointState.ON).order_by("pk")
        waiting = Delivery.objects.filter(state__in=WAITING_STATES, endpoint__in=stopped)
        for _ in range(MAX_BATCHES):
            ids = list(
                unleased(waiting, now=now).order_by("pk").values_list("pk", flat=True)[:BATCH]
            )
            if not ids:
                break
            settled += (
                unleased(waiting, now=now)
                .filter(pk__in=ids)
                .update(
                    state=DeliveryState.SKIPPED,
                    reason=NOT_ON,
                    next_attempt_at=None,
                    settled_at=now,
                    lease_token=None,
                    lease_until=None,
                )
            )
    return settled
