"""Draft, confirm and settle large payout runs as background work.

Drafting works in batches of members, and each batch commits together with its progress. Confirming
and settling are one transaction each.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from affiliates.models import Member
from background.models import Work
from background.running import WorkError, WorkSlice, count_batch
from background.selectors import running_work
from background.work_requests import WorkRequest, request_and_enqueue_work
from core.references import Reference
from payouts import runs
from payouts.models import PayoutRun, PayoutState
from payouts.services import PayoutError

DRAFT, REDRAFT, CONFIRM = "run_draft", "run_redraft", "run_confirm"
MARK_PAID, RETURN = "run_paid", "run_return"


class UnderWayError(PayoutError):
    """A worker is busy with the run already; `work` is what it does."""

    def __init__(self, work: Work) -> None:
        super().__init__("a worker is busy with this run already")
        self.work = work


def run_reference(run: PayoutRun) -> str:
    """Return the reference of a run, under which its background work is found."""
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
    """Create a run without lines, and ask a worker to draft it as `draft_run` does.

    The same `confirmation` returns the same run. Raises ConfirmationReusedError and PayoutError.
    """
    run, is_new = runs.open_run(
        currency=currency,
        minimum_minor=minimum_minor,
        confirmation=confirmation,
        by=by,
        now=now,
    )
    if not is_new:
        return run
    chosen = None if member_ids is None else sorted(member_ids)
    request = WorkRequest(
        kind=DRAFT,
        title=f"Payout run in {currency}",
        about=run_reference(run),
        total=Member.objects.count() if chosen is None else len(chosen),
        confirmation=confirmation,
        parameters={"run": run.pk, "members": chosen},
    )
    request_and_enqueue_work(request, by=by, now=now)
    return run


@transaction.atomic
def ask_for_redraft(*, run: PayoutRun, by: Actor, now: datetime) -> Work:
    """Ask a worker to do what `redraft_run` does. Raises NotADraftError and UnderWayError."""
    run = runs.reopen_draft(run=run)
    total = runs.members_in(run)
    return _ask_about(run, REDRAFT, "Drafting a payout run again", total, by=by, now=now)


@transaction.atomic
def ask_to_confirm(*, run: PayoutRun, by: Actor, now: datetime, seen: str | None = None) -> Work:
    """Ask a worker to do what `confirm_run` does.

    Raises NotADraftError, OtherDraftError and UnderWayError.
    """
    run = runs.locked_draft(run, seen=seen)
    title = "Confirming a payout run"
    return _ask_about(run, CONFIRM, title, run.payments, by=by, now=now, **_of_page(seen))


@transaction.atomic
def ask_to_mark_paid(
    *, run: PayoutRun, reference: str, by: Actor, now: datetime, seen: str | None = None
) -> Work:
    """Ask a worker to do what `mark_run_paid` does. Raises PayoutError and UnderWayError."""
    run = runs.locked_in_processing(run)
    title = "Marking a payout run paid"
    more = {"reference": reference} | _of_page(seen)
    return _ask_about(run, MARK_PAID, title, run.payments, by=by, now=now, **more)


@transaction.atomic
def ask_to_return(
    *,
    run: PayoutRun,
    state: PayoutState,
    reason: str,
    by: Actor,
    now: datetime,
    seen: str | None = None,
) -> Work:
    """Ask a worker to do what `return_run` does. Raises PayoutError and UnderWayError."""
    run = runs.locked_to_return(run, seen=seen)
    more = {"state": state.value, "reason": reason} | _of_page(seen)
    return _ask_about(run, RETURN, "Taking back a payout run", run.payments, by=by, now=now, **more)


def draft(work_slice: WorkSlice) -> bool:
    """Continue drafting the lines, with what was due when staff asked for the draft."""
    return _draw_up(work_slice, work_slice.work.parameters["members"], runs.DRAFTED)


def redraft(work_slice: WorkSlice) -> bool:
    """Continue drafting the lines again, for the same members."""
    return _draw_up(work_slice, runs.SAME_MEMBERS, runs.REDRAFTED)


def confirm(work_slice: WorkSlice) -> bool:
    """Make all payments of the run, or none."""
    seen = work_slice.work.parameters.get("seen")
    return _at_once(
        work_slice,
        lambda run, now: runs.confirm_run(run=run, seen=seen, by=work_slice.by, now=now),
    )


def mark_paid(work_slice: WorkSlice) -> bool:
    """Mark all payments that staff saw in processing as paid, or none."""
    parameters = work_slice.work.parameters
    reference, seen = parameters["reference"], parameters.get("seen")
    return _at_once(
        work_slice,
        lambda run, now: runs.mark_run_paid(
            run=run, reference=reference, seen=seen, by=work_slice.by, now=now
        ),
    )


def give_back(work_slice: WorkSlice) -> bool:
    """Take back all open payments, or none."""
    parameters = work_slice.work.parameters
    state, reason = PayoutState(parameters["state"]), parameters["reason"]
    seen = parameters.get("seen")
    return _at_once(
        work_slice,
        lambda run, now: runs.return_run(
            run=run, state=state, reason=reason, seen=seen, by=work_slice.by, now=now
        ),
    )


def _draw_up(
    work_slice: WorkSlice, chosen: Collection[int] | runs.SameMembers | None, action: str
) -> bool:
    run, is_all = _run_of(work_slice.work), False
    try:
        while not is_all:
            with work_slice.batch() as work:
                drawn = runs.draw_up_some(
                    run=run, chosen=chosen, after=work.cursor, now=work.asked_at
                )
                count_batch(work, done=drawn.members, counts={})
                work.cursor, is_all = drawn.after, drawn.is_all
            if work_slice.is_over and not is_all:
                return False
        with work_slice.batch():
            runs.close_draft(run=run, action=action, by=work_slice.by, now=work_slice.clock())
    except runs.NotADraftError as error:
        raise WorkError(str(error)) from error
    except PayoutError as error:
        runs.discard_draft(run=run, by=work_slice.by, now=work_slice.clock())
        raise WorkError(f"{error}. The draft was discarded") from error
    return True


def _at_once(work_slice: WorkSlice, act: Callable[[PayoutRun, datetime], PayoutRun]) -> bool:
    try:
        with work_slice.batch() as work:
            act(_run_of(work), work_slice.clock())
            count_batch(work, done=work.total, counts={})
    except runs.RunChangedError as error:
        who = ", ".join(map(str, error.members[:3]))
        more = f" and {len(error.members) - 3:,} more" if len(error.members) > 3 else ""
        raise WorkError(
            f"{error}: {who}{more}. Nothing was paid. Draft the run again, then confirm it"
        ) from error
    except PayoutError as error:
        raise WorkError(str(error)) from error
    return True


def _ask_about(
    run: PayoutRun, kind: str, title: str, total: int, *, by: Actor, now: datetime, **more: str
) -> Work:
    """Ask for the work unless some is running. Call it with the run locked."""
    busy = running_work().filter(about=run_reference(run)).first()
    if busy is not None:
        raise UnderWayError(busy)
    request = WorkRequest(
        kind=kind,
        title=title,
        about=run_reference(run),
        total=total,
        confirmation=uuid.uuid4(),
        parameters={"run": run.pk, **more},
    )
    return request_and_enqueue_work(request, by=by, now=now)


def _of_page(seen: str | None) -> dict[str, str]:
    """Return what the page showed, as a parameter of the work."""
    return {} if seen is None else {"seen": seen}


def _run_of(work: Work) -> PayoutRun:
    return PayoutRun.objects.get(pk=work.parameters["run"])
