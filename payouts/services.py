"""Record and return payments to members, post adjustments, and write debts off."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from accounts.actors import Actor
from accounts.audit_log import audit
from affiliates.models import Member
from core.db import lock_identities
from core.refused import RefusedError
from core.text import one_line
from offers.models import Enrollment
from payouts import ledger
from payouts.models import (
    OPEN_STATES,
    RUN_STATE_OF_PAYMENTS,
    EntryKind,
    LedgerEntry,
    Payout,
    PayoutItem,
    PayoutRun,
    PayoutState,
)
from payouts.selectors import seen_of_payment
from payouts.taking_back import lock_debts, take_back_write_offs

COME_BACK = (PayoutState.FAILED, PayoutState.CANCELLED)


class PayoutError(RefusedError):
    """A payment can't be recorded or returned like this; the message says why."""


class NotOpenError(PayoutError):
    """The payment, or every payment of the run, was paid or came back already."""


class ConfirmationReusedError(PayoutError):
    """The confirmation, which posts or drafts once, was used for something else before."""


class OtherStateError(PayoutError):
    """The payment is in another state, or in a file, which the person did not see."""


class DueChangedError(PayoutError):
    """What is due, or the debt, has changed since the person saw it."""


@transaction.atomic
def record_payment(
    *,
    member: Member,
    currency: str,
    entry_ids: Iterable[int],
    reference: str,
    by: Actor,
    now: datetime,
) -> Payout:
    """Record that the brand paid exactly these entries to `member`, outside of the product.

    Locks the member, so that two people who click Pay at once pay once. Raises DueChangedError when
    an entry is not due any more, or when less is due in all than the entries say, because a refund
    came meanwhile; and PayoutError when the sum is not more than zero.
    """
    Member.objects.select_for_update().get(pk=member.pk)
    wanted = set(entry_ids)
    due = ledger.due_entries(member_id=member.pk, currency=currency, now=now)
    entries = list(due.filter(pk__in=wanted))
    if {entry.pk for entry in entries} != wanted:
        raise DueChangedError("what is due has changed: check it again before you pay")
    amount = sum(entry.amount_minor for entry in entries)
    if amount > (due.aggregate(total=Sum("amount_minor"))["total"] or 0):
        raise DueChangedError("less is due than this: check it again before you pay")
    if amount <= 0:
        raise PayoutError("nothing is due: a payment must be more than zero", "amount")
    payout = Payout.objects.create(
        member=member,
        currency=currency,
        amount_minor=amount,
        state=PayoutState.PAID,
        reference=one_line(reference),
        created_at=now,
        created_by=by.label,
        settled_at=now,
    )
    PayoutItem.objects.bulk_create(PayoutItem(payout=payout, entry=entry) for entry in entries)
    _post(payout, _per_enrollment(entries), kind=EntryKind.PAYOUT, sign=-1, now=now)
    audit.record(
        action="payout.recorded",
        target=payout,
        by=by,
        now=now,
        amount_minor=amount,
        currency=currency,
        reference=payout.reference,
    )
    return payout


@transaction.atomic
def mark_paid(*, payout: Payout, reference: str, by: Actor, now: datetime) -> Payout:
    """Mark an open payment as paid, with the bank's reference.

    A payment that waits for details is open too: it may have been paid in another way. Raises
    NotOpenError when the payment is not open.
    """
    payout = _locked(payout)
    if payout.state not in OPEN_STATES:
        raise NotOpenError(f"this payment is {payout.get_state_display().lower()} already")
    payout.state, payout.reference, payout.settled_at = PayoutState.PAID, one_line(reference), now
    payout.save(update_fields=["state", "reference", "settled_at"])
    if payout.run_id is not None:
        settle_run(payout.run_id, now=now)
    audit.record(action="payout.paid", target=payout, by=by, now=now, reference=payout.reference)
    return payout


@transaction.atomic
def return_payment(
    *,
    payout: Payout,
    state: PayoutState,
    reason: str,
    by: Actor,
    now: datetime,
    seen: str | None = None,
) -> Payout:
    """Mark a payment as failed or cancelled, also one that was paid: its entries are due again.

    Raises NotOpenError when it is failed or cancelled already, OtherStateError when it is not as
    staff saw it (`seen`, of `selectors.seen_of_payment`), and PayoutError when the reason is
    missing.
    """
    if state not in COME_BACK:
        raise PayoutError("a payment can only be returned as failed or cancelled", "state")
    reason = one_line(reason)
    if not reason:
        raise PayoutError("say why the payment came back", "reason")
    payout = _locked(payout)
    if payout.state in COME_BACK:
        raise NotOpenError(f"this payment is {payout.get_state_display().lower()} already")
    if seen is not None and seen != seen_of_payment(payout):
        raise OtherStateError("this payment has changed: check it again, then take it back")
    items = PayoutItem.objects.live().filter(payout=payout)
    entries = [item.entry for item in items.select_related("entry")]
    items.update(released_at=now)
    amounts = _per_enrollment(entries)
    lock_debts(amounts)
    _post(payout, amounts, kind=EntryKind.PAYOUT_RETURNED, sign=1, now=now)
    take_back_write_offs(amounts, now=now)
    payout.state, payout.reason, payout.settled_at = state, reason, now
    payout.save(update_fields=["state", "reason", "settled_at"])
    if payout.run_id is not None:
        settle_run(payout.run_id, now=now)
    audit.record(
        action=f"payout.{state.value}", target=payout, by=by, now=now, reason=payout.reason
    )
    return payout


@transaction.atomic
def adjust(
    *,
    enrollment: Enrollment,
    currency: str,
    amount_minor: int,
    note: str,
    by: Actor,
    now: datetime,
    confirmation: uuid.UUID | None = None,
) -> LedgerEntry:
    """Post a bonus (positive) or a correction (negative) with a reason the member can read.

    The same `confirmation`, the key of the form, returns the entry that was posted first. Raises
    ConfirmationReusedError when that is another one, and PayoutError when the amount is zero or the
    note is missing.
    """
    if amount_minor == 0:
        raise PayoutError("an adjustment of zero changes nothing", "amount")
    note = one_line(note)
    if not note:
        raise PayoutError("say what the adjustment is for", "note")
    lock_debts([enrollment.pk])
    Enrollment.objects.select_for_update().get(pk=enrollment.pk)
    posted = _posted(
        confirmation,
        enrollment=enrollment,
        kind=EntryKind.ADJUSTMENT,
        amount_minor=amount_minor,
        note=note,
    )
    if posted is not None:
        return posted
    entry = LedgerEntry.objects.create(
        enrollment=enrollment,
        kind=EntryKind.ADJUSTMENT,
        amount_minor=amount_minor,
        currency=currency,
        note=note,
        confirmation=confirmation,
        posted_at=now,
        available_at=now,
    )
    audit.record(
        action="ledger.adjusted", target=entry, by=by, now=now, amount_minor=amount_minor, note=note
    )
    return entry


@transaction.atomic
def write_off(
    *,
    enrollment: Enrollment,
    debt_minor: int,
    note: str,
    by: Actor,
    now: datetime,
    confirmation: uuid.UUID | None = None,
) -> LedgerEntry:
    """Post that the brand gives up what a member was paid too much, with a reason they can read.

    `debt_minor` is the debt that the person saw: DueChangedError when it is another one by now. The
    same `confirmation` returns the entry that was posted first, and raises ConfirmationReusedError
    when that is another one. Raises PayoutError when there is no reason.
    """
    note = one_line(note)
    if not note:
        raise PayoutError("say why the debt is written off", "note")
    # The weaker lock of a row: those who post entries refer to the member, and hold the other lock.
    Member.objects.select_for_update(no_key=True).get(pk=enrollment.member_id)
    lock_debts([enrollment.pk], to_write_off=True)
    posted = _posted(
        confirmation,
        enrollment=enrollment,
        kind=EntryKind.WRITE_OFF,
        amount_minor=debt_minor,
        note=note,
    )
    if posted is not None:
        return posted
    balance = ledger.balances([enrollment.pk], now=now).get(enrollment.pk, ledger.Balance())
    open_shares = PayoutItem.objects.live().filter(payout__state__in=OPEN_STATES)
    if open_shares.filter(entry__enrollment=enrollment).exists():
        raise PayoutError("a payment is on the way: wait until it has arrived or come back")
    if debt_minor <= 0:
        raise PayoutError("say how much is written off: more than zero", "amount")
    if not balance.debt_minor:
        raise DueChangedError("there is no debt to write off")
    if balance.debt_minor != debt_minor:
        raise DueChangedError("the debt has changed meanwhile: look at it again, then confirm")
    entry = LedgerEntry.objects.create(
        enrollment=enrollment,
        kind=EntryKind.WRITE_OFF,
        amount_minor=debt_minor,
        currency=enrollment.offer.currency,
        note=note,
        confirmation=confirmation,
        posted_at=now,
        available_at=now,
    )
    audit.record(
        action="ledger.written_off",
        target=entry,
        by=by,
        now=now,
        amount_minor=debt_minor,
        note=note,
    )
    return entry


def _posted(
    confirmation: uuid.UUID | None,
    *,
    enrollment: Enrollment,
    kind: EntryKind,
    amount_minor: int,
    note: str,
) -> LedgerEntry | None:
    """The entry that this confirmation posted before. Raises ConfirmationReusedError.

    The lock holds up who uses it for another member at the same moment.
    """
    if confirmation is None:
        return None
    lock_identities([f"confirmation:{enrollment.brand_id}:{confirmation}"])
    found = LedgerEntry.objects.filter(confirmation=confirmation).first()
    if found is None:
        return None
    asked = (enrollment.pk, kind, amount_minor, note)
    if (found.enrollment_id, found.kind, found.amount_minor, found.note) != asked:
        raise ConfirmationReusedError(
            f"this was confirmed already, and {found.amount} was posted: begin again, to post more",
            "confirmation",
        )
    return found


def settle_run(run_id: int, *, now: datetime) -> None:
    """Set the state of a run from its payments: in processing while one of them is open.

    Call it in the transaction that changed a payment, with the run locked.
    """
    states = set(Payout.objects.filter(run=run_id).order_by().values_list("state", flat=True))
    state = next(of_run for one, of_run in RUN_STATE_OF_PAYMENTS.items() if one in states)
    settled_at = None if state == PayoutState.PROCESSING else now
    PayoutRun.objects.filter(pk=run_id).update(state=state, settled_at=settled_at)


def _locked(payout: Payout) -> Payout:
    """The payment, locked and fresh. Locks its run first, in the same order as settling a run."""
    if payout.run_id is not None:
        PayoutRun.objects.select_for_update().get(pk=payout.run_id)
    return Payout.objects.select_for_update().get(pk=payout.pk)


def _per_enrollment(entries: Iterable[LedgerEntry]) -> dict[int, int]:
    sums: dict[int, int] = defaultdict(int)
    for entry in entries:
        sums[entry.enrollment_id] += entry.amount_minor
    return sums


def _post(
    payout: Payout, sums: dict[int, int], *, kind: EntryKind, sign: int, now: datetime
) -> None:
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            enrollment_id=enrollment_id,
            kind=kind,
            amount_minor=sign * amount,
            currency=payout.currency,
            payout=payout,
            posted_at=now,
            available_at=now,
        )
        for enrollment_id, amount in sorted(sums.items())
        if amount
    )
