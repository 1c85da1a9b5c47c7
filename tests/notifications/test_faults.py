"""A thousand mails, twelve dead workers, a broker that forgets and a mail server with moods.

Nobody gets two, nobody is lost, and the report says so.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from core.tenancy import acting_for
from notifications.models import TERMINAL_STATES, Campaign, CampaignState, Message, MessageState
from notifications.selectors import counts_of
from notifications.services import pause_campaign, resume_campaign, sweep
from tests.amounts import amount
from tests.cast import SYSTEM, Cast, assemble
from tests.notifications.faults import (
    BEFORE_CLAIM,
    MOMENTS,
    Crew,
    Fate,
    MoodyServer,
    connect,
    until_waiting,
)
from tests.notifications.senders import confirm, recipient
from tests.own_processes import MAX_WAIT_SECONDS, until

CROWD = amount(1_000, soak=2_000)
STANDSTILL_SECONDS = 2 * MAX_WAIT_SECONDS  # for three workers to load the product at a time
SWEEP_SECONDS = 0.5  # between two sweeps: more of them would take the CPU that the workers need


@pytest.fixture
def crew() -> Iterator[Crew]:
    server = MoodyServer()
    crew = Crew(server, size=3)
    server.fate = Fate(crew)
    yield crew
    crew.stop()
    server.stop()


@pytest.mark.django_db(transaction=True)
def test_nobody_gets_two_and_nobody_is_lost(crew: Crew, monkeypatch: Any) -> None:
    monkeypatch.setattr("notifications.services.sweeping.LOST_MESSAGE_AFTER", timedelta(seconds=1))
    cast, server = assemble(), crew.server
    crew.fill_up()
    with acting_for(cast.juniper):
        campaign = confirm([recipient(number) for number in range(CROWD)], now=timezone.now())

    drive(crew, campaign, cast)

    with acting_for(cast.juniper):
        states = dict(Message.objects.values_list("to_address", "state"))
        counts = counts_of([campaign.pk])[campaign.pk]
        holds = Message.objects.exclude(lease_until=None).exclude(state=MessageState.UNKNOWN)
        assert holds.count() == 0
    arrived = Counter(server.arrived)
    of = {state: {one for one, at in states.items() if at == state} for state in MessageState}
    accepted, unknown = of[MessageState.ACCEPTED], of[MessageState.UNKNOWN]
    assert sorted(crew.deaths) == sorted(MOMENTS)
    assert max(arrived.values()) == 1
    assert set(states.values()) <= TERMINAL_STATES
    assert accepted | unknown == set(states)
    assert accepted <= set(arrived)
    assert set(server.hung_up_on) <= unknown
    assert len(unknown - set(server.hung_up_on)) <= len(crew.deaths)
    # A mail whose worker died before its turn meets no mood: one for each death at the most.
    assert CROWD // 10 - len(crew.deaths) <= len(set(server.hung_up_on)) <= CROWD // 10
    assert CROWD // 10 - len(crew.deaths) <= len(set(server.turned_away)) <= CROWD // 10
    assert (counts.total, counts.settled, counts.waiting) == (CROWD, CROWD, 0)
    assert (counts.reached, counts.unknown) == (len(accepted), len(unknown))


def drive(crew: Crew, campaign: Campaign, cast: Cast) -> None:
    """Do what beat and an operator would: sweep, replace the dead, lose the broker's memory."""
    fate = crew.server.fate
    assert fate is not None
    is_flushed = False

    def is_over() -> bool:
        nonlocal is_flushed
        if is_done(campaign, cast):
            return True
        crew.fill_up()
        if fate.is_due(BEFORE_CLAIM):
            kill_before_the_claim(crew, campaign, cast)
        if not is_flushed and fate.mails > CROWD // 2:
            is_flushed = redis.from_url(settings.REDIS_URL).flushdb()  # all that this broker holds
        sweep(now=timezone.now())
        return False

    until(
        is_over, "nothing happens any more", seconds=STANDSTILL_SECONDS,
        every=SWEEP_SECONDS, progress=lambda: (fate.mails, len(crew.deaths)),
    )  # fmt: skip
    for strike in fate.strikes:
        strike.join()


def is_done(campaign: Campaign, cast: Cast) -> bool:
    with acting_for(cast.juniper):
        return Campaign.objects.get(pk=campaign.pk).state == CampaignState.DONE


def kill_before_the_claim(crew: Crew, campaign: Campaign, cast: Cast) -> None:
    """Stop the campaign, lock its mails, go on: the worker that takes the message claims none."""
    with acting_for(cast.juniper), connect() as held:
        pause_campaign(campaign=campaign, by=SYSTEM, now=timezone.now())
        while Message.objects.filter(lease_until__gt=timezone.now()).exists():
            threading.Event().wait(0.02)
        held.execute("LOCK TABLE notifications_message IN EXCLUSIVE MODE")
        resume_campaign(campaign=campaign, by=SYSTEM, now=timezone.now())
        worker = until_waiting()
        assert worker, "no worker takes the message"
        crew.kill(worker, BEFORE_CLAIM)
        held.rollback()
