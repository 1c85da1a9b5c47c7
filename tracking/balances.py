"""One member's balance in one offer, the same as the ledger's sum, without adding all of it up.

`payouts.ledger.balances` defines it: the sum of the entries. The commissions among them are what
the daily totals keep (`reconcile` proves it), everything else is few, and what waits out its hold
is read from an index. So it costs the same with a million conversions as with a thousand.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, Sum

from payouts.ledger import Balance
from payouts.models import EARNED_KINDS, EntryKind, LedgerEntry
from tracking.models import DailyTotal


def balance_of(enrollment_id: int, *, now: datetime) -> Balance:
    """The balance now. Three queries.

    No payment takes an entry that still waits, so whatever was paid or is on its way was due.
    """
    entries = LedgerEntry.objects.filter(enrollment=enrollment_id)
    few = entries.filter(~Q(kind=EntryKind.COMMISSION)).aggregate(
        adjusted=Sum("amount_minor", filter=Q(kind=EntryKind.ADJUSTMENT)),
        moved=Sum("amount_minor", filter=~Q(kind=EntryKind.ADJUSTMENT)),
        paid=Sum("amount_minor", filter=Q(kind=EntryKind.PAYOUT, payout__state="paid")),
    )
    adjusted, moved, paid = (few[name] or 0 for name in ("adjusted", "moved", "paid"))
    commission = DailyTotal.objects.filter(enrollment=enrollment_id).aggregate(
        sum=Sum("commission_minor")
    )
    waiting = entries.filter(kind__in=EARNED_KINDS, available_at__gt=now).aggregate(
        sum=Sum("amount_minor")
    )
    earned, held = (commission["sum"] or 0) + adjusted, waiting["sum"] or 0
    return Balance(
        earned_minor=earned,
        due_minor=earned + moved - held,
        held_minor=held,
        on_the_way_minor=paid - moved,
        paid_minor=-paid,
    )
