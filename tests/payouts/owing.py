"""Post to the ledger, and read the lines of a run."""

from __future__ import annotations

from datetime import datetime

from offers.models import Enrollment
from payouts.models import LedgerEntry, PayoutRun
from payouts.selectors import run_members
from payouts.services import adjust
from tests.cast import NOW, SYSTEM


def earn(
    enrollment: Enrollment, minor: int, currency: str = "GBP", *, available_at: datetime = NOW
) -> LedgerEntry:
    """A bonus, which may be paid from `available_at` on."""
    return adjust(
        enrollment=enrollment,
        currency=currency,
        amount_minor=minor,
        note="bonus",
        by=SYSTEM,
        now=available_at,
    )


def listed(run: PayoutRun, *, left_out: bool = False) -> list[tuple[int, int]]:
    """The members of the run and what each is due."""
    return [(row.member_id, row.due_minor) for row in run_members(run, left_out=left_out)]
