"""A real worker is killed twice in the middle of an import: every row goes in, none twice."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from affiliates.models import Member
from background.models import Work, WorkProblem, WorkState
from background.sweeping import sweep_work
from core.tenancy import acting_for
from tests.cast import SYSTEM, assemble
from tests.own_processes import until
from tests.worker import Worker
from tracking.importing.members_in_background import ask_for_import, ask_for_preview
from tracking.models import PromoCode

CROWD = 1_200
EVERY_TENTH_IS_BAD = CROWD // 10
KILLED_AT = (200, 600)
LOST_AFTER = timedelta(seconds=1)  # a message that nobody took for so long; usually it is 15 s
SWEEP_SECONDS = 0.2  # between two sweeps: more of them would take the CPU that the worker needs


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    monkeypatch.setattr("background.sweeping.LOST_MESSAGE_AFTER", LOST_AFTER)
    one = Worker(1, WORK_LEASE="1")
    yield one
    one.stop()


def file() -> bytes:
    rows = [
        f"m{number}@crowd.example,M,{number},CROWD{number}"
        if number % 10
        else f"no address {number},,,"
        for number in range(CROWD)
    ]
    return "\n".join(["email,first_name,last_name,promo_code", *rows]).encode()


def until_done(work: Work, worker: Worker) -> Work:
    """Look again and again; the worker is killed when the import has come so far."""
    kills = list(KILLED_AT) if work.kind == "member_import" else []

    def is_over() -> bool:
        if worker.is_dead():
            worker.start()
        elif kills and work.done >= kills[0]:
            kills.pop(0)
            worker.kill()
        sweep_work(now=timezone.now())
        work.refresh_from_db()
        return not work.is_live

    until(is_over, "no row is read", every=SWEEP_SECONDS, progress=lambda: (work.done, len(kills)))
    assert not kills
    return work


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_brings_no_row_in_twice_and_leaves_none_out(worker: Worker) -> None:
    cast = assemble()
    worker.start()
    with acting_for(cast.juniper):
        preview = ask_for_preview(
            content=file(), filename="crowd.csv", rows=CROWD, offer=cast.glow,
            confirmation=uuid.uuid4(), by=SYSTEM, now=timezone.now(),
        )  # fmt: skip
        until_done(preview, worker)
        assert Member.objects.count() == 3
        work = ask_for_import(preview=preview, by=SYSTEM, now=timezone.now())
        again = ask_for_import(preview=preview, by=SYSTEM, now=timezone.now())
        work = until_done(work, worker)
        worker.stop()

        assert again == work
        good = CROWD - EVERY_TENTH_IS_BAD
        assert (work.state, work.done, work.counts) == (WorkState.DONE, CROWD, {"added": good})
        assert Member.objects.filter(email__endswith="@crowd.example").count() == good
        assert PromoCode.objects.filter(code__startswith="CROWD").count() == good
        assert AuditEntry.objects.filter(action="member.added").count() == good + 3
        assert work.problems == EVERY_TENTH_IS_BAD
        assert WorkProblem.objects.filter(work=work).count() == EVERY_TENTH_IS_BAD
