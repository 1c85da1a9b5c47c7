"""Pay many members at once: draft a run, confirm it, then mark it paid or returned.

A draft moves no money and lists exactly the entries it would pay. Confirming makes one payment per
line. The payment is in processing, or waits until the member releases payout details to the brand
(payouts.releases). When a line changed since the draft, nothing is paid.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from affiliates.models import Member
from core.text import one_line
from payouts import run_lines
from payouts.models import OPEN_STATES, Payout, PayoutRun, PayoutRunMember, PayoutState
from payouts.selectors import mark_paid_summary, payments_to_mark_paid, return_summary
from payouts.services import (
    COME_BACK,
    ConfirmationReusedError,
    DueChangedError,
    NotOpenError,
    PayoutError,
    settle_run,
)

MEMBERS_PER_BATCH = 5_000
DRAFTED, REDRAFTED = "payout_run.drafted", "payout_run.redrafted"
ANOTHER_RUN = "this was confirmed already, and drafted another run: begin again, to draft one more"


class SameMembers:
    """The type of SAME_MEMBERS: the members who have a line in the run already."""


SAME_MEMBERS = SameMembers()


@dataclass(frozen=True, slots=True)
class DraftProgress:
    """The last member id of a batch, how many members it had, and whether it was the last."""

    after: int
    members: int
    is_all: bool


class NotADraftError(PayoutError):
    """The run was confirmed or cancelled already, or a worker is still drafting it."""


class OtherPaymentsError(PayoutError):
    """Other payments of the run are on the way than the person saw."""


class OtherDraftError(PayoutError):
    """The run was drafted again after the person saw it."""


class RunChangedError(DueChangedError):
    """Less is due than the draft says; `members` have such lines, the largest amount first."""

    def __init__(self, members: list[Member]) -> None:
        super().__init__("what is due has changed since this run was drafted")
        self.members = members


@transaction.atomic
def draft_run(
    *,
    currency: str,
    member_ids: Collection[int] | None,
    minimum_minor: int,
    confirmation: uuid.UUID,
    by: Actor,
    now: datetime,
) -> PayoutRun:
    """Draft a run for the given members, or for all members due in `currency` with None.

    The same `confirmation`, the key of the form, returns the same run. Raises
    ConfirmationReusedError when that run is another one, and PayoutError when the minimum is below
    zero or no member reaches it.
    """
    run, is_new = open_run(
        currency=currency,
        minimum_minor=minimum_minor,
        confirmation=confirmation,
        by=by,
        now=now,
    )
    if is_new:
        drawn = DraftProgress(after=0, members=0, is_all=False)
        while not drawn.is_all:
            drawn = draw_up_some(run=run, chosen=member_ids, after=drawn.after, now=now)
        return close_draft(run=run, action=DRAFTED, by=by, now=now)
    if member_ids is not None:
        others = PayoutRunMember.objects.filter(run=run).exclude(member__in=member_ids)
        if others.exists():
            raise ConfirmationReusedError(ANOTHER_RUN, "confirmation")
    return run


@transaction.atomic
def redraft_run(*, run: PayoutRun, by: Actor, now: datetime) -> PayoutRun:
    """Draft a run again with what the same members are due now.

    Raises NotADraftError, and PayoutError when no member reaches the minimum any more.
    """
    run = reopen_draft(run=run)
    drawn = DraftProgress(after=0, members=0, is_all=False)
    while not drawn.is_all:
        drawn = draw_up_some(run=run, chosen=SAME_MEMBERS, after=drawn.after, now=now)
    return close_draft(run=run, action=REDRAFTED, by=by, now=now)


# --- the same in steps, for payouts.run_work


def open_run(
    *, currency: str, minimum_minor: int, confirmation: uuid.UUID, by: Actor, now: datetime
) -> tuple[PayoutRun, bool]:
    """Return the run of this confirmation, and whether it is new. A new run has no lines.

    Raises ConfirmationReusedError, and PayoutError for a minimum below zero.
    """
    if minimum_minor < 0:
        raise PayoutError("the minimum can't be below zero", "minimum")
    run, is_new = PayoutRun.objects.get_or_create(
        confirmation=confirmation,
        defaults={
            "currency": currency,
            "minimum_minor": minimum_minor,
            "created_at": now,
            "created_by": by.label[:200],
        },
    )
    if (run.currency, run.minimum_minor) != (currency, minimum_minor):
        raise ConfirmationReusedError(ANOTHER_RUN, "confirmation")
    return run, is_new


@transaction.atomic
def reopen_draft(*, run: PayoutRun) -> PayoutRun:
    """Prepare a draft to be drafted again. Raises NotADraftError."""
    run = locked_draft(run)
    run.drawn_up_at = None
    run.save(update_fields=["drawn_up_at"])
    return run


@transaction.atomic
def draw_up_some(
    *, run: PayoutRun, chosen: Collection[int] | SameMembers | None, after: int, now: datetime
) -> DraftProgress:
    """Write the lines of the next MEMBERS_PER_BATCH members by id; `chosen` None: all members.

    A line's amount and entries are of one moment. Raises NotADraftError.
    """
    run = _locked(run)
    if isinstance(chosen, SameMembers):
        ids = run_lines.next_lines(run, after=after, limit=MEMBERS_PER_BATCH)
    else:
        ids = run_lines.next_members(run, chosen=chosen, after=after, limit=MEMBERS_PER_BATCH)
    if ids:
        run_lines.draw_up(run, member_ids=ids, now=now)
    is_all = len(ids) < MEMBERS_PER_BATCH
    return DraftProgress(after=max(ids, default=after), members=len(ids), is_all=is_all)


@transaction.atomic
def close_draft(*, run: PayoutRun, action: str, by: Actor, now: datetime) -> PayoutRun:
    """Add up the lines. From now on the draft can be confirmed.

    Raises NotADraftError, and PayoutError when no member reaches the minimum.
    """
    run = _locked(run)
    run.amount_minor, run.payments = run_lines.sums(run)
    if not run.payments:
        raise PayoutError("no chosen member is due that much now")
    run.drawn_up_at = now
    run.save(update_fields=["amount_minor", "payments", "drawn_up_at"])
    _audit(run, action, by=by, now=now, amount_minor=run.amount_minor, payments=run.payments)
    return run


def members_in(run: PayoutRun) -> int:
    """Return how many members have a line in the run, left out or not."""
    return PayoutRunMember.objects.filter(run=run).count()


# --- confirming, discarding and settling


@transaction.atomic
def confirm_run(*, run: PayoutRun, by: Actor, now: datetime, seen: str | None = None) -> PayoutRun:
    """Make all payments of a draft, or none.

    When several people confirm at once, one succeeds and the others get NotADraftError. Raises
    OtherDraftError when the draft is not the one that staff saw (`seen`, its `draft_version`), and
    RunChangedError when an entry of a line was paid since, or less is due than a line says. What
    became due after the draft is not paid and stays due.
    """
    run = locked_draft(run, seen=seen)
    run_lines.lock_members(run)
    changed = run_lines.changed_members(run, now=now)
    if changed:
        people = Member.objects.in_bulk(changed)
        raise RunChangedError([people[pk] for pk in changed])
    run_lines.make_payouts(run, by=by.label[:200], now=now)
    run.state, run.confirmed_at, run.confirmed_by = PayoutState.PROCESSING, now, by.label[:200]
    run.save(update_fields=["state", "confirmed_at", "confirmed_by"])
    _audit(
        run,
        "payout_run.confirmed",
        by=by,
        now=now,
        amount_minor=run.amount_minor,
        currency=run.currency,
        payments=run.payments,
    )
    return run


@transaction.atomic
def discard_draft(*, run: PayoutRun, by: Actor, now: datetime) -> PayoutRun:
    """Cancel a run that was not confirmed, with or without lines. Raises NotADraftError."""
    run = _locked(run)
    run_lines.forget_entries(run)
    run.state, run.settled_at = PayoutState.CANCELLED, now
    run.save(update_fields=["state", "settled_at"])
    _audit(run, "payout_run.discarded", by=by, now=now)
    return run


@transaction.atomic
def mark_run_paid(
    *, run: PayoutRun, reference: str, by: Actor, now: datetime, seen: str | None = None
) -> PayoutRun:
    """Mark the payments of `selectors.payments_to_mark_paid` as paid, under one reference.

    Raises NotOpenError when there is none, and OtherPaymentsError when they are not the payments
    that staff saw (`seen`): a payment may start at any time, and nobody has paid that one.
    """
    run = locked_in_processing(run)
    found = mark_paid_summary(run)
    if not found.payments:
        raise NotOpenError("no payment of this run is on the way")
    if seen is not None and seen != found.seen:
        raise OtherPaymentsError(
            "the payments on the way have changed: check them again, then mark them paid"
        )
    run.reference = one_line(reference)
    run.save(update_fields=["reference"])
    payments_to_mark_paid(run).update(
        state=PayoutState.PAID, reference=run.reference, settled_at=now
    )
    settle_run(run.pk, now=now)
    _audit(run, "payout_run.paid", by=by, now=now, reference=run.reference)
    run.refresh_from_db()
    return run


@transaction.atomic
def return_run(
    *,
    run: PayoutRun,
    state: PayoutState,
    reason: str,
    by: Actor,
    now: datetime,
    seen: str | None = None,
) -> PayoutRun:
    """Mark all open payments of the run as failed or cancelled: their money is due again.

    Nothing that was written off is taken back: no debt is, while a payment is open. Raises
    NotOpenError when there is none, OtherPaymentsError when they are not as staff saw them (`seen`,
    of `selectors.return_summary`), and PayoutError when the reason is missing.
    """
    if state not in COME_BACK:
        raise PayoutError("a run can only be returned as failed or cancelled", "state")
    reason = one_line(reason)
    if not reason:
        raise PayoutError("say why the run came back", "reason")
    run = locked_to_return(run, seen=seen)
    run_lines.give_back(run, now=now)
    run.reason = reason
    run.save(update_fields=["reason"])
    Payout.objects.filter(run=run, state__in=OPEN_STATES).update(
        state=state, reason=run.reason, settled_at=now
    )
    settle_run(run.pk, now=now)
    _audit(run, f"payout_run.{state.value}", by=by, now=now, reason=run.reason)
    run.refresh_from_db()
    return run


def _locked(run: PayoutRun) -> PayoutRun:
    run = PayoutRun.objects.select_for_update().get(pk=run.pk)
    if run.state != PayoutState.DRAFT:
        what = "confirmed" if run.confirmed_at else "discarded"
        raise NotADraftError(f"this run was {what} already")
    return run


def locked_draft(run: PayoutRun, *, seen: str | None = None) -> PayoutRun:
    """Return the draft, locked and fresh.

    Raises NotADraftError unless its lines are complete, and OtherDraftError unless its
    `draft_version` is the one that staff saw. None is for callers that show no draft.
    """
    run = _locked(run)
    if run.drawn_up_at is None:
        raise NotADraftError("this run is still being drafted")
    if seen is not None and seen != run.draft_version:
        raise OtherDraftError("this run was drafted again: check it, then confirm it")
    return run


def locked_in_processing(run: PayoutRun) -> PayoutRun:
    """Return the run, locked and fresh. Raises NotOpenError unless it is in processing."""
    run = PayoutRun.objects.select_for_update().get(pk=run.pk)
    if run.state != PayoutState.PROCESSING:
        raise NotOpenError("no payment of this run is on the way")
    return run


def locked_to_return(run: PayoutRun, *, seen: str | None = None) -> PayoutRun:
    """Return the run as `locked_in_processing` does.

    Raises OtherPaymentsError unless its open payments are as staff saw them (`seen`).
    """
    run = locked_in_processing(run)
    if seen is not None and seen != return_summary(run).seen:
        raise OtherPaymentsError(
            "the payments of this run have changed: check them again, then take them back"
        )
    return run


def _audit(run: PayoutRun, action: str, *, by: Actor, now: datetime, **detail: object) -> None:
    audit.record(action=action, target=run, by=by, now=now, **detail)
