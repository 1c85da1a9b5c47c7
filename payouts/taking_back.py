"""Take a write-off back, as far as the debt that was written off turns out not to be one.

The debt comes from commission that was lower than what was paid. So it becomes smaller when a
payment from before the write-off comes back, and when a conversion earns again what it had lost
before: its refund is undone, its rejection is withdrawn. What is earned for the first time is no
part of that, also if its order came before the write-off and was accepted only now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from django.db.models import Sum

from core.db import lock_identities
from core.tenancy import current_brand_id
from payouts import ledger
from payouts.models import EntryKind, LedgerEntry


@dataclass(frozen=True, slots=True)
class ReturnedShare:
    """What a payment that came back had paid of one enrollment, in minor units."""

    enrollment_id: int
    minor: int
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class RaisedCommission:
    """What a conversion earns more than before, in minor units. It is posted already."""

    enrollment_id: int
    minor: int
    conversion_id: int


def lock_debts(enrollment_ids: Iterable[int], *, to_write_off: bool = False) -> None:
    """Lock the debts of these enrollments until the transaction ends: to change one, or to write it
    off.

    Take it before you read or post. Changes don't wait for one another; a write-off waits for all
    changes, and they wait for it: so each of two at the same moment knows the other.
    """
    brand = current_brand_id()
    lock_identities(
        (f"debt:{brand}:{pk}" for pk in set(enrollment_ids)), is_shared=not to_write_off
    )


def take_back_write_offs(
    *,
    payments: Iterable[ReturnedShare] = (),
    commissions: Iterable[RaisedCommission] = (),
    now: datetime,
) -> None:
    """Post back what was written off and is no debt, because of these payments and commissions.

    Not more than was written off, and not more than is owed. The caller holds the lock of
    `lock_debts` for the enrollments.
    """
    payments, commissions = list(payments), list(commissions)
    paid = {share.enrollment_id for share in payments}
    written = _written_off(paid | {cause.enrollment_id for cause in commissions})
    if not written:
        return
    # Of two changes at the same moment, the second one knows what the first has taken back.
    brand = current_brand_id()
    lock_identities(f"write-off:{brand}:{pk}" for pk in written)
    written = _written_off(written)
    last = _last_write_offs(written)
    again: dict[int, int] = defaultdict(int)
    for share in payments:
        if share.enrollment_id in last and share.paid_at <= last[share.enrollment_id].posted_at:
            again[share.enrollment_id] += share.minor
    of_them = [cause for cause in commissions if cause.enrollment_id in last]
    entries = _entries_of({cause.conversion_id for cause in of_them})
    for cause in of_them:
        again[cause.enrollment_id] += _earned_again(
            cause, entries[cause.conversion_id], last[cause.enrollment_id].pk
        )
    balances = ledger.balances(list(last), now=now)
    for pk, (minor, currency) in written.items():
        back = min(minor, again[pk], max(0, balances[pk].owed_minor))
        if back > 0:
            LedgerEntry.objects.create(
                enrollment_id=pk,
                kind=EntryKind.WRITE_OFF,
                amount_minor=-back,
                currency=currency,
                posted_at=now,
                available_at=now,
            )


def _written_off(enrollment_ids: Collection[int]) -> dict[int, tuple[int, str]]:
    """What is written off of each enrollment and was not taken back, with its currency."""
    if not enrollment_ids:
        return {}
    rows = LedgerEntry.objects.filter(enrollment__in=list(enrollment_ids), kind=EntryKind.WRITE_OFF)
    summed = rows.values("enrollment_id", "currency").annotate(minor=Sum("amount_minor"))
    return {
        row["enrollment_id"]: (row["minor"], row["currency"]) for row in summed if row["minor"] > 0
    }


def _last_write_offs(enrollment_ids: Iterable[int]) -> dict[int, LedgerEntry]:
    """The newest entry of each enrollment that wrote something off; not those that took it back."""
    rows = LedgerEntry.objects.filter(
        enrollment__in=list(enrollment_ids), kind=EntryKind.WRITE_OFF, amount_minor__gt=0
    )
    return {row.enrollment_id: row for row in rows.order_by("pk")}


def _entries_of(conversion_ids: set[int]) -> Mapping[int, Sequence[tuple[int, int]]]:
    """Id and amount of each ledger entry of these conversions, as they were posted."""
    entries: dict[int, list[tuple[int, int]]] = defaultdict(list)
    rows = LedgerEntry.objects.filter(conversion_id__in=conversion_ids).order_by("pk")
    for conversion_id, pk, minor in rows.values_list("conversion_id", "pk", "amount_minor"):
        entries[conversion_id or 0].append((pk, minor))
    return entries


def _earned_again(
    cause: RaisedCommission, entries: Sequence[tuple[int, int]], written_off_by: int
) -> int:
    """How much of the raise only brings back what the conversion lost before the write-off."""
    before = [minor for pk, minor in entries if pk < written_off_by]
    highest = max(accumulate(before), default=0)
    total = sum(minor for _, minor in entries)
    return max(0, min(total, highest) - max(total - cause.minor, sum(before)))
