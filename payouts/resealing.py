"""Seal payout details anew after a key was put in front, so that the old key can be taken off."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from payouts.models import PayoutDetails
from payouts.sealing import SealError, is_sealed_by_first_key, reseal

BATCH = 200


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many details were sealed anew, and how many no key of ours opens."""

    resealed: int
    unreadable: int


def reseal_details(*, after: int) -> tuple[Resealed, int | None]:
    """One batch of the details whose row comes after the number `after`, in one transaction.

    Returns what was done and where the next batch begins: None when there is none. What the first
    key sealed already stays as it is, so a second run changes nothing. Nobody's details change, so
    no audit log has a line of it.
    """
    with transaction.atomic():
        rows = list(
            PayoutDetails.objects.select_for_update().filter(pk__gt=after).order_by("pk")[:BATCH]
        )
        done = unreadable = 0
        for row in rows:
            if is_sealed_by_first_key(row.sealed):
                continue
            try:
                row.sealed = reseal(row.sealed)
            except SealError:
                unreadable += 1
                continue
            row.save(update_fields=["sealed"])
            done += 1
    return Resealed(done, unreadable), rows[-1].pk if len(rows) == BATCH else None
