"""Pay many members at once: draft a run, confirm it, and say what became of it.

A draft holds no money and names exactly the entries it would pay. Confirming it makes one payment
per line, in processing: the money is on the way. Where nobody knows yet where a member is paid, the
payment waits for that (payouts.details). No payment is made of a line that changed.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.actors import Actor
from affiliates.models import Member
from payouts import run_lines
from payouts.models import OPEN_STATES, Payout, PayoutRun, PayoutState
from payouts.services import COME_BACK, DueChangedError, PayoutError, settle_run


class NotADraftError(PayoutError):
    """The run was confirmed or cancelled already."""


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
    if minimum_minor < 0:
        raise PayoutError("a minimum can't be below zero")
    run, is_new = PayoutRun.objects.get_or_create(
        confirmation=confirmation,
        defaults={
            "currency": currency,
            "minimum_minor": minimum_minor,
            "created_at": now,
            "created_by": by.label[:200],
        },
    )
    if is_new:
        _draw_up(run, member_ids=member_ids, action="payout_run.drafted", by=by, now=now)
    return run


@transaction.atomic
def redraft_run(*, run: PayoutRun, by: Actor, now: datetime) -> PayoutRun:
    """Draw up a draft again from what the same members are due now.

    Raises NotADraftError, and PayoutError when nobody of them reaches the minimum any more.
    """
    run = _locked_draft(run)
    member_ids = run_lines.members_of(run)
    run_lines.forget(run)
    _draw_up(run, member_ids=member_ids, action="payout_run.redrafted", by=by, now=now)
    return run


def _draw_up(
    run: PayoutRun, *, member_ids: Collection[int] | None, action: str, by: Actor, now: datetime
) -> None:
    run_lines.draw_up(run, member_ids=member_ids, now=now)
    if not run.payments:
        raise PayoutError("nobody chosen is due that much now")
    run.save(update_fields=["amount_minor", "payments"])
    _tell(run, action, by=by, now=now, amount_minor=run.amount_minor, payments=run.payments)


@transaction.atomic
def confirm_run(*, run: PayoutRun, by: Actor, now: datetime) -> PayoutRun:
    """Make the payments of a draft, all or none; their money is on the way from then on.

    However many confirm at once, one does; the others get NotADraftError. Raises RunChangedError
    when a line has an entry that was paid meanwhile, or says more than its member is due now.
    What became due since the draft was drawn up stays due.
    """
    run = _locked_draft(run)
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
    """Cancel a run that was never confirmed. Raises NotADraftError."""
    run = _locked_draft(run)
    run_lines.forget_entries(run)
    run.state, run.settled_at = PayoutState.CANCELLED, now
    run.save(update_fields=["state", "settled_at"])
    _tell(run, "payout_run.discarded", by=by, now=now)
    return run


@transaction.atomic
def mark_run_paid(*, run: PayoutRun, reference: str, by: Actor, now: datetime) -> PayoutRun:
    """Say that every payment of the run still in processing was paid, under one reference.

    Raises PayoutError when there is none.
    """
    run = _locked_in_processing(run)
    if not Payout.objects.filter(run=run, state=PayoutState.PROCESSING).exists():
        raise PayoutError("no payment of this run is on the way")
    run.reference = reference.strip()
    run.save(update_fields=["reference"])
    Payout.objects.filter(run=run, state=PayoutState.PROCESSING).update(
        state=PayoutState.PAID, reference=run.reference, settled_at=now
    )
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
    run = _locked_in_processing(run)
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


def _locked_draft(run: PayoutRun) -> PayoutRun:
    run = PayoutRun.objects.select_for_update().get(pk=run.pk)
    if run.state != PayoutState.DRAFT:
        what = "confirmed" if run.confirmed_at else "discarded"
        raise NotADraftError(f"this run was {what} already")
    return run


def _locked_in_processing(run: PayoutRun) -> PayoutRun:
    """The run and its payments, so that nobody settles one of them meanwhile."""
    run = PayoutRun.objects.select_for_update().get(pk=run.pk)
    if run.state != PayoutState.PROCESSING:
        raise PayoutError("no payment of this run is on the way")
    return run


def _tell(run: PayoutRun, action: str, *, by: Actor, now: datetime, **detail: object) -> None:
    audit.record(action=action, target=run, by=by, now=now, **detail)
