"""Payment runs: drafting, confirming and settling payments to many members.

Of a large run a worker does it, as for staff: `is_worked_on` says so, and the run changes later.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query

from affiliates.models import Member
from api.authentication import Scope, actor_of
from api.resources.operations import Noun
from api.resources.reading import minor_in, page_of, row_at, rows_named, shown_id
from api.resources.refusing import changed_meanwhile, not_possible_now
from api.schemas.parts import Page, moment, moment_or_none, money
from api.schemas.payouts import (
    AskedRuns,
    DueToMember,
    MarkedRunPaid,
    NewRun,
    RunLines,
    RunLineShown,
    RunMembersDue,
    RunReturned,
    RunShown,
    RunWhole,
)
from background.running import MAX_ROWS_RUN_AT_ONCE
from background.selectors import running_work
from core.public_ids import IdKind
from payouts.due import due_page
from payouts.models import PayoutRun, PayoutRunMember, PayoutState
from payouts.run_work import (
    UnderWayError,
    ask_for_draft,
    ask_for_redraft,
    ask_to_confirm,
    ask_to_mark_paid,
    ask_to_return,
    run_reference,
)
from payouts.runs import (
    NotADraftError,
    OtherPaymentsError,
    RunChangedError,
    confirm_run,
    discard_draft,
    draft_run,
    mark_run_paid,
    members_in,
    redraft_run,
    return_run,
)
from payouts.selectors import mark_paid_summary, runs
from payouts.services import NotOpenError

NOUN = Noun("payout runs", changes=Scope.PAYOUTS)
MAX_SHOWN_LINES = 1_000
OTHER_DUE = "Less is due to some members than the draft says, and nothing was paid."
OTHER_SUM = "Another sum is on the way now, and nothing was marked."


@NOUN.get("/payout-runs", Page[RunShown])
def list_runs(request: HttpRequest, asked: Query[AskedRuns]) -> Page[RunShown]:
    """Return payment runs, the newest first."""
    found = runs(search=asked.search, state=asked.state)
    return page_of(request, asked, found, column="created_at", show=_show)


@NOUN.get("/payout-runs/{run}", RunWhole)
def show_run(request: HttpRequest, run: str) -> RunWhole:
    """Return one run."""
    return _one(_at(run))


@NOUN.get("/payout-runs/{run}/members", RunLines)
def list_members_of_run(request: HttpRequest, run: str) -> RunLines:
    """Return the members that a run pays or leaves out. Its payments are in the list of payouts."""
    row = _at(run)
    lines = PayoutRunMember.objects.filter(run=row).order_by("is_left_out", "-due_minor", "pk")
    found = list(lines[: MAX_SHOWN_LINES + 1])
    return RunLines(
        data=[
            RunLineShown(
                member=shown_id(IdKind.MEMBER, line.member_id),
                due=money(line.due_minor, row.currency),
                is_left_out=line.is_left_out,
            )
            for line in found[:MAX_SHOWN_LINES]
        ],
        is_cut=len(found) > MAX_SHOWN_LINES,
    )


@NOUN.post("/payout-runs", RunWhole, status=201)
def draft_new_run(request: HttpRequest, sent: NewRun) -> RunWhole:
    """Draft a run. It moves no money, and lists exactly what it would pay."""
    now = timezone.now()
    chosen: set[int] | None = None
    if sent.members is not None:
        rows = rows_named(IdKind.MEMBER, sent.members, Member.objects.all(), field="members")
        chosen = {row.pk for row in rows}
    minimum = minor_in(sent.minimum, sent.currency, field="minimum")
    due = due_page(now=now, among=chosen, only=sent.currency, limit=1).count
    draft = ask_for_draft if due > MAX_ROWS_RUN_AT_ONCE else draft_run
    row = draft(
        currency=sent.currency,
        member_ids=chosen,
        minimum_minor=minimum,
        confirmation=sent.confirmation or uuid.uuid4(),
        by=actor_of(request),
        now=now,
    )
    return _one(row)


@NOUN.post("/payout-runs/{run}/confirm", RunWhole, conflicts=True)
def confirm_one_run(request: HttpRequest, run: str) -> RunWhole:
    """Make all payments of a draft, or none. Where less is due by now: 409, draft it again."""
    row = _at(run)
    try:
        return _done(request, row, confirm_run, ask_to_confirm, rows=row.payments)
    except RunChangedError as error:
        raise changed_meanwhile(_due_now(row, error.members), OTHER_DUE) from error


@NOUN.post("/payout-runs/{run}/redraft", RunWhole, conflicts=True)
def redraft_one_run(request: HttpRequest, run: str) -> RunWhole:
    """Draft a run again, with what the same members are due now."""
    row = _at(run)
    return _done(request, row, redraft_run, ask_for_redraft, rows=members_in(row))


@NOUN.post("/payout-runs/{run}/discard", RunWhole, conflicts=True)
def discard_one_run(request: HttpRequest, run: str) -> RunWhole:
    """Discard a draft. Nothing is paid."""
    row = _at(run)
    with _refusing_other_state(row):
        row = discard_draft(run=row, by=actor_of(request), now=timezone.now())
    return _one(row)


@NOUN.post("/payout-runs/{run}/paid", RunWhole, conflicts=True)
def mark_one_run_paid(request: HttpRequest, run: str, sent: MarkedRunPaid) -> RunWhole:
    """Mark the payments of a run as paid that are on the way, as you read them."""
    row = _at(run)
    on_the_way, amount = mark_paid_summary(row), minor_in(sent.amount, row.currency)
    if row.state == PayoutState.PROCESSING and amount != on_the_way.amount.minor:
        raise changed_meanwhile(_one(row), OTHER_SUM)
    told = {"reference": sent.reference, "seen": on_the_way.seen}
    return _done(request, row, mark_run_paid, ask_to_mark_paid, rows=row.payments, **told)


@NOUN.post("/payout-runs/{run}/return", RunWhole, conflicts=True)
def return_one_run(request: HttpRequest, run: str, sent: RunReturned) -> RunWhole:
    """Mark the open payments of a run as failed or cancelled: their money is due again."""
    row = _at(run)
    told = {"state": PayoutState(sent.state), "reason": sent.reason}
    return _done(request, row, return_run, ask_to_return, rows=row.payments, **told)


def _at(run: str) -> PayoutRun:
    return row_at(IdKind.RUN, run, PayoutRun.objects.all())


@contextmanager
def _refusing_other_state(row: PayoutRun) -> Iterator[None]:
    """Raise ApiError (409) where the run is in a state in which this can't be done."""
    try:
        yield
    except (NotADraftError, UnderWayError, OtherPaymentsError) as error:
        raise changed_meanwhile(_now(row), str(error)) from error
    except NotOpenError as error:
        raise not_possible_now(str(error), current=_now(row)) from error


def _now(row: PayoutRun) -> RunWhole:
    return _one(PayoutRun.objects.get(pk=row.pk))


def _due_now(row: PayoutRun, members: Sequence[Member]) -> RunMembersDue:
    """What members of a draft are due now, also those who are due nothing."""
    found = due_page(now=timezone.now(), among=[one.pk for one in members], only=row.currency)
    due = {one.member_id: one.due_minor for one in found.rows}
    return RunMembersDue(
        members=[
            DueToMember(
                member=shown_id(IdKind.MEMBER, one.pk),
                due=[money(due.get(one.pk, 0), row.currency)],
            )
            for one in members
        ]
    )


def _done(
    request: HttpRequest,
    row: PayoutRun,
    service: Callable[..., PayoutRun],
    ask: Callable[..., object],
    *,
    rows: int,
    **told: object,
) -> RunWhole:
    """Call the service, or with many rows ask a worker to do it."""
    act = ask if rows > MAX_ROWS_RUN_AT_ONCE else service
    with _refusing_other_state(row):
        act(run=row, by=actor_of(request), now=timezone.now(), **told)
    return _now(row)


def _one(row: PayoutRun) -> RunWhole:
    amount = mark_paid_summary(row).amount
    return RunWhole(**dict(_show([row])[0]), to_mark_paid=money(amount.minor, amount.currency))


def _show(rows: Sequence[PayoutRun]) -> list[RunShown]:
    names = [run_reference(row) for row in rows]
    busy = set(running_work().filter(about__in=names).values_list("about", flat=True))
    return [_shown(row, is_worked_on=run_reference(row) in busy) for row in rows]


def _shown(row: PayoutRun, *, is_worked_on: bool) -> RunShown:
    times: dict[str, datetime | None] = {
        "confirmed_at": row.confirmed_at,
        "settled_at": row.settled_at,
    }
    shown: dict[str, Any] = {name: moment_or_none(value) for name, value in times.items()}
    return RunShown(
        id=shown_id(IdKind.RUN, row.pk),
        state=cast("Any", row.state),
        is_drafted=row.drawn_up_at is not None,
        is_worked_on=is_worked_on,
        amount=money(row.amount_minor, row.currency),
        minimum=money(row.minimum_minor, row.currency),
        payments=row.payments,
        reference=row.reference,
        reason=row.reason,
        created_at=moment(row.created_at),
        created_by=row.created_by,
        confirmed_by=row.confirmed_by,
        **shown,
    )
