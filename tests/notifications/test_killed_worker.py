"""A real worker is killed twice in the middle of a real send: nobody gets two, nobody is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from core.tenancy import acting_for
from notifications.models import Campaign, CampaignState, Message, MessageState
from notifications.services import sweep
from tests.cast import assemble
from tests.mailbox import Mailbox
from tests.notifications.senders import confirm, recipient

CROWD = 1_000
ROOT = Path(__file__).resolve().parents[2]


class Worker:
    """A Celery worker of its own process, on the test's database and mail server."""

    def __init__(self, mail_port: int) -> None:
        address, mark, where = os.environ["DATABASE_URL"].partition("?")
        database = f"{address.rpartition('/')[0]}/{connection.settings_dict['NAME']}{mark}{where}"
        self.environment = {
            **os.environ,
            "DATABASE_URL": database,
            "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
            "MESSAGE_LEASE": "2",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["-m", "celery", "-A", "config", "worker", "--pool=solo", "--without-mingle"]
        self.process = subprocess.Popen(
            [sys.executable, *command, "--without-gossip", "--loglevel=ERROR"],
            cwd=ROOT,
            env=self.environment,
        )

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)

    def is_dead(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        if self.process is not None and not self.is_dead():
            self.process.terminate()
            self.process.wait(timeout=20)


@pytest.fixture
def worker(mailbox: Mailbox) -> Iterator[Worker]:
    one = Worker(mailbox.port)
    yield one
    one.stop()


def until(condition: Callable[[], bool], *, seconds: float) -> None:
    """Ask again and again. Fails when the time is over."""
    deadline = time.monotonic() + seconds
    tick = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        tick.wait(0.1)


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_leaves_no_one_with_two_mails_and_no_one_out(
    mailbox: Mailbox, worker: Worker, monkeypatch: Any
) -> None:
    take_content, take_address = mailbox.handle_DATA, mailbox.handle_RCPT
    next_content, next_address = 300, 600

    async def content(*given: Any) -> str:
        answer = await take_content(*given)
        if len(mailbox.mails) == next_content:
            worker.kill()  # the mail is in, and the worker never hears so
        return answer

    async def address(*given: Any) -> str:
        nonlocal next_address
        answer = await take_address(*given)
        if len(mailbox.mails) == next_address:
            next_address = -1
            worker.kill()  # the mail is not in, and nobody can tell
        return answer

    monkeypatch.setattr(mailbox, "handle_DATA", content)
    monkeypatch.setattr(mailbox, "handle_RCPT", address)
    cast = assemble()
    worker.start()
    with acting_for(cast.juniper):
        campaign = confirm([recipient(number) for number in range(CROWD)], now=timezone.now())

    def done() -> bool:
        if worker.is_dead():
            worker.start()
        sweep(now=timezone.now())
        with acting_for(cast.juniper):
            return Campaign.objects.get(pk=campaign.pk).state == CampaignState.DONE

    until(done, seconds=60)
    worker.stop()

    with acting_for(cast.juniper):
        states = dict(Message.objects.values_list("to_address", "state"))
    arrived = Counter(str(mail["X-RcptTo"]) for mail in mailbox.mails)
    assert Counter(states.values()) == {MessageState.ACCEPTED: CROWD - 2, MessageState.UNKNOWN: 2}
    assert max(arrived.values()) == 1
    accepted = {one for one, state in states.items() if state == MessageState.ACCEPTED}
    assert accepted <= set(arrived)
    assert set(states) - set(arrived) <= set(states) - accepted
    assert len(arrived) == CROWD - 1
