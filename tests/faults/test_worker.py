"""A worker whose servers, or who itself, is killed or frozen in the middle of an import.

It goes on by itself when they are back; every row goes in once.
"""

from __future__ import annotations

import itertools
import os
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from accounts.background import sweep
from accounts.models import Work, WorkState
from affiliates.models import Member
from core.tenancy import acting_for
from tests.cast import SYSTEM, Cast, assemble
from tests.own_servers import (
    OwnServers,
    Process,
    children_of,
    frozen,
    own_servers,
    until,
    worker_on,
)
from tracking.importing.members_in_background import ask_for_import, ask_for_preview
from tracking.models import PromoCode

ROWS = 400
LONGEST = 90  # seconds; a quiet machine needs a tenth of it
LOST_HINT = timedelta(seconds=15)  # what the sweep waits before it hints again: here it does not
names = itertools.count()
Fault = Callable[[OwnServers, Process], None]


@pytest.fixture(scope="module")
def servers(django_db_blocker: DjangoDbBlocker) -> Iterator[OwnServers]:
    with django_db_blocker.unblock(), own_servers() as ours:
        yield ours


@pytest.fixture(scope="module")
def people(servers: OwnServers) -> Cast:
    return assemble()


@pytest.fixture(scope="module")
def worker(servers: OwnServers) -> Iterator[Process]:
    one = worker_on(servers, WORK_LEASE="1")
    one.start()
    yield one
    one.stop()


def stand_still() -> None:
    threading.Event().wait(2)


def kill_postgres(servers: OwnServers, worker: Process) -> None:
    servers.kill_postgres()
    servers.start()


def freeze_postgres(servers: OwnServers, worker: Process) -> None:
    with servers.frozen_postgres():
        stand_still()


def kill_valkey(servers: OwnServers, worker: Process) -> None:
    servers.kill_valkey()
    stand_still()
    servers.start()


def freeze_valkey(servers: OwnServers, worker: Process) -> None:
    with servers.frozen_valkey():
        stand_still()


def kill_both(servers: OwnServers, worker: Process) -> None:
    servers.kill_valkey()
    kill_postgres(servers, worker)


def freeze_worker(servers: OwnServers, worker: Process) -> None:
    """For longer than its lease: by then the work is anybody's."""
    with frozen(worker.pid, *children_of(worker.pid)):
        stand_still()


def kill_worker(servers: OwnServers, worker: Process) -> None:
    worker.kill()
    worker.start()


def kill_its_child(servers: OwnServers, worker: Process) -> None:
    """The process of the pool that does the work: the worker replaces it."""
    os.kill(children_of(worker.pid)[0], signal.SIGKILL)


@pytest.mark.parametrize(
    "fault",
    [
        kill_postgres, freeze_postgres, kill_valkey, freeze_valkey, kill_both, freeze_worker,
        kill_its_child, kill_worker,
    ],
)  # fmt: skip
def test_every_row_goes_in_once(
    fault: Fault, servers: OwnServers, people: Cast, worker: Process
) -> None:
    name = f"crowd{next(names)}"
    with acting_for(people.juniper):
        work = import_of(name, people)
        until(lambda: has_begun(work), f"the worker has not begun: {work.done}", seconds=LONGEST)
        fault(servers, worker)
        until(lambda: is_over(work), f"it stands at {work.done}", seconds=LONGEST)

        mine = Member.objects.filter(email__endswith=f"@{name}.example")
        codes = PromoCode.objects.filter(code__startswith=f"{name.upper()}X")
        assert (work.state, work.done, work.counts) == (WorkState.DONE, ROWS, {"added": ROWS})
        assert (mine.count(), codes.count()) == (ROWS, ROWS)
        assert work.problems == 0
    assert worker.is_running()


def import_of(name: str, people: Cast) -> Work:
    """Ask for an import of new members, as staff do: a preview, and then the import."""
    rows = [f"m{number}@{name}.example,M,{number},{name}X{number}" for number in range(ROWS)]
    content = "\n".join(["email,first_name,last_name,promo_code", *rows]).encode()
    preview = ask_for_preview(
        content=content, filename=f"{name}.csv", rows=ROWS, offer=people.glow,
        confirmation=uuid.uuid4(), by=SYSTEM, now=timezone.now(),
    )  # fmt: skip
    until(lambda: is_over(preview), f"the preview stands at {preview.done}", seconds=LONGEST)
    return ask_for_import(preview=preview, by=SYSTEM, now=timezone.now())


def has_begun(work: Work) -> bool:
    look_after(work)
    return work.done > 0


def is_over(work: Work) -> bool:
    look_after(work)
    return not work.is_live


def look_after(work: Work) -> None:
    """What beat does, and a look at how far it is. PostgreSQL may be away at this moment."""
    try:
        sweep(now=timezone.now() + LOST_HINT)
        work.refresh_from_db()
    except DatabaseError:
        with suppress(DatabaseError):
            connection.close()
