"""Long work: batches that commit with their count, by one worker at a time, to an end."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import AuditEntry
from background.files import CHUNK_BYTES, read_file_bytes, read_file_lines
from background.models import Work, WorkChunk, WorkFile, WorkProblem
from background.running import (
    MAX_ATTEMPTS,
    MAX_ROWS_RUN_AT_ONCE,
    SLICE_LENGTH,
    RowProblem,
    TakenOverError,
    WorkError,
    WorkSlice,
    count_batch,
    run_slice,
    start_work,
)
from background.sweeping import FILES_KEPT, sweep_work
from background.work_requests import WorkRequest, request_work
from core.tenancy import acting_for
from tests.cast import NOW, SYSTEM, Cast
from tests.snapshot import snapshot

KEY = uuid.UUID("00000000-0000-4000-8000-000000000001")


@pytest.fixture(autouse=True)
def at_juniper(cast: Cast) -> Iterator[None]:
    with acting_for(cast.juniper):
        yield


def request(*, total: int = 3, given: tuple[bytes, ...] = ()) -> WorkRequest:
    return WorkRequest(
        kind="count", title="Counting", about="test", total=total, confirmation=KEY, given=given
    )


def asked(*, total: int = 3) -> Work:
    work, _ = request_work(request(total=total), by=SYSTEM, now=NOW)
    return work


def counting(work_slice: WorkSlice) -> bool:
    """One row a batch."""
    while work_slice.work.done < work_slice.work.total:
        with work_slice.batch() as work:
            count_batch(work, done=1, counts={"counted": 1})
        if work_slice.is_over:
            return work_slice.work.done >= work_slice.work.total
    return True


def go_on(work: Work, handler: Callable[[WorkSlice], bool] = counting, **kwargs: Any) -> Work:
    """Another slice of it, as the row is after."""
    kwargs.setdefault("clock", lambda: NOW)
    run_slice(work.pk, handlers={"count": handler}, now=NOW, **kwargs)
    return Work.objects.get(pk=work.pk)


def test_a_form_sent_twice_asks_once_and_the_log_says_who() -> None:
    first, is_new = request_work(request(given=(b"a,b\n",)), by=SYSTEM, now=NOW)
    second, is_new_again = request_work(request(given=(b"a,b\n",)), by=SYSTEM, now=NOW)

    assert (first, is_new, is_new_again) == (second, True, False)
    assert WorkChunk.objects.count() == 1
    entries = AuditEntry.objects.filter(action="work.asked")
    assert [(entry.actor, entry.detail) for entry in entries] == [("test", {"title": "Counting"})]


def test_work_is_done_counted_and_over() -> None:
    work = go_on(asked())

    assert (work.state, work.done, work.counts) == ("done", 3, {"counted": 3})
    assert (work.started_at, work.finished_at, work.lease_token) == (NOW, NOW, None)


def test_a_message_that_comes_twice_does_nothing_the_second_time() -> None:
    work = go_on(asked())
    before = snapshot()

    assert run_slice(work.pk, handlers={"count": counting}, now=NOW) is None
    assert snapshot() == before


def test_a_small_work_is_done_at_once_and_a_large_one_waits() -> None:
    small = start_work(request(total=MAX_ROWS_RUN_AT_ONCE), handler=counting, by=SYSTEM, now=NOW)
    Work.objects.filter(pk=small.pk).update(confirmation=uuid.uuid4())
    large = start_work(
        request(total=MAX_ROWS_RUN_AT_ONCE + 1), handler=counting, by=SYSTEM, now=NOW
    )

    assert (small.state, small.done) == ("done", MAX_ROWS_RUN_AT_ONCE)
    assert (large.state, large.done, large.started_at) == ("waiting", 0, None)


def test_a_slice_ends_after_the_batch_in_which_its_time_is_over() -> None:
    ticks = iter(NOW + SLICE_LENGTH * number / 2 for number in range(20))

    work = go_on(asked(), clock=lambda: next(ticks))

    assert (work.state, work.lease_token) == ("running", None)
    assert 0 < work.done < 3
    assert go_on(work).state == "done"


def test_what_a_batch_did_counts_or_is_taken_back_with_it() -> None:
    def fails_in_the_second(work_slice: WorkSlice) -> bool:
        with work_slice.batch() as work:
            count_batch(work, done=1, counts={}, problems=[RowProblem(2, "email", "is missing")])
        with work_slice.batch() as work:
            count_batch(work, done=1, counts={}, problems=[RowProblem(3, "email", "is missing")])
            raise ZeroDivisionError
        return True

    work = asked()
    with pytest.raises(ZeroDivisionError):
        go_on(work, fails_in_the_second)

    work.refresh_from_db()
    assert (work.state, work.done, work.problems, work.lease_token) == ("running", 1, 1, None)
    assert [problem.line for problem in WorkProblem.objects.all()] == [2]


def test_a_work_that_can_not_be_done_says_why() -> None:
    def refused(work_slice: WorkSlice) -> bool:
        raise WorkError("the file has no column email")

    work = go_on(asked(), refused)

    assert (work.state, work.error) == ("failed", "the file has no column email")
    assert work.finished_at == NOW


def test_a_work_that_fails_five_times_is_stopped() -> None:
    def dies(work_slice: WorkSlice) -> bool:
        raise ZeroDivisionError

    work = asked()
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(ZeroDivisionError):
            go_on(work, dies)
    work = go_on(work, dies)

    assert work.state == "failed"
    assert work.error == (
        "It failed 5 times in a row and was stopped. 0 of 3 were done, and stay done."
    )


def test_a_batch_that_gets_further_forgives_the_attempts_before() -> None:
    work = asked()
    Work.objects.filter(pk=work.pk).update(attempts=MAX_ATTEMPTS - 1)

    assert go_on(work).attempts == 0


def test_a_worker_whose_work_was_taken_over_does_not_count_any_more() -> None:
    def loses_it(work_slice: WorkSlice) -> bool:
        Work.objects.filter(pk=work_slice.work.pk).update(lease_token=KEY)
        with pytest.raises(TakenOverError), work_slice.batch():
            raise AssertionError("the batch was begun")
        Work.objects.filter(pk=work_slice.work.pk).update(lease_token=work_slice.token)
        raise TakenOverError

    work = go_on(asked(), loses_it)

    assert (work.state, work.done) == ("running", 0)


def test_the_sweep_enqueues_work_that_no_worker_runs_and_no_other(
    django_capture_on_commit_callbacks: Any,
) -> None:
    idle, done = asked(), None
    Work.objects.filter(pk=idle.pk).update(confirmation=uuid.uuid4())
    held = asked()
    Work.objects.filter(pk=held.pk).update(
        confirmation=uuid.uuid4(), lease_token=KEY, lease_until=NOW + timedelta(seconds=1)
    )
    done = go_on(asked())

    with django_capture_on_commit_callbacks() as messages:
        found = sweep_work(now=NOW)
        again = sweep_work(now=NOW)

    assert (found, again, len(messages)) == ([idle.pk], [], 1)
    assert done.pk not in found
    assert sweep_work(now=NOW + timedelta(seconds=20)) == [idle.pk, held.pk]


def test_files_go_after_their_days_and_the_row_says_so() -> None:
    work, _ = request_work(request(given=(b"a,b\n",)), by=SYSTEM, now=NOW)
    go_on(work)

    sweep_work(now=NOW + FILES_KEPT - timedelta(seconds=1))
    assert WorkChunk.objects.count() == 1
    later: datetime = NOW + FILES_KEPT
    sweep_work(now=later)

    assert WorkChunk.objects.count() == 0
    assert Work.objects.get().files_gone_at == later


def test_a_file_comes_back_as_it_was_given_in_pieces() -> None:
    text = "\ufeffline,é\r\n" + "x" * CHUNK_BYTES + "\n" + "ü" * CHUNK_BYTES
    content = text.encode()

    work, _ = request_work(request(given=(content[:7], content[7:])), by=SYSTEM, now=NOW)

    assert b"".join(read_file_bytes(work, WorkFile.GIVEN)) == content
    assert WorkChunk.objects.count() == 4
    assert list(read_file_lines(work, WorkFile.GIVEN)) == text.removeprefix("\ufeff").splitlines(
        True
    )
