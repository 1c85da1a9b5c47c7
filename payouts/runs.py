"""Pay many members at once: draft a run, confirm it, and say what became of it.

A draft holds no money and names exactly the entries it would pay. Confirming it makes one payment
per line, in processing: the money is on the way. Where a member has not released to the brand where
to pay, the payment waits for that (payouts.releases). No payment is made of a line that changed.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.actors import Actor
from affiliates.models import Member
from payouts import run_lines
from payouts.models import OPEN_STATES, Payout, PayoutRun, PayoutRunMember, PayoutState
from payouts.selectors import paid_together, to_mark_paid
from payouts.services import COME_BACK, DueChangedError, PayoutError, settle_run

MEMBERS_AT_ONCE = 5_000
DRAFTED, REDRAFTED = "payout_run.drafted", "payout_run.redrafted"


class SameMembers:
    """Those for whom a run was drawn up before."""


SAME_MEMBERS = SameMembers()


@dataclass(frozen=True, slots=True)
class Drawn:
    """How many members were looked at, the id to go on after, and whether they were the last."""

    after: int
    members: int
    is_all: bool


class NotADraftError(PayoutError):
    """The run was confirmed or cancelled already, or is still being drawn up."""


class RunChangedError(DueChangedError):
    """Lines of a draft are no longer what is due; `members` are theirs, the largest first."""

    def __init__(self, members: list[Member]) -> None:
        super().__init__("what is due has changed since this run was drawn up")
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
    """Draw up a run for the members chosen, or for all due in `currency` when that is None.

    Drafted once per `confirmation`, the key of the form it came from. Raises PayoutError for a
    minimum below zero and when nobody reaches it.
    """
    run, is_new = open_run(
        currency=currency,
        minimum_minor=minimum_minor,
        confirmation=confirmation,
        by=by,
        now=now,
    )
    if is_new:
        drawn = Drawn(after=0, members=0, is_all=False)
        while not drawn.is_all:
            drawn = draw_up_some(run=run, chosen=member_ids, after=drawn.after, now=now)
        run = close_draft(run=run, action=DRAFTED, by=by, now=now)
    return run


@transaction.atomic
def redraft_run(*, run: PayoutRun, by: Actor, now: datetime) -> PayoutRun:
    """Draw up a draft again from what the same members are due now.

    Raises NotADraftError, and PayoutError when nobody of them reaches the minimum any more.
    """
    run = reopen_draft(run=run)
    drawn = Drawn(after=0, members=0, is_all=False)
    while not drawn.is_all:
        drawn = draw_up_some(run=run, chosen=SAME_MEMBERS, after=drawn.after, now=now)
    return close_draft(run=run, action=REDRAFTED, by=by, now=now)


# --- the same in steps, for payouts.run_work


def open_run(
    *, currency: str, minimum_minor: int, confirmation: uuid.UUID, by: Actor, now: datetime
) -> tuple[PayoutRun, bool]:
    """The run of this confirmation, without lines when it is new, and whether it is.

    Raises PayoutError for a minimum below zero.
    """
    if minimum_minor < 0:
        raise PayoutError("a minimum can't be below zero")
    return PayoutRun.objects.get_or_create(
        confirmation=confirmation,
        defaults={
            "currency": currency,
            "minimum_minor": minimum_minor,
            "created_at": now,
            "created_by": by.label[:200],
        },
    )


@transaction.atomic
def reopen_draft(*, run: PayoutRun) -> PayoutRun:
    """Make a draft ready to be drawn up again. Raises NotADraftError."""
    run = locked_draft(run)
    run.drawn_up_at = None
    run.save(update_fields=["drawn_up_at"])
    return run


@transaction.atomic
def draw_up_some(
    *, run: PayoutRun, chosen: Collection[int] | SameMembers | None, after: int, now: datetime
) -> Drawn:
    """Write the lines of the next MEMBERS_AT_ONCE members by id; None chosen means everybody.

    What a line says is of one moment. Raises NotADraftError.
    """
    run = _locked(run)
    if isinstance(chosen, SameMembers):
        ids = run_lines.next_lines(run, after=after, most=MEMBERS_AT_ONCE)
    else:
        ids = run_lines.next_members(run, chosen=chosen, after=after, most=MEMBERS_AT_ONCE)
    if ids:
        run_lines.draw_up(run, member_ids=ids, now=now)
    return Drawn(after=max(ids, default=after), members=len(ids), is_all=len(ids) < MEMBERS_AT_ONCE)


@transaction.atomic
def close_draft(*, run: PayoutRun, action: str, by: Actor, now: datetime) -> PayoutRun:
    """Add up what was drawn up: it can be confirmed from now on.

    Raises NotADraftError, and PayoutError when nobody reaches the minimum.
    """
    run = _locked(run)
    run.amount_minor, run.payments = run_lines.sums(run)
    if not run.payments:
        raise PayoutError("nobody chosen is due that much now")
    run.drawn_up_at = now
    run.save(update_fields=["amount_minor", "payments", "drawn_up_at"])
    _tell(run, action, by=by, now=now, amount_minor=run.amount_minor, payments=run.payments)
    return run


def members_in(run: PayoutRun) -> int:
    """How many members the run was drawn up for, left out or not."""
    return PayoutRunMember.objects.filter(run=run).count()


# --- what becomes of a draft


@transaction.atomic
def confirm_run(*, run: PayoutRun, by: Actor, now: datetime) -> PayoutRun:
    """Make the payments of a draft, all or none; their money is on the way from then on.

    However many confirm at once, one does; the others get NotADraftError. Raises RunChangedError
    when a line has an entry that was paid meanwhile, or says more than its member is due now.
    What became due since the draft was drawn up stays due.
    """
    run = locked_draft(run)
    run_lines.lock_members(run)
    changed = run_lines.changed_members(run, now=now)
    if changed:
        people = Member.objects.in_bulk(changed)
        raise RunChangedError([people[pk] for pk in changed])
    run_lines.make_payouts(run, by=by.label[:200], now=now)
    run.state, run.confirmed_at, run.confirmed_by = PayoutState.PROCESSING, now, by.label[:200]
    run.save(update_fields=["state", "confirmed_at", "confirmed_by"])
    _tell(
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
    """Cancel a run that was never confirmed, drawn up or not. Raises NotADraftError."""
    run = _locked(run)
    run_lines.forget_entries(run)
    run.state, run.settled_at = PayoutState.CANCELLED, now
    run.save(update_fields=["state", "settled_at"])
    _tell(run, "payout_run.discarded", by=by, now=now)
    return run


@transaction.atomic
def mark_run_paid(
    *, run: PayoutRun, reference: str, by: Actor, now: datetime, seen: str | None = None
) -> PayoutRun:
    """Say that the payments of `selectors.paid_together` were paid, under one reference.

    Raises PayoutError when there is none, and when they are not those that were `seen`: members
    share their details at any time, and what went on its way meanwhile was paid by nobody.
    """
    run = locked_in_processing(run)
    found = to_mark_paid(run)
    if not found.payments:
        raise PayoutError("no payment of this run is on the way")
    if seen is not None and seen != found.seen:
        raise PayoutError("what is on the way has changed: look at it again, then mark it paid")
    run.reference = reference.strip()
    run.save(update_fields=["reference"])
    paid_together(run).update(state=PayoutState.PAID, reference=run.reference, settled_at=now)
    settle_run(run.pk, now=now)
    _tell(run, "payout_run.paid", by=by, now=now, reference=run.reference)
    run.refresh_from_db()
    return run


@transaction.atomic
def return_run(
    *, run: PayoutRun, state: PayoutState, reason: str, by: Actor, now: datetime
) -> PayoutRun:
    """Take back every payment of the run still open: its money is due again.

    Raises PayoutError when there is none, or the reason is missing.
    """
    if state not in COME_BACK:
        raise PayoutError("a run comes back as failed or cancelled")
    if not reason.strip():
        raise PayoutError("say why the run came back")
    run = locked_in_processing(run)
    run_lines.give_back(run, now=now)
    run.reason = reason.strip()
    run.save(update_fields=["reason"])
    Payout.objects.filter(run=run, state__in=OPEN_STATES).update(
        state=state, reason=run.reason, settled_at=now
    )
    settle_run(run.pk, now=now)
    _tell(run, f"payout_run.{state.value}", by=by, now=now, reason=run.reason)
    run.refresh_from_db()
    return run


def _locked(run: PayoutRun) -> PayoutRun:
    run = PayoutRun.objects.select_for_update().get(pk=run.pk)
    if run.state != PayoutState.DRAFT:
        what = "confirmed" if run.confirmed_at else "discarded"
        raise NotADraftError(f"this run was {what} already")
    return run


def locked_draft(run: PayoutRun) -> PayoutRun:
    """The draft as it is now, locked, once it is drawn up. Raises NotADraftError."""
    run = _locked(run)
    if run.drawn_up_at is None:
        raise NotADraftError("this run is still being drawn up")
    return run


def locked_in_processing(run: PayoutRun) -> PayoutRun:
    """The run as it is now, locked, so that nobody settles one of its payments meanwhile."""
    run = PayoutRun.objects.select_for_update().get(pk=run.pk)
    if run.state != PayoutState.PROCESSING:
        raise PayoutError("no payment of this run is on the way")
    return run


def _tell(run: PayoutRun, action: str, *, by: Actor, now: datetime, **detail: object) -> None:
    audit.record(action=action, target=run, by=by, now=now, **detail)
