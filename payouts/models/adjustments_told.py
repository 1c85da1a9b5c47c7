"""What the outbox tells of a balance that was adjusted."""

from __future__ import annotations

import pgtrigger

from accounts.models import OutboxEvent
from accounts.outbox.triggers import event_of_new
from offers.joins import JOIN_ENROLLMENT_OF_ADDED, WHO_IS_TOLD


def tells_adjustments() -> pgtrigger.Trigger:
    """Tell all of an entry: no operation of the API shows it."""
    return event_of_new(
        OutboxEvent.BALANCE_ADJUSTED,
        name="payouts_balance_adjusted",
        target="ledgerentry",
        data={
            **WHO_IS_TOLD,
            "kind": "added.kind",
            "currency": "added.currency",
            "amount_minor": "added.amount_minor",
        },
        where="added.kind IN ('adjustment', 'write_off')",
        join=JOIN_ENROLLMENT_OF_ADDED,
    )
