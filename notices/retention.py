"""Delete old notices: what they tell is not told again once it is older than TOLD_WITHIN."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.batches import found_in_batches
from core.tenancy import across_brands
from notices.models import Notice

KEPT_FOR = timedelta(days=60)
BATCH = 1_000  # rows of one statement
MAX_BATCHES = 1_000  # of one call: the next one goes on


def delete_old(*, now: datetime) -> int:
    """Delete settled notices of what happened longer than KEPT_FOR ago; return how many."""
    deleted = 0
    with across_brands(reason="old notices of every brand are deleted"):
        old = Notice.objects.filter(settled_at__lt=now - KEPT_FOR, happened_at__lt=now - KEPT_FOR)
        for ids in found_in_batches(old.order_by("settled_at"), BATCH, most=MAX_BATCHES):
            deleted += Notice.objects.filter(pk__in=ids).delete()[0]
    return deleted
