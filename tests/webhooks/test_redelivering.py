"""Deliveries are sent again: one, many, or all since a time; each with its id and its number."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from tests.cast import SYSTEM
from tests.webhooks.facts import dispatch, later, of, reject, sell
from tests.webhooks.receiver import Receiver
from webhooks import redelivering
from webhooks.dispatching import BATCH
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


def test_those_beyond_the_limit_follow_from_the_time_that_is_returned(
    endpoint: Endpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two have the time at which the first call stops: neither is sent twice, nor left out."""
    monkeypatch.setattr(redelivering, "MAX_AT_ONCE", 3)
    sell("1", "2", "3")
    sweep()
    rows, start = of(endpoint), timezone.now() - timedelta(hours=1)
    assert len(rows) == 6
    for row, minute in zip(rows, [0, 1, 2, 2, 3, 4], strict=True):
        Delivery.objects.filter(pk=row.pk).update(created_at=start + timedelta(minutes=minute))

    def send_since(since: datetime, *, only_missed: bool) -> Redelivered:
        receiver.requests.clear()
        done = send_again_since(
            endpoint=endpoint, since=since, only_missed=only_missed, by=SYSTEM, now=timezone.now()
        )
        sweep()
        return done

    def sent() -> list[str]:
        return sorted(one.headers["webhook-id"] for one in receiver.requests)

    def ids(*places: int) -> list[str]:
        return sorted(rows[place].message_id for place in places)

    third = start + timedelta(minutes=2)
    first = send_since(start, only_missed=False)
    assert (first, sent()) == (Redelivered(2, left=4, go_on_since=third), ids(0, 1))
    fifth = start + timedelta(minutes=4)
    second = send_since(third, only_missed=False)
    assert (second, sent()) == (Redelivered(3, left=1, go_on_since=fifth), ids(2, 3, 4))
    assert (send_since(fifth, only_missed=False), sent()) == (Redelivered(1), ids(5))
    assert send_since(start, only_missed=True) == Redelivered(0)


def test_a_call_goes_beyond_the_deliveries_of_one_time() -> None:
    assert redelivering.MAX_AT_ONCE > BATCH


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
