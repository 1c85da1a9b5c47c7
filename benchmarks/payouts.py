"""Draft, confirm and settle a payout run of 100,000 members with 1,000,000 entries. Then a hundred
people press Pay at the same time, a hundred times.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections import Counter

from django.db import connection
from django.utils import timezone

from benchmarks.as_worker import run_as_worker
from benchmarks.brand_with_members import (
    BY,
    NOW,
    BrandWithMembers,
    add_due_entries,
    analyze,
    make_brand,
)
from benchmarks.figures import Memory, show, timed
from core.tenancy import acting_for
from offers.models import Enrollment
from payouts import run_work
from payouts.ledger import due_entries
from payouts.models import PayoutRun, PayoutRunEntry, PayoutState
from payouts.services import DueChangedError, adjust, record_payment

MEMBERS = int(os.environ.get("MEMBERS", "100000"))
ENTRIES = 10  # of each member
CONCURRENT_PAYMENTS, REPETITIONS = 100, 100


def run() -> None:
    small = make_brand("few", members=MEMBERS // 100, first_names=500)
    add_due_entries(small, entries=ENTRIES)
    large = make_brand("many", members=MEMBERS, first_names=500)
    add_due_entries(large, entries=ENTRIES)
    analyze()
    show("members, entries", f"{MEMBERS:,}, {MEMBERS * ENTRIES:,}")
    draft(small)
    memory = Memory()
    seconds = timed(lambda: draft(large))
    show("drafted", f"{seconds:.1f} s, {memory.grown} more than for a hundredth of it")
    with acting_for(large.brand):
        one = PayoutRun.objects.get()
        assert (one.payments, PayoutRunEntry.objects.count()) == (MEMBERS, MEMBERS * ENTRIES)
        measure_the_rest(one)
    press()


def draft(sample: BrandWithMembers) -> None:
    with acting_for(sample.brand):
        run = run_work.ask_for_draft(
            currency="GBP", member_ids=None, minimum_minor=0, confirmation=uuid.uuid4(), by=BY,
            now=timezone.now(),
        )  # fmt: skip
        run_as_worker(work_of(run))


def measure_the_rest(one: PayoutRun) -> None:
    memory = Memory()
    for what, ask in (
        ("drawn up again", lambda: run_work.ask_for_redraft(run=one, by=BY, now=NOW)),
        ("confirmed", lambda: run_work.ask_to_confirm(run=one, by=BY, now=NOW)),
        ("taken back", lambda: run_work.ask_to_return(
            run=one, state=PayoutState.FAILED, reason="bench", by=BY, now=NOW)),
    ):  # fmt: skip
        seconds = timed(lambda ask=ask: run_as_worker(ask()))  # type: ignore[misc]
        show(what, f"{seconds:.1f} s, {memory.grown}")


def work_of(run: PayoutRun):  # type: ignore[no-untyped-def]
    from background.selectors import recent_work_about

    return recent_work_about(run_work.run_reference(run))[0]


def press() -> None:
    """A balance of one member, which a hundred people pay at the same time."""
    sample = make_brand("pressed", members=1, first_names=1)
    results: list[Counter[str]] = []

    def all_times() -> None:
        results.extend(once(sample) for _ in range(REPETITIONS))

    seconds = timed(all_times)
    paid_once = sum(result == {"paid": 1, "refused": CONCURRENT_PAYMENTS - 1} for result in results)
    show(
        f"{CONCURRENT_PAYMENTS} simultaneous payments of one balance, {REPETITIONS} times",
        f"paid once in {paid_once} of {REPETITIONS}, {seconds:.1f} s",
    )
    assert paid_once == REPETITIONS, results


def once(sample: BrandWithMembers) -> Counter[str]:
    with acting_for(sample.brand):
        enrollment = Enrollment.objects.select_related("member").get()
        adjust(
            enrollment=enrollment, currency="GBP", amount_minor=1_000, note="bench", by=BY, now=NOW
        )
        due = due_entries(member_id=enrollment.member_id, currency="GBP", now=NOW)
        ids = list(due.values_list("pk", flat=True))
    start, results = threading.Barrier(CONCURRENT_PAYMENTS), []

    def pay() -> None:
        start.wait()
        try:
            with acting_for(sample.brand):
                record_payment(
                    member=enrollment.member, currency="GBP", entry_ids=ids, reference="",
                    by=BY, now=NOW,
                )  # fmt: skip
            results.append("paid")
        except DueChangedError:
            results.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=pay) for _ in range(CONCURRENT_PAYMENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(results)
