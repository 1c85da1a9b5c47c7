"""Delete entries of the outbox that are older than anybody may need."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import OutboxEntry
from core.tenancy import across_brands

KEPT = timedelta(days=30)
MAX_DELETED_AT_ONCE = 10_000  # so that a statement lasts less than a second


def delete_old_entries(*, now: datetime) -> int:
    """Delete what was written more than `KEPT` ago, of all brands; returns how many rows."""
    deleted = 0
    with across_brands(reason="entries grow old alike in every brand"):
        while True:
            old = OutboxEntry.objects.filter(written_at__lt=now - KEPT)
            ids = list(old.values_list("pk", flat=True)[:MAX_DELETED_AT_ONCE])
            if not ids:
                return deleted
            deleted += OutboxEntry.objects.filter(pk__in=ids).delete()[0]
