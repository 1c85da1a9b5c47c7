"""Draw up, confirm and settle large payout runs as long work.

Drawing up goes in batches of members that commit with their count. Confirming and settling change
everything or nothing, in one transaction of one worker.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.background import Request, Turn, WorkError, ask, hint, note, running_work
from accounts.models import Work
from affiliates.models import Member
from core.references import Reference
from payouts import runs
from payouts.models import PayoutRun, PayoutState
from payouts.services import PayoutError

DRAFT, REDRAFT, CONFIRM = "run_draft", "run_redraft", "run_confirm"
MARK_PAID, RETURN = "run_paid", "run_return"


class UnderWayError(PayoutError):
    """Something is being done to the run by a worker already; `work` is that."""

    def __init__(self, work: Work) -> None:
        super().__init__("a worker is busy with this run already")
        self.work = work


def about(run: PayoutRun) -> str:
    """Where the work of a run was started."""
    return Reference.to(run)


@transaction.atomic
def ask_for_draft(
    *,
    currency: str,
    member_ids: Collection[int] | None,
    minimum_minor: int,
    confirmation: uuid.UUID,
    by: Actor,
    now: datetime,
) -> PayoutRun:
    """As `draft_run`, by a worker: the run is there at once, without its lines."""
    run, _ = runs.open_run(
        currency=currency,
        minimum_minor=minimum_minor,
        confirmation=confirmation,
        by=by,
        now=now,
    )
    chosen = None if member_ids is None else sorted(member_ids)
    request = Request(
        kind=DRAFT,
        title=f"Payout run in {currency}",
        about=about(run),
        total=Member.objects.count() if chosen is None else len(chosen),
        confirmation=confirmation,
        parameters={"run": run.pk, "members": chosen},
    )
    _asked(request, by=by, now=now)
    return run


@transaction.atomic
def ask_for_redraft(*, run: PayoutRun, by: Actor, now: datetime) -> Work:
    """As `redraft_run`, by a worker."""
    run = runs.reopen_draft(run=run)
    total = runs.members_in(run)
    return _ask_about(run, REDRAFT, "Payout run, drawn up again", total, by=by, now=now)


@transaction.atomic
def ask_to_confirm(*, run: PayoutRun, by: Actor, now: datetime) -> Work:
    """As `confirm_run`, by a worker. Raises NotADraftError and UnderWayError."""
    run = runs.locked_draft(run)
    return _ask_about(run, CONFIRM, "Confirming a payout run", run.payments, by=by, now=now)


@transaction.atomic
def ask_to_mark_paid(
    *, run: PayoutRun, reference: str, by: Actor, now: datetime, seen: str | None = None
) -> Work:
    """As `mark_run_paid`, by a worker."""
    run = runs.locked_in_processing(run)
    title = "Marking a payout run paid"
    told = {"reference": reference} | ({} if seen is None else {"seen": seen})
    return _ask_about(run, MARK_PAID, title, run.payments, by=by, now=now, **told)


@transaction.atomic
def ask_to_return(
    *, run: PayoutRun, state: PayoutState, reason: str, by: Actor, now: datetime
) -> Work:
    """As `return_run`, by a worker."""
    run = runs.locked_in_processing(run)
    told = {"state": state.value, "reason": reason}
    return _ask_about(run, RETURN, "Taking back a payout run", run.payments, by=by, now=now, **told)


def draft(turn: Turn) -> bool:
    """Go on drawing up the lines, of what was due when it was asked for."""
    return _draw_up(turn, turn.work.parameters["members"], runs.DRAFTED)


def redraft(turn: Turn) -> bool:
    """Go on drawing up the lines again, for the same members."""
    return _draw_up(turn, runs.SAME_MEMBERS, runs.REDRAFTED)


def confirm(turn: Turn) -> bool:
    """Make the payments, all or none."""
    return _at_once(turn, lambda run, now: runs.confirm_run(run=run, by=turn.by, now=now))


def mark_paid(turn: Turn) -> bool:
    """Mark what was seen on the way paid, all or none."""
    reference, seen = turn.work.parameters["reference"], turn.work.parameters.get("seen")
    return _at_once(
        turn,
        lambda run, now: runs.mark_run_paid(
            run=run, reference=reference, seen=seen, by=turn.by, now=now
        ),
    )


def give_back(turn: Turn) -> bool:
    """Take back what is on the way, all or none."""
    state, reason = PayoutState(turn.work.parameters["state"]), turn.work.parameters["reason"]
    return _at_once(
        turn,
        lambda run, now: runs.return_run(run=run, state=state, reason=reason, by=turn.by, now=now),
    )


def _draw_up(turn: Turn, chosen: Collection[int] | runs.SameMembers | None, action: str) -> bool:
    run, is_all = _run_of(turn.work), False
    try:
        while not is_all:
            with turn.batch() as work:
                drawn = runs.draw_up_some(
                    run=run, chosen=chosen, after=work.cursor, now=work.asked_at
                )
                note(work, done=drawn.members, counts={})
                work.cursor, is_all = drawn.after, drawn.is_all
            if turn.is_over and not is_all:
                return False
        with turn.batch():
            runs.close_draft(run=run, action=action, by=turn.by, now=turn.clock())
    except runs.NotADraftError as error:
        raise WorkError(str(error)) from error
    except PayoutError as error:
        runs.discard_draft(run=run, by=turn.by, now=turn.clock())
        raise WorkError(f"{error}: the draft was discarded") from error
    return True


def _at_once(turn: Turn, act: Callable[[PayoutRun, datetime], PayoutRun]) -> bool:
    try:
        with turn.batch() as work:
            act(_run_of(work), turn.clock())
            note(work, done=work.total, counts={})
    except runs.RunChangedError as error:
        who = ", ".join(map(str, error.members[:3]))
        more = f" and {len(error.members) - 3:,} more" if len(error.members) > 3 else ""
        raise WorkError(
            f"{error}: {who}{more}. Nothing was paid: draw it up again, then confirm"
        ) from error
    except PayoutError as error:
        raise WorkError(str(error)) from error
    return True


def _ask_about(
    run: PayoutRun, kind: str, title: str, total: int, *, by: Actor, now: datetime, **told: str
) -> Work:
    """Ask once while it is under way; belongs where the run is locked."""
    busy = running_work().filter(about=about(run)).first()
    if busy is not None:
        raise UnderWayError(busy)
    request = Request(
        kind=kind,
        title=title,
        about=about(run),
        total=total,
        confirmation=uuid.uuid4(),
        parameters={"run": run.pk, **told},
    )
    return _asked(request, by=by, now=now)


def _asked(request: Request, *, by: Actor, now: datetime) -> Work:
    work, is_new = ask(request, by=by, now=now)
    if is_new:
        hint(work.pk, now=now)
    return work


def _run_of(work: Work) -> PayoutRun:
    return PayoutRun.objects.get(pk=work.parameters["run"])
