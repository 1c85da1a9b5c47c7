"""Each entry of the outbox becomes one delivery per endpoint, whenever its transaction commits."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.utils import timezone

from accounts.models import OutboxEntry
from core.tenancy import acting_for
from tests.cast import SYSTEM, Cast
from tests.webhooks.conftest import endpoint_for
from tests.webhooks.facts import accept, dispatch, of, reject, sell
from tests.webhooks.receiver import Receiver
from webhooks import dispatching
from webhooks.endpoints import delete_endpoint, switch_off
from webhooks.models import Delivery, Endpoint, WaitingEntry

pytestmark = pytest.mark.django_db


def test_a_brand_without_endpoints_notes_nothing(at_juniper: Cast) -> None:
    sell("1", "2")

    assert OutboxEntry.objects.count() > 0
    assert WaitingEntry.objects.count() == 0
    assert dispatch() == 0


def test_each_entry_becomes_one_delivery_for_each_endpoint(endpoint: Endpoint) -> None:
    with Receiver().running() as second:
        only_conversions = endpoint_for(second, "conversion.recorded", "conversion.changed")
    sell("1", "2")

    assert dispatch() == 4

    assert [(one.event, one.sequence, one.state) for one in of(endpoint)] == [
        ("order.recorded", 1, "pending"),
        ("order.recorded", 1, "pending"),
        ("conversion.recorded", 1, "pending"),
        ("conversion.recorded", 1, "pending"),
    ]
    assert [one.event for one in of(only_conversions)] == ["conversion.recorded"] * 2
    both = Delivery.objects.filter(event="conversion.recorded")
    assert len({one.event_id for one in both}) == 2, "one event has one id for all endpoints"
    assert WaitingEntry.objects.count() == 0


def test_dispatching_twice_does_nothing(endpoint: Endpoint) -> None:
    sell("1")
    dispatch()
    before = [one.pk for one in of(endpoint)]
    for one in of(endpoint):
        assert one.entry is not None
        WaitingEntry(entry=one.entry).save()

    assert dispatch() == 2

    assert [one.pk for one in of(endpoint)] == before
    assert WaitingEntry.objects.count() == 0
    assert dispatch() == 0


def test_postgresql_refuses_a_second_delivery_of_an_entry(endpoint: Endpoint) -> None:
    sell("1")
    dispatch()
    first = of(endpoint)[0]
    first.pk, first.sequence = None, 99

    with pytest.raises(IntegrityError, match="webhooks_delivery"), transaction.atomic():
        first.save()


def test_events_about_one_thing_are_counted(endpoint: Endpoint) -> None:
    sell("1")
    dispatch()
    reject("1")
    accept("1")
    dispatch()
    reject("1")
    dispatch()

    rows = of(endpoint, "conversion.recorded", "conversion.changed")
    assert [one.sequence for one in rows] == [1, 2, 3, 4]
    assert len({one.target for one in rows}) == 1
    assert '"sequence":4' in rows[-1].body


def test_an_endpoint_that_is_off_misses_what_happens_and_its_numbers_go_on(
    endpoint: Endpoint,
) -> None:
    sell("1")
    dispatch()
    switch_off(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    reject("1")
    dispatch()

    [missed] = of(endpoint, "conversion.changed")
    assert (missed.state, missed.sequence, missed.reason) == ("skipped", 2, "The endpoint was off.")
    assert missed.next_attempt_at is None


def test_a_deleted_endpoint_hears_of_nothing(endpoint: Endpoint) -> None:
    sell("1")
    delete_endpoint(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    dispatch()
    sell("2")

    assert of(endpoint) == []
    assert WaitingEntry.objects.count() == 0


def test_an_entry_that_is_gone_is_left_out(endpoint: Endpoint) -> None:
    sell("1")
    OutboxEntry.objects.all().delete()

    assert dispatch() == 2
    assert of(endpoint) == []


def test_many_entries_are_read_in_parts(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatching, "BATCH", 3)
    sell("1", "2")

    assert [dispatch(), dispatch(), dispatch()] == [3, 1, 0]
    assert len(of(endpoint)) == 4


def test_brands_hear_of_their_own_alone(endpoint: Endpoint, cast: Cast) -> None:
    with Receiver().running() as other, acting_for(cast.saltmarsh):
        theirs = endpoint_for(other)
    sell("1")
    dispatch()

    assert len(of(endpoint)) == 2
    with acting_for(cast.saltmarsh):
        assert of(theirs) == []
        assert Delivery.objects.count() == 0


def entries_of(endpoint: Endpoint) -> list[int]:
    return [one.entry for one in of(endpoint) if one.entry is not None]


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_commits_late_is_not_missed(cast: Cast, receiver: Receiver) -> None:
    """Its id is lower than that of one which was dispatched already."""
    with acting_for(cast.juniper):
        endpoint = endpoint_for(receiver)
    has_written, may_commit = threading.Event(), threading.Event()

    def write_and_wait() -> None:
        close_old_connections()
        with acting_for(cast.juniper), transaction.atomic():
            sell("early")
            has_written.set()
            may_commit.wait(30)
        connection.close()

    thread = threading.Thread(target=write_and_wait)
    thread.start()
    assert has_written.wait(30)
    with acting_for(cast.juniper):
        OutboxEntry(
            written_at=timezone.now(), event="order.recorded", target="order:999999", data={}
        ).save()
        dispatch()
        first = entries_of(endpoint)
        may_commit.set()
        thread.join(30)
        dispatch()
        entries = entries_of(endpoint)

    assert len(first) == 1
    assert len(entries) == 3
    assert min(entries[1:]) < entries[0]
