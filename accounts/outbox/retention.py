"""Delete old entries of the outbox."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import OutboxEntry
from core.batches import found_in_batches
from core.tenancy import across_brands

ENTRIES_KEPT_FOR = timedelta(days=30)
MAX_DELETED_AT_ONCE = 10_000  # a statement then takes less than a second


def delete_old_entries(*, now: datetime) -> int:
    """Delete entries older than `ENTRIES_KEPT_FOR`, of all brands; returns their number."""
    deleted = 0
    with across_brands(reason="old entries of every brand are deleted"):
        old = OutboxEntry.objects.filter(written_at__lt=now - ENTRIES_KEPT_FOR)
        for ids in found_in_batches(old, MAX_DELETED_AT_ONCE):
            deleted += OutboxEntry.objects.filter(pk__in=ids).delete()[0]
    return deleted
