"""Deliveries are sent again: one, many, or all since a time; each with its id and its number."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from tests.cast import SYSTEM
from tests.webhooks.facts import dispatch, later, of, reject, sell
from tests.webhooks.receiver import Receiver
from webhooks.endpoints import EndpointError, switch_off, switch_on
from webhooks.models import Delivery, Endpoint
from webhooks.queue import claim_due
from webhooks.redelivering import Redelivered, redeliver, send_again_since
from webhooks.sending import sweep

pytestmark = pytest.mark.django_db


def again(**conditions: object) -> Redelivered:
    rows = Delivery.objects.filter(**conditions)
    return redeliver(deliveries=rows, by=SYSTEM, now=timezone.now())


def test_one_is_sent_again_as_it_was(endpoint: Endpoint, receiver: Receiver) -> None:
    sell("1")
    sweep()
    first = of(endpoint)[0]

    assert again(pk=first.pk) == Redelivered(1)
    sweep()

    same = [one for one in receiver.requests if one.headers["webhook-id"] == first.message_id]
    assert len(same) == 2
    assert same[0].body == same[1].body
    first.refresh_from_db()
    assert (first.state, first.attempts) == ("delivered", 2)
    entry = AuditEntry.objects.get(action="webhook.sent_again")
    assert entry.detail == {"address": endpoint.address, "number": 1, "deliveries": [first.pk]}


def test_many_are_sent_again_in_sequence(endpoint: Endpoint, receiver: Receiver) -> None:
    sell("1")
    reject("1")
    sweep()
    receiver.received.clear()

    assert again() == Redelivered(3)
    sweep()

    numbers = [one.sequence for one in receiver.received if one.target.startswith("cnv_")]
    assert numbers == [1, 2]


def test_what_was_missed_while_it_was_off_is_sent_since_a_time(
    endpoint: Endpoint, receiver: Receiver
) -> None:
    sell("1")
    sweep()
    switch_off(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    reject("1")
    dispatch()
    since = timezone.now() - timedelta(hours=1)
    with pytest.raises(EndpointError, match="on first"):
        send_again_since(
            endpoint=endpoint, since=since, only_missed=True, by=SYSTEM, now=timezone.now()
        )
    switch_on(endpoint=endpoint, by=SYSTEM, now=timezone.now())

    done = send_again_since(
        endpoint=endpoint, since=since, only_missed=True, by=SYSTEM, now=timezone.now()
    )
    sweep()

    assert done == Redelivered(1)
    assert receiver.received[-1].event == "conversion.changed"
    assert receiver.received[-1].sequence == 2
    everything = send_again_since(
        endpoint=endpoint, since=since, only_missed=False, by=SYSTEM, now=timezone.now()
    )
    assert everything == Redelivered(3)
    nothing = send_again_since(
        endpoint=endpoint, since=later(hours=1), only_missed=False, by=SYSTEM, now=timezone.now()
    )
    assert nothing == Redelivered(0)


def test_what_can_not_be_sent_again_is_counted(endpoint: Endpoint, receiver: Receiver) -> None:
    sell("1", "2")
    dispatch()
    held = claim_due(is_slow=False, free=1, calls=[], now=timezone.now())
    emptied = of(endpoint)[-1]
    Delivery.objects.filter(pk=emptied.pk).update(
        body="", state="given_up", reason="old", next_attempt_at=None, settled_at=timezone.now()
    )

    assert again() == Redelivered(2, without_body=1, busy=1)
    switch_off(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    assert again() == Redelivered(0, not_on=4)
    assert len(held.ids) == 1
