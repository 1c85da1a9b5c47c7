"""Claim a work, go on with it for one slice of time, and let go.

Every batch locks the row and checks that it is still this worker's, so what a batch does and how
far it counts commit together or not at all, and two workers never do the same batch.
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
from background.asking import WorkRequest, ask_for_work, enqueue_work
from background.models import LIVE_WORK, Work, WorkProblem, WorkState
from core.jobs import claim

SLICE_LENGTH = timedelta(seconds=20)  # then other work goes first
MAX_ROWS_RUN_AT_ONCE = 200  # rows, members or payments: so much is done before the page answers
MAX_ATTEMPTS = 5  # without getting further
Clock = Callable[[], datetime]


class WorkError(Exception):
    """The work can't be done; the message says why, for the person who asked for it."""


class TakenOverError(Exception):
    """Another worker has the work now: this one's batch is taken back."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Something left out: a line of the file or a member, and why."""

    line: int | None
    subject: str
    message: str


class WorkSlice:
    """What a handler works with: its row, its batches, and whether its time is over."""

    def __init__(self, work: Work, token: uuid.UUID, clock: Clock) -> None:
        self.work, self.token, self.clock = work, token, clock
        self.ends_at = clock() + SLICE_LENGTH

    @property
    def by(self) -> Actor:
        """Who asked."""
        return Actor(self.work.asked_by)

    @property
    def is_over(self) -> bool:
        """Whether to stop after this batch and go on another time."""
        return self.clock() >= self.ends_at

    @contextmanager
    def batch(self) -> Iterator[Work]:
        """A step that commits whole, with what the caller sets on the row.

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
        """End the work. Belongs last: nothing is done to it after."""
        with self.batch() as work:
            work.state, work.error, work.finished_at = state, error[:500], self.clock()


Handler = Callable[[WorkSlice], bool]  # works until the slice is over; True: all is done


def lease() -> timedelta:
    """How long a worker may be silent between two batches."""
    return timedelta(seconds=settings.WORK_LEASE)


def run_slice(
    work_id: int, *, handlers: Mapping[str, Handler], now: datetime, clock: Clock = timezone.now
) -> Work | None:
    """Go on with a work for one slice, and see to it that there will be another if it needs one.

    None when it is done already or somebody else's: a message that comes twice does nothing. What
    a handler raises other than WorkError goes on up; the sweep has the work tried again.
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
        _serve(work_slice, handlers[work.kind])
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
    """Ask for a work; a small one is done before this returns, the others by a worker."""
    with transaction.atomic():
        work, is_new = ask_for_work(request, by=by, now=now)
        if is_new and work.total > MAX_ROWS_RUN_AT_ONCE:
            enqueue_work(work.pk, now=now)
    if is_new and work.total <= MAX_ROWS_RUN_AT_ONCE:
        return run_slice(work.pk, handlers={work.kind: handler}, now=now) or work
    return work


def _started(work: Work, token: uuid.UUID, clock: Clock) -> WorkSlice:
    """The slice, with the attempt on record before anything can go wrong."""
    Work.objects.filter(pk=work.pk, lease_token=token).update(
        state=WorkState.RUNNING,
        started_at=work.started_at or clock(),
        attempts=work.attempts + 1,
    )
    return WorkSlice(work, token, clock)


def _serve(work_slice: WorkSlice, handler: Handler) -> None:
    try:
        is_done = handler(work_slice)
    except WorkError as error:
        work_slice.finish(WorkState.FAILED, error=str(error))
    else:
        if is_done:
            work_slice.finish()


def _given_up(work: Work) -> str:
    so_far = f"{work.done:,} of {work.total:,} were done, and stay done."
    return f"It stopped {work.attempts} times without getting further, and was given up. {so_far}"


def count_batch(
    work: Work, *, done: int, counts: Mapping[str, int], problems: Sequence[RowProblem] = ()
) -> None:
    """Count a batch on its row, and keep what it left out. Belongs inside `WorkSlice.batch`."""
    work.done += done
    work.counts = dict(Counter(work.counts) + Counter(counts))
    work.problems += len(problems)
    WorkProblem.objects.bulk_create(
        WorkProblem(
            work=work, line=each.line, subject=each.subject[:200], message=each.message[:500]
        )
        for each in problems
    )
