"""The keys with which visitors are hashed: a random one for each day (UTC).

They are made two days ahead, so that web processes hold the key of a day before it begins, and
deleted when the day has been over for a day. Then nobody can compute that day's hashes again.
"""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, timedelta

from django.db import transaction

from tracking.models import VisitorKey

KEY_BYTES = 32
DAYS_AHEAD = 2
DAYS_KEPT = 2  # the day itself and the one after it, for clicks around midnight


@transaction.atomic
def renew_visitor_keys(*, now: datetime) -> None:
    """Make the missing keys of today and the days ahead, and delete the old ones."""
    today = now.astimezone(UTC).date()
    VisitorKey.objects.bulk_create(
        [
            VisitorKey(day=today + timedelta(days=ahead), key=secrets.token_bytes(KEY_BYTES))
            for ahead in range(DAYS_AHEAD + 1)
        ],
        ignore_conflicts=True,
    )
    VisitorKey.objects.filter(day__lte=today - timedelta(days=DAYS_KEPT)).delete()


def visitor_keys() -> dict[date, bytes]:
    """Return the keys that are kept, by day (UTC)."""
    return {row.day: bytes(row.key) for row in VisitorKey.objects.order_by("day")}
