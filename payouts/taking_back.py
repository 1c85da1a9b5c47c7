"""Take a write-off back, as far as the debt that was written off turns out not to be one.

The debt is what was paid less what was earned. It was smaller than it seemed, if a payment from
before the write-off comes back, or if a conversion earns again what it had lost before: its refund
is undone, its rejection is withdrawn. So each write-off is compared with the debt as it would have
been, had that been known. What is earned for the first time is no part of it, also if its order
came before the write-off and was accepted only now; nor is what is paid or adjusted afterwards.
The result does not depend on the sequence in which things come back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import accumulate

from django.db.models import Q

from core.db import lock_identities
from core.tenancy import current_brand_id
from payouts.models import EntryKind, LedgerEntry

Posted = tuple[int, int]  # id and amount in minor units of a ledger entry


def lock_debts(enrollment_ids: Iterable[int], *, to_write_off: bool = False) -> None:
    """Lock the debts of these enrollments until the transaction ends: to change one, or to write it
    off.

    Take it before you read or post, and before a lock of the enrollment. Changes don't wait for one
    another; a write-off waits for all changes, and they wait for it: so each of two at the same
    moment knows the other.
    """
    brand = current_brand_id()
    lock_identities(
        (f"debt:{brand}:{pk}" for pk in set(enrollment_ids)), is_shared=not to_write_off
    )


def take_back_write_offs(enrollment_ids: Iterable[int], *, now: datetime) -> None:
    """Post back what was written off of these enrollments and turns out to be no debt.

    Call it when something was posted in their favour, once, after everything that belongs to it.
    The caller holds the lock of `lock_debts`.
    """
    ids = set(enrollment_ids)
    found = _write_offs(ids) if ids else {}
    if not found:
        return
    # Of two changes at the same moment, the second one knows what the first has taken back.
    brand = current_brand_id()
    lock_identities(f"write-off:{brand}:{pk}" for pk in found)
    for pk, rows in _write_offs(set(found)).items():
        taken_back = -sum(row.amount_minor for row in rows if row.amount_minor < 0)
        more = _no_debt(pk, rows) - taken_back
        if more > 0:
            LedgerEntry.objects.create(
                enrollment_id=pk,
                kind=EntryKind.WRITE_OFF,
                amount_minor=-more,
                currency=rows[0].currency,
                posted_at=now,
                available_at=now,
            )


def _write_offs(enrollment_ids: set[int]) -> dict[int, list[LedgerEntry]]:
    """The entries of each enrollment that wrote off, or took back, in the order of posting."""
    rows: dict[int, list[LedgerEntry]] = defaultdict(list)
    found = LedgerEntry.objects.filter(enrollment__in=enrollment_ids, kind=EntryKind.WRITE_OFF)
    for row in found.order_by("pk"):
        rows[row.enrollment_id].append(row)
    return rows


def _no_debt(enrollment_id: int, rows: Sequence[LedgerEntry]) -> int:
    """How much of all that was written off is no debt, by what is known now; in minor units."""
    still_written_off = 0  # of the write-offs so far, by what is known now
    as_it_stood = 0  # the same, as it stood when the next one was made
    no_debt = 0
    for row in rows:
        if row.amount_minor > 0:
            came_back = _earned_again(enrollment_id, row.pk) + _returned(enrollment_id, row.pk)
            debt = row.amount_minor - came_back + as_it_stood - still_written_off
            kept = min(row.amount_minor, max(0, debt))
            still_written_off += kept
            no_debt += row.amount_minor - kept
        as_it_stood += row.amount_minor
    return no_debt


def _earned_again(enrollment_id: int, written_off_by: int) -> int:
    """What conversions and clicks from before the write-off earn more than they did then.

    Only up to the most that each had earned before; less than zero where they earn less.
    """
    more = 0
    for entries in _entries_by_cause(enrollment_id, written_off_by):
        before = [minor for pk, minor in entries if pk < written_off_by]
        if before:
            highest = max(0, *accumulate(before))
            more += min(sum(minor for _, minor in entries), highest) - sum(before)
    return more


def _entries_by_cause(enrollment_id: int, written_off_by: int) -> Iterator[list[Posted]]:
    """The entries of each conversion, and each day's clicks, that has one since the write-off."""
    own = LedgerEntry.objects.filter(enrollment=enrollment_id, kind=EntryKind.COMMISSION)
    since = own.filter(pk__gt=written_off_by)
    changed = own.filter(
        Q(conversion_id__in=since.values("conversion_id"))
        | Q(click_earning_id__in=since.values("click_earning_id"))
    )
    entries: dict[tuple[int | None, int | None], list[Posted]] = defaultdict(list)
    for conversion, clicks, pk, minor in changed.order_by("pk").values_list(
        "conversion_id", "click_earning_id", "pk", "amount_minor"
    ):
        entries[conversion, clicks].append((pk, minor))
    yield from entries.values()


def _returned(enrollment_id: int, written_off_by: int) -> int:
    """What payments from before the write-off had paid of the enrollment, and came back since."""
    own = LedgerEntry.objects.filter(enrollment=enrollment_id)
    paid_before = own.filter(kind=EntryKind.PAYOUT, pk__lt=written_off_by).values("payout_id")
    back = own.filter(kind=EntryKind.PAYOUT_RETURNED, pk__gt=written_off_by)
    shares = back.filter(payout_id__in=paid_before).values_list("amount_minor", flat=True)
    return sum(shares)
