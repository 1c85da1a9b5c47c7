"""A real worker is killed twice in the middle of a real send: nobody gets two, nobody is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from core.tenancy import acting_for
from notifications.models import Campaign, CampaignState, Message, MessageState
from notifications.services import sweep
from tests.amounts import amount
from tests.cast import assemble
from tests.mailbox import Mailbox
from tests.notifications.senders import confirm, recipient
from tests.own_processes import until
from tests.worker import Worker

CROWD = amount(400, soak=1_000)


@pytest.fixture
def worker(mailbox: Mailbox) -> Iterator[Worker]:
    one = Worker(mailbox.port, MESSAGE_LEASE="6")  # longer than a slow machine takes for one mail
    yield one
    one.stop()


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_leaves_no_one_with_two_mails_and_no_one_out(
    mailbox: Mailbox, worker: Worker, monkeypatch: Any
) -> None:
    take_content, take_address = mailbox.handle_DATA, mailbox.handle_RCPT
    next_content, next_address = CROWD * 3 // 10, CROWD * 6 // 10

    async def content(*given: Any) -> str:
        nonlocal next_content
        answer = await take_content(*given)
        if 0 < next_content <= len(mailbox.mails):
            next_content = -1
            worker.kill()  # the mail is in, and the worker never hears so
        return answer

    async def address(*given: Any) -> str:
        nonlocal next_address
        answer = await take_address(*given)
        if 0 < next_address <= len(mailbox.mails):
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

    until(done, "no mail arrives", every=0.5, progress=lambda: len(mailbox.mails))
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
