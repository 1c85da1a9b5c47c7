"""Encrypt payout details again with a new first key, so that the old key can be removed."""

from __future__ import annotations

from django.db import transaction

from core.resealing import Resealed
from payouts.fingerprints import fingerprint_of, opened
from payouts.models import PayoutDetails
from payouts.sealing import SealError, is_sealed_by_first_key, reseal

BATCH = 200


def reseal_details(*, after: int) -> tuple[Resealed, int | None]:
    """Encrypt one batch of details with ids above `after` again, in one transaction.

    Returns the counts and the `after` of the next batch, None after the last. Details that use the
    first key already and have a fingerprint stay as they are, so a second run changes nothing. The
    details themselves don't change, so there is no audit entry.
    """
    with transaction.atomic():
        rows = list(
            PayoutDetails.objects.select_for_update().filter(pk__gt=after).order_by("pk")[:BATCH]
        )
        done = unreadable = 0
        for row in rows:
            is_first, owner = is_sealed_by_first_key(row.sealed), row.creator_id
            if is_first and row.fingerprint:
                continue
            try:
                row.fingerprint = fingerprint_of(opened(owner, row.sealed))
                row.sealed = row.sealed if is_first else reseal(row.sealed)
            except SealError:
                unreadable += 1
                continue
            row.save(update_fields=["sealed", "fingerprint"])
            done += 1
    return Resealed(done, unreadable), rows[-1].pk if len(rows) == BATCH else None
