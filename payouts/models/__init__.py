"""The tables of payments; what is listed here is public."""

from payouts.models.details import DetailsRelease, PayoutDetails, PayoutMethod
from payouts.models.payments import (
    EARNED_KINDS,
    GIVEN_KINDS,
    OPEN_STATES,
    PAYABLE_KINDS,
    RUN_STATE_OF_PAYMENTS,
    EntryKind,
    LedgerEntry,
    LedgerSum,
    Payout,
    PayoutItem,
    PayoutRun,
    PayoutRunEntry,
    PayoutRunMember,
    PayoutState,
)

__all__ = [
    "EARNED_KINDS",
    "GIVEN_KINDS",
    "OPEN_STATES",
    "PAYABLE_KINDS",
    "RUN_STATE_OF_PAYMENTS",
    "DetailsRelease",
    "EntryKind",
    "LedgerEntry",
    "LedgerSum",
    "Payout",
    "PayoutDetails",
    "PayoutItem",
    "PayoutMethod",
    "PayoutRun",
    "PayoutRunEntry",
    "PayoutRunMember",
    "PayoutState",
]
