"""Claim a work, run it for one slice of time, and release it.

Every batch locks the row and checks that this worker still holds it. So a batch and its count
commit together or not at all, and two workers never do the same batch.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.actors import Actor
from background.models import LIVE_WORK, Work, WorkProblem, WorkState
from background.work_requests import WorkRequest, enqueue_work, request_work
from core.jobs import claim

SLICE_LENGTH = timedelta(seconds=20)  # then other work goes first
MAX_ROWS_RUN_AT_ONCE = 200  # rows, members or payments that are done before the page responds
MAX_ATTEMPTS = 5  # without a committed batch
Clock = Callable[[], datetime]


class WorkError(Exception):
    """The work can't be done; the message says why, for the person who asked for it."""


class TakenOverError(Exception):
    """Another worker has the work now: this worker's batch is rolled back."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row of the file or a member that was skipped, and why."""

    line: int | None
    subject: str
    message: str


class WorkSlice:
    """What a handler works with: the row, its batches, and whether the slice's time is over."""

    def __init__(self, work: Work, token: uuid.UUID, clock: Clock) -> None:
        self.work, self.token, self.clock = work, token, clock
        self.ends_at = clock() + SLICE_LENGTH

    @property
    def by(self) -> Actor:
        """The person who asked for the work."""
        return Actor(self.work.asked_by)

    @property
    def is_over(self) -> bool:
        """Whether to stop after this batch and continue in another slice."""
        return self.clock() >= self.ends_at

    @contextmanager
    def batch(self) -> Iterator[Work]:
        """One transaction, with the values that the caller sets on the row.

        Raises TakenOverError when another worker has the work.
        """
        with transaction.atomic():
            rows = Work.objects.select_for_update().filter(state=WorkState.RUNNING)
            work = rows.filter(pk=self.work.pk, lease_token=self.token).first()
            if work is None:
                raise TakenOverError
            yield work
            work.attempts, work.lease_until = 0, self.clock() + lease()
            work.save()
        self.work = work

    def finish(self, state: WorkState = WorkState.DONE, *, error: str = "") -> None:
        """End the work. Call it last."""
        with self.batch() as work:
            work.state, work.error, work.finished_at = state, error[:500], self.clock()


Handler = Callable[[WorkSlice], bool]  # works until the slice is over; True: all is done


def lease() -> timedelta:
    """How long a worker may be silent between two batches."""
    return timedelta(seconds=settings.WORK_LEASE)


def run_slice(
    work_id: int, *, handlers: Mapping[str, Handler], now: datetime, clock: Clock = timezone.now
) -> Work | None:
    """Run a work for one slice, and enqueue it again if there is more to do.

    None when it is done already or another worker has it: a message that arrives twice does
    nothing. Errors of a handler other than WorkError are raised; the sweep enqueues the work again.
    """
    token, ids = claim(
        Work.objects.filter(pk=work_id, state__in=LIVE_WORK), limit=1, lease=lease(), now=now
    )
    if not ids:
        return None
    work = Work.objects.get(pk=work_id)
    try:
        work_slice = _started(work, token, clock)
        if work.attempts >= MAX_ATTEMPTS:
            work_slice.finish(WorkState.FAILED, error=_given_up(work))
            return work_slice.work
        _run_handler(work_slice, handlers[work.kind])
    except TakenOverError:
        return None
    finally:
        Work.objects.filter(pk=work_id, lease_token=token).update(
            lease_token=None, lease_until=None
        )
    if work_slice.work.is_live:
        enqueue_work(work_id, now=clock())
    return work_slice.work


def start_work(request: WorkRequest, *, handler: Handler, by: Actor, now: datetime) -> Work:
    """Ask for a work; a small one is run before this returns, a larger one by a worker."""
    with transaction.atomic():
        work, is_new = request_work(request, by=by, now=now)
        if is_new and work.total > MAX_ROWS_RUN_AT_ONCE:
            enqueue_work(work.pk, now=now)
    if is_new and work.total <= MAX_ROWS_RUN_AT_ONCE:
        return run_slice(work.pk, handlers={work.kind: handler}, now=now) or work
    return work


def _started(work: Work, token: uuid.UUID, clock: Clock) -> WorkSlice:
    """The slice. The attempt is counted first, before anything can fail."""
    Work.objects.filter(pk=work.pk, lease_token=token).update(
        state=WorkState.RUNNING,
        started_at=work.started_at or clock(),
        attempts=work.attempts + 1,
    )
    return WorkSlice(work, token, clock)


def _run_handler(work_slice: WorkSlice, handler: Handler) -> None:
    try:
        is_done = handler(work_slice)
    except WorkError as error:
        work_slice.finish(WorkState.FAILED, error=str(error))
    else:
        if is_done:
            work_slice.finish()


def _given_up(work: Work) -> str:
    so_far = f"{work.done:,} of {work.total:,} were done, and stay done."
    return f"It failed {work.attempts} times in a row and was stopped. {so_far}"


def count_batch(
    work: Work, *, done: int, counts: Mapping[str, int], problems: Sequence[RowProblem] = ()
) -> None:
    """Count a batch on its row, and store what it skipped. Call it inside `WorkSlice.batch`."""
    work.done += done
    work.counts = dict(Counter(work.counts) + Counter(counts))
    work.problems += len(problems)
    WorkProblem.objects.bulk_create(
        WorkProblem(
            work=work, line=each.line, subject=each.subject[:200], message=each.message[:500]
        )
        for each in problems
    )
