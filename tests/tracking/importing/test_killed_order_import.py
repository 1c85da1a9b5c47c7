"""A real worker is killed twice in the middle of an import: every order goes in, none twice."""

from __future__ import annotations

import csv
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from background.files import read_file_bytes
from background.models import Work, WorkFile, WorkState
from background.sweeping import sweep_work
from core.tenancy import acting_for
from tests.cast import SYSTEM, assemble
from tests.own_processes import until
from tests.worker import Worker
from tracking.importing.entries import ORDER_COLUMNS, ORDERS
from tracking.importing.orders_in_background import ImportChoice, ask_for_import, ask_for_preview
from tracking.models import Order, OrderLine

MANY = 1_200
BAD = range(0, MANY, 10)
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
    """Each order has two rows, which stand far apart."""
    rows = [
        f"{number},{'' if number in BAD else '2026-11-18T09:50:26Z'},GBP,,MARA15,{sku},P,1,1"
        for sku in ("A", "B")
        for number in range(MANY)
    ]
    return "\n".join([",".join(ORDER_COLUMNS), *rows]).encode()


def until_done(work: Work, worker: Worker) -> Work:
    """Look again and again; the worker is killed when the import has come so far."""
    kills = list(KILLED_AT) if work.kind == "order_import" else []

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
def test_a_killed_worker_records_no_order_twice_and_leaves_none_out(worker: Worker) -> None:
    cast = assemble()
    worker.start()
    choice = ImportChoice(
        kind=ORDERS, source="till", anew=False, filename="orders.csv", header=ORDER_COLUMNS,
        columns={name: name for name in ORDER_COLUMNS},
    )  # fmt: skip
    with acting_for(cast.juniper):
        preview = ask_for_preview(
            choice=choice, content=[file()], rows=2 * MANY, confirmation=uuid.uuid4(),
            by=SYSTEM, now=timezone.now(),
        )  # fmt: skip
        until_done(preview, worker)
        assert not Order.objects.exists()
        work = ask_for_import(preview=preview, by=SYSTEM, now=timezone.now())
        work = until_done(work, worker)
        worker.stop()

        good = MANY - len(BAD)
        assert (work.state, work.done, work.counts) == (
            WorkState.DONE, 2 * MANY, {"recorded": good},
        )  # fmt: skip
        assert (Order.objects.count(), OrderLine.objects.count()) == (good, 2 * good)
        assert AuditEntry.objects.filter(action="order.recorded").count() == good
        assert work.problems == len(BAD)
        text = b"".join(read_file_bytes(work, WorkFile.MADE)).decode("utf-8-sig")
        lines = list(csv.DictReader(text.splitlines()))
        assert sorted(int(line["line"]) for line in lines) == list(range(2, 2 * MANY + 2))
        assert sum(line["result"] == "left out" for line in lines) == 2 * len(BAD)
