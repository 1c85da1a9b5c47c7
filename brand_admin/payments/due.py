"""Who is due money now, as the list of payments due shows it and as its export writes it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from affiliates.selectors import members
from core.money import Money
from payouts.ledger import DueRow, due_by_member


@dataclass(frozen=True, slots=True)
class DueNow:
    """`totals` are per currency and of everybody, whoever is searched for."""

    rows: list[DueRow]
    totals: list[Money]


def due_now(search: str, *, own: str, now: datetime) -> DueNow:
    """Per member and currency, the brand's `own` currency first, the largest first in each."""
    rows = sorted(due_by_member(now=now), key=lambda row: (row.currency != own, row.currency))
    totals: dict[str, int] = defaultdict(int)
    for row in rows:
        totals[row.currency] += row.due_minor
    if search:
        matching = set(members(search=search).values_list("pk", flat=True))
        rows = [row for row in rows if row.member_id in matching]
    return DueNow(rows, [Money(minor, currency) for currency, minor in totals.items()])
