"""Large runs by a worker: drafted in batches, confirmed all or none, and once."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from itertools import chain, repeat
from typing import Any

import pytest
from django.db import connection

from accounts.models import AuditEntry
from background.models import Work
from background.running import Handler, run_slice
from core.tenancy import acting_for
from payouts import run_work, runs
from payouts.ledger import due_entries
from payouts.models import Payout, PayoutRun, PayoutRunEntry, PayoutState
from payouts.runs import NotADraftError, confirm_run, discard_draft, draft_run
from payouts.selectors import return_summary
from payouts.services import PayoutError, record_payment
from tests.cast import NOW, SYSTEM, Cast, assemble
from tests.payouts.owing import earn, listed
from tests.snapshot import snapshot
from tracking.reconciliation.differences import differences

HANDLERS: dict[str, Handler] = {
    run_work.DRAFT: run_work.draft,
    run_work.REDRAFT: run_work.redraft,
    run_work.CONFIRM: run_work.confirm,
    run_work.MARK_PAID: run_work.mark_paid,
    run_work.RETURN: run_work.give_back,
}


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MEMBERS_PER_BATCH", 1)


def ask_for_draft(*, minimum_minor: int = 0, key: uuid.UUID | None = None) -> PayoutRun:
    return run_work.ask_for_draft(
        currency="GBP",
        member_ids=None,
        minimum_minor=minimum_minor,
        confirmation=key or uuid.uuid4(),
        by=SYSTEM,
        now=NOW,
    )


def let_a_worker(run: PayoutRun, *, is_hurried: bool = False) -> Work:
    """One slice of the latest work of the run; a hurried one is over after a batch."""
    work = Work.objects.filter(about=run_work.run_reference(run)).latest("pk")
    ticks = chain([NOW] * 3, repeat(NOW + timedelta(hours=is_hurried)))
    run_slice(work.pk, handlers=HANDLERS, now=NOW, clock=lambda: next(ticks))
    work.refresh_from_db()
    run.refresh_from_db()
    return work


@pytest.mark.usefixtures("one_at_a_time")
def test_a_worker_draws_up_what_the_page_would(owed: Cast) -> None:
    run = ask_for_draft()
    assert (run.drawn_up_at, listed(run)) == (None, [])

    work = let_a_worker(run)

    by_page = draft_run(
        currency="GBP", member_ids=None, minimum_minor=0, confirmation=uuid.uuid4(), by=SYSTEM,
        now=NOW,
    )  # fmt: skip
    assert (work.state, work.done, work.total) == ("done", 3, 3)
    assert (run.drawn_up_at, run.amount_minor, run.payments) == (NOW, 1_600, 2)
    assert listed(run) == listed(by_page) == [(owed.mara.pk, 1_000), (owed.diego.pk, 600)]
    assert listed(run, left_out=True) == [(owed.june.pk, -100)]
    assert PayoutRunEntry.objects.filter(line__run=run).count() == 3


@pytest.mark.usefixtures("one_at_a_time")
def test_it_goes_on_where_it_stopped_and_names_nobody_twice(owed: Cast) -> None:
    run = ask_for_draft()

    first = let_a_worker(run, is_hurried=True)
    assert (first.state, first.done, run.drawn_up_at) == ("running", 1, None)
    earn(owed.mara_in_glow, 5_000)  # due after it was asked for, or after her line was written
    let_a_worker(run)

    assert listed(run) == [(owed.mara.pk, 1_000), (owed.diego.pk, 600)]
    assert AuditEntry.objects.filter(action="payout_run.drafted").count() == 1


def test_nothing_is_confirmed_before_it_is_drawn_up(owed: Cast) -> None:
    run = ask_for_draft()
    before = snapshot()

    for change in (confirm_run, runs.redraft_run):
        with pytest.raises(NotADraftError, match="still being drafted"):
            change(run=run, by=SYSTEM, now=NOW)

    assert snapshot() == before


def test_a_draft_that_pays_nobody_is_discarded_and_says_so(owed: Cast) -> None:
    run = ask_for_draft(minimum_minor=1_001)

    work = let_a_worker(run)

    assert work.error == "no chosen member is due that much now. The draft was discarded"
    assert (work.state, run.state) == ("failed", "cancelled")


@pytest.mark.usefixtures("one_at_a_time")
def test_a_run_discarded_meanwhile_is_not_drawn_up_further(owed: Cast) -> None:
    run = ask_for_draft()
    let_a_worker(run, is_hurried=True)
    discard_draft(run=run, by=SYSTEM, now=NOW)

    work = let_a_worker(run)

    assert (work.state, work.error) == ("failed", "this run was discarded already")
    assert PayoutRunEntry.objects.count() == 0


@pytest.mark.usefixtures("one_at_a_time")
def test_drawing_up_again_names_the_same_members_as_they_are_due_now(owed: Cast) -> None:
    run = ask_for_draft()
    let_a_worker(run)
    earn(owed.diego_in_glow, -150)

    run_work.ask_for_redraft(run=run, by=SYSTEM, now=NOW)
    work = let_a_worker(run)

    assert (work.state, work.done) == ("done", 3)
    assert listed(run) == [(owed.mara.pk, 1_000), (owed.diego.pk, 450)]


def test_confirming_settling_and_taking_back_are_what_the_page_does(owed: Cast) -> None:
    run = ask_for_draft()
    let_a_worker(run)

    run_work.ask_to_confirm(run=run, by=SYSTEM, now=NOW)
    confirmed = let_a_worker(run)
    run_work.ask_to_return(
        run=run, state=PayoutState.FAILED, reason="Bank closed", by=SYSTEM, now=NOW
    )
    let_a_worker(run)

    assert (confirmed.state, confirmed.done, confirmed.total) == ("done", 2, 2)
    assert (run.state, run.reason, run.confirmed_by) == ("failed", "Bank closed", "test")
    assert list(differences(owed.juniper)) == []


def test_a_run_is_marked_paid_by_a_worker(owed: Cast) -> None:
    run = ask_for_draft()
    let_a_worker(run)
    run_work.ask_to_confirm(run=run, by=SYSTEM, now=NOW)
    let_a_worker(run)

    run_work.ask_to_mark_paid(run=run, reference="BACS 7", by=SYSTEM, now=NOW)
    let_a_worker(run)

    assert (run.state, run.reference) == ("paid", "BACS 7")
    assert set(Payout.objects.values_list("state", "reference")) == {("paid", "BACS 7")}


def test_two_who_confirm_at_once_ask_once(owed: Cast) -> None:
    run = ask_for_draft()
    let_a_worker(run)
    first = run_work.ask_to_confirm(run=run, by=SYSTEM, now=NOW)
    before = snapshot()

    with pytest.raises(run_work.UnderWayError) as refused:
        run_work.ask_to_confirm(run=run, by=SYSTEM, now=NOW)

    assert refused.value.work == first
    assert snapshot() == before


def test_a_worker_confirms_and_takes_back_only_what_staff_saw(owed: Cast) -> None:
    run = ask_for_draft()
    let_a_worker(run)
    run_work.ask_to_confirm(run=run, seen=run.draft_version, by=SYSTEM, now=NOW)
    earn(owed.mara_in_glow, 5_000)
    runs.redraft_run(run=run, by=SYSTEM, now=NOW)

    confirming = let_a_worker(run)
    run_work.ask_to_confirm(run=run, seen=run.draft_version, by=SYSTEM, now=NOW)
    let_a_worker(run)
    told: dict[str, Any] = {"state": PayoutState.FAILED, "reason": "Closed"}
    run_work.ask_to_return(run=run, seen=return_summary(run).seen, by=SYSTEM, now=NOW, **told)
    Payout.objects.filter(run=run, member=owed.mara).update(in_file_at=NOW)
    returning = let_a_worker(run)

    assert confirming.error == "this run was drafted again: check it, then confirm it"
    assert returning.error == (
        "the payments of this run have changed: check them again, then take them back"
    )
    assert run.state == "processing"


def test_a_line_paid_meanwhile_stops_the_whole_run_and_says_whose(owed: Cast) -> None:
    run = ask_for_draft()
    let_a_worker(run)
    due = due_entries(member_id=owed.mara.pk, currency="GBP", now=NOW)
    record_payment(
        member=owed.mara, currency="GBP", entry_ids=[due[0].pk], reference="", by=SYSTEM, now=NOW
    )

    run_work.ask_to_confirm(run=run, by=SYSTEM, now=NOW)
    work = let_a_worker(run)

    assert work.state == "failed"
    assert work.error == (
        "what is due has changed since this run was drafted: Mara Lindqvist. "
        "Nothing was paid. Draft the run again, then confirm it"
    )
    assert (run.state, Payout.objects.filter(run=run).count()) == ("draft", 0)


@pytest.mark.django_db(transaction=True)
def test_two_runs_over_the_same_members_drafted_and_confirmed_at_once_pay_once() -> None:
    cast = assemble()
    with acting_for(cast.juniper):
        for enrollment in (cast.mara_in_glow, cast.diego_in_glow):
            earn(enrollment, 1_000)
    start, results = threading.Barrier(2), []

    def run_it() -> None:
        start.wait()
        with acting_for(cast.juniper):
            run = ask_for_draft()
            let_a_worker(run)
            start.wait()
            try:
                confirm_run(run=run, by=SYSTEM, now=NOW)
                results.append("paid")
            except PayoutError:
                results.append("refused")
        connection.close()

    threads = [threading.Thread(target=run_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == ["paid", "refused"]
    with acting_for(cast.juniper):
        assert Payout.objects.count() == 2
        assert list(differences(cast.juniper)) == []
