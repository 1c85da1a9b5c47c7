"""Take a write-off back, as far as the debt that was written off turns out not to be one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Sum

from payouts import ledger
from payouts.models import EntryKind, LedgerEntry


@dataclass(frozen=True, slots=True)
class Raised:
    """What an enrollment is owed more, in minor units, because of a fact known since a time."""

    enrollment_id: int
    minor: int
    known_since: datetime


def take_back_write_offs(raised: Iterable[Raised], *, now: datetime) -> None:
    """Post back what was written off and is owed again to members, not more than was raised.

    A payment that comes back, or a correction of an old order, makes the debt smaller that was
    written off. Facts that became known after the write-off do not: they are owed in full.
    """
    causes = list(raised)
    written = (
        LedgerEntry.objects.filter(
            enrollment__in={cause.enrollment_id for cause in causes}, kind=EntryKind.WRITE_OFF
        )
        .values("enrollment_id", "currency")
        .annotate(minor=Sum("amount_minor"), last=Max("posted_at"))
        if causes
        else ()
    )
    rows = [row for row in written if row["minor"] > 0]
    if not rows:
        return
    of_old_facts: dict[int, int] = defaultdict(int)
    last = {row["enrollment_id"]: row["last"] for row in rows}
    for cause in causes:
        if cause.enrollment_id in last and cause.known_since <= last[cause.enrollment_id]:
            of_old_facts[cause.enrollment_id] += cause.minor
    balances = ledger.balances(list(last), now=now)
    for row in rows:
        pk = row["enrollment_id"]
        owed = max(0, balances[pk].owed_minor)
        minor = min(row["minor"], of_old_facts[pk], owed)
        if minor > 0:
            LedgerEntry.objects.create(
                enrollment_id=pk,
                kind=EntryKind.WRITE_OFF,
                amount_minor=-minor,
                currency=row["currency"],
                posted_at=now,
                available_at=now,
            )
