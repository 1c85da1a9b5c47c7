"""Stored deliveries are worked on: what they state is recorded, or they say why it is not."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import AuditEntry
from core.jobs import claim
from core.tenancy import acting_for
from integrations import working
from integrations.connections import change_credentials, check
from integrations.models import Connection, ConnectionState, Event, EventState
from integrations.replaying import replay_events
from integrations.shop import ShopAwayError
from integrations.working import PAUSES, sweep_events, work_events, work_on
from payouts.models import LedgerEntry
from tests.cast import NOW, SYSTEM, Cast, raw_order, raw_refund
from tests.integrations.deliveries import again, body_of, deliver, only_event, work
from tests.integrations.made_up_shop import store_of
from tests.snapshot import snapshot
from tracking.models import Conversion, Order, Refund, RefundState

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def stated(number: str, **more: Any) -> dict[str, Any]:
    return {"id": f"e{number}", "at": NOW.isoformat(), **more}


def test_an_order_is_recorded_with_the_source_of_its_connection(connection: Connection) -> None:
    deliver(connection, stated("1", order=raw_order()))

    assert work(connection) == 1

    event, order = only_event(), Order.objects.get()
    assert (event.state, event.reason, event.worked_at) == (EventState.DONE, "", NOW)
    assert event.order_ids == ["1001"]
    assert (order.source, order.external_id) == ("made-up-juniper-example", "1001")
    assert Conversion.objects.get().commission_minor == 842
    assert AuditEntry.objects.get(action="order.recorded").actor.startswith("shop Made-up shop")


def test_the_first_order_makes_the_connection_one_that_works(connection: Connection) -> None:
    assert connection.state == ConnectionState.WAITING

    deliver(connection, stated("0"), topic="nothing")
    work(connection)
    assert (again(connection).state, again(connection).last_event_at) == ("waiting", NOW)
    deliver(connection, stated("1", order=raw_order()))
    work(connection)

    row = again(connection)
    assert (row.state, row.last_order_at, row.currencies) == ("connected", NOW, ["GBP"])


def test_refunds_that_are_not_listed_any_more_are_undone(connection: Connection) -> None:
    refund = raw_refund()
    deliver(connection, stated("1", order=raw_order(), refunds=[refund], whole=["1001"]))
    work(connection)
    assert Refund.objects.get().state == RefundState.APPLIED

    later = (NOW + timedelta(minutes=1)).isoformat()
    changed = {"id": "e2", "at": later, "order": raw_order(updated_at=later), "whole": ["1001"]}
    deliver(connection, changed)
    work(connection)

    assert Refund.objects.get().state == RefundState.UNDONE
    assert Conversion.objects.get().commission_minor == 842


def test_what_is_to_be_ignored_says_why(connection: Connection) -> None:
    deliver(connection, stated("1"), topic="nothing")
    deliver(connection, stated("2"))
    work(connection)

    assert list(Event.objects.order_by("pk").values_list("state", "reason")) == [
        ("ignored", "It is about nothing that we record."),
        ("ignored", "It states nothing that is recorded."),
    ]


@pytest.mark.parametrize(
    ("contents", "topic", "reason"),
    [
        (b"\xff{", "order", "The body is not JSON."),
        (b'{"order": ', "order", "The body is not JSON."),
        (body_of(stated("1")), "hats", "The topic 'hats' is not known."),
        (body_of(stated("1")), "defect", working.DEFECT),
        (
            body_of(stated("1", order=raw_order(currency="???"))),
            "order",
            "The order 1001 was not recorded: currency: ",
        ),
        (
            body_of(stated("1", order=raw_order(), refunds=[raw_refund(amount="-1")])),
            "order",
            "The refund R1 was not recorded: amount: ",
        ),
    ],
)
def test_what_can_not_be_read_fails_with_a_sentence_and_records_nothing(
    connection: Connection, contents: bytes, topic: str, reason: str
) -> None:
    deliver(connection, contents, topic=topic)

    work(connection)

    event = only_event()
    assert event.state == EventState.FAILED
    assert event.reason.startswith(reason)
    assert (Order.objects.count(), Refund.objects.count()) == (0, 0)


def test_what_is_refused_is_told_and_the_rest_is_recorded(connection: Connection) -> None:
    deliver(connection, stated("1", order=raw_order()))
    work(connection)
    later = (NOW + timedelta(minutes=1)).isoformat()
    euros = raw_order(currency="EUR", updated_at=later)
    deliver(connection, {"id": "e2", "at": later, "order": euros, "refunds": [raw_refund()]})
    work(connection)

    event = Event.objects.get(event_id="e2")
    assert (event.state, event.reason) == (
        "failed",
        (
            "The order 1001 was not recorded: currency: order 1001 is in EUR, the offer Winter Glow"
            " creators in GBP, and there is no exchange rate for its day."
        ),
    )
    assert Refund.objects.get().state == RefundState.APPLIED


def test_understanding_ends_with_the_lease_however_slowly_the_shop_answers(
    connection: Connection, settings: Any
) -> None:
    deliver(connection, stated("1", order=raw_order()), topic="away")
    work(connection)

    assert 0 < store_of("juniper.example").seconds_left <= settings.WORK_LEASE


def test_a_shop_that_is_away_is_asked_again_with_growing_pauses(connection: Connection) -> None:
    store_of("juniper.example").failure = ShopAwayError("The shop did not answer.")
    deliver(connection, stated("1", order=raw_order()), topic="away")
    moment, waits = NOW, []

    for _ in PAUSES:
        work(connection, now=moment)
        event = only_event()
        assert (event.state, event.reason) == ("waiting", "The shop did not answer.")
        assert event.try_again_at
        waits.append(event.try_again_at - moment)
        moment = event.try_again_at
    work(connection, now=moment)

    event = only_event()
    assert tuple(waits) == PAUSES
    assert (event.state, event.reason) == (
        "failed",
        f"The shop did not answer. It was tried {len(PAUSES) + 1} times.",
    )


def test_the_pause_that_a_shop_asks_for_is_kept(connection: Connection) -> None:
    store_of("juniper.example").failure = ShopAwayError("Too many requests.", retry_after=400)
    deliver(connection, stated("1", order=raw_order()), topic="away")
    work(connection)
    assert work(connection, now=NOW + timedelta(seconds=399)) == 0

    store_of("juniper.example").failure = None
    assert work(connection, now=NOW + timedelta(seconds=400)) == 1

    assert (only_event().state, only_event().reason) == ("done", "")


def test_a_revoked_token_is_told_and_what_waits_goes_on_when_it_is_replaced(
    connection: Connection,
) -> None:
    store = store_of("juniper.example")
    store.token = "another"
    deliver(connection, stated("1", order=raw_order()), topic="away")
    for moment in (NOW, NOW + timedelta(hours=2)):
        work(connection, now=moment)

    row = again(connection)
    refused = "The shop refuses the token. Enter a new one."
    assert (row.state, row.problem, row.problem_at) == (ConnectionState.REFUSED, refused, NOW)
    assert (only_event().state, only_event().reason) == ("waiting", refused)
    assert AuditEntry.objects.filter(action="connection.refused").count() == 1

    entered = {"store": "juniper.example", "token": "another"}
    row = change_credentials(connection=row, entered=entered, by=SYSTEM, now=NOW)
    check(connection=row, by=SYSTEM, now=NOW)
    work(connection, now=NOW + timedelta(hours=2))

    row = again(connection)
    assert (row.state, row.problem, only_event().state) == ("connected", "", "done")


def test_an_order_from_a_clock_that_is_ahead_waits_until_its_time_has_come(
    connection: Connection,
) -> None:
    ahead = (NOW + timedelta(hours=3)).isoformat()
    deliver(connection, stated("1", order=raw_order(ordered_at=ahead)))
    work(connection)
    assert only_event().state == "waiting"
    assert "clock is ahead" in only_event().reason
    assert Order.objects.count() == 0

    work(connection, now=NOW + timedelta(hours=3))

    assert (only_event().state, Order.objects.count()) == ("done", 1)


def test_a_refund_before_its_order_waits_for_it(connection: Connection) -> None:
    deliver(connection, stated("1", refunds=[raw_refund()]))
    work(connection)
    deliver(connection, stated("2", order=raw_order()))
    work(connection)

    assert Refund.objects.get().state == RefundState.APPLIED
    assert Conversion.objects.get().commission_minor == 742


def test_an_order_with_900_lines_is_recorded(connection: Connection) -> None:
    lines = [{"sku": f"S{n}", "quantity": 1, "unit_price": "1.00"} for n in range(900)]
    deliver(connection, stated("1", order=raw_order(lines=lines)))
    work(connection)

    assert Order.objects.get().total_minor == 90_000


def test_a_second_worker_leaves_an_event_alone_that_the_first_one_has(
    connection: Connection,
) -> None:
    deliver(connection, stated("1", order=raw_order()))
    token, [event_id] = claim(Event.objects.all(), limit=1, lease=timedelta(minutes=1), now=NOW)
    before = snapshot()

    assert work(connection) == 0
    work_on(event_id, token=uuid.uuid4(), clock=lambda: NOW)
    assert snapshot() == before

    work_on(event_id, token=token, clock=lambda: NOW)
    assert (only_event().state, Order.objects.count()) == ("done", 1)


def test_a_worker_that_lost_its_event_meanwhile_records_nothing(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(connection, stated("1", order=raw_order()))
    understand = working.understand

    def slowly(event: Event) -> Any:
        Event.objects.update(lease_token=uuid.uuid4())
        return understand(event)

    monkeypatch.setattr(working, "understand", slowly)
    work(connection)

    assert (only_event().state, Order.objects.count()) == ("waiting", 0)


def test_an_event_that_kills_its_workers_is_given_up(connection: Connection) -> None:
    deliver(connection, stated("1", order=raw_order()))
    Event.objects.update(tries=working.MAX_BEGINNINGS)
    work(connection)

    assert (only_event().state, only_event().reason) == ("failed", "It was begun 12 times.")


def test_the_sweep_names_connections_with_work_that_nobody_has(
    connection: Connection, cast: Cast
) -> None:
    deliver(connection, stated("1", order=raw_order()))

    def swept(moment: datetime) -> list[int]:
        return sweep_events(now=moment)

    assert swept(NOW) == []  # its message may be under way
    assert swept(NOW + timedelta(seconds=10)) == [connection.pk]
    work(connection)
    assert swept(NOW + timedelta(seconds=10)) == []


def test_events_of_another_brand_are_not_worked_on(connection: Connection, cast: Cast) -> None:
    deliver(connection, stated("1", order=raw_order()))

    with acting_for(cast.saltmarsh):
        assert work_events(connection_id=connection.pk, now=NOW, clock=lambda: NOW) == 0

    assert only_event().state == "waiting"


def test_replaying_changes_no_fact_and_is_in_the_audit_log(connection: Connection) -> None:
    deliver(connection, stated("1", order=raw_order(), refunds=[raw_refund()], whole=["1001"]))
    work(connection)
    facts = list(LedgerEntry.objects.values()), list(Order.objects.values())

    replayed = replay_events(events=Event.objects.all(), by=SYSTEM, now=NOW)
    assert (replayed.events, replayed.without_body) == (1, 0)
    assert work(connection) == 1

    assert only_event().state == "done"
    assert (list(LedgerEntry.objects.values()), list(Order.objects.values())) == facts
    assert AuditEntry.objects.get(action="event.replayed").detail == {"events": [only_event().pk]}


def test_a_failed_event_is_recorded_once_its_cause_is_gone(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(connection, stated("1", order=raw_order()))
    with monkeypatch.context() as broken:
        broken.setattr(working, "shop_of", lambda kind: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            work(connection)
    Event.objects.update(
        state="failed", reason="x", try_again_at=None, lease_token=None, lease_until=None
    )

    replay_events(events=Event.objects.filter(state="failed"), by=SYSTEM, now=NOW)
    work(connection)

    assert (only_event().state, Order.objects.count()) == ("done", 1)


def test_the_shop_that_removed_our_app_ends_the_connection(connection: Connection) -> None:
    deliver(connection, stated("1"), topic="removed")
    work(connection)

    row = again(connection)
    assert (row.state, row.ended_at, row.sealed_credentials) == ("uninstalled", NOW, "")
    assert row.sealed_secret


def test_an_old_word_of_the_removal_does_not_end_a_new_connection(connection: Connection) -> None:
    deliver(connection, stated("1"), topic="removed")
    Event.objects.update(received_at=NOW - timedelta(days=1))
    work(connection)

    assert (only_event().state, again(connection).state) == ("done", "waiting")


def test_working_takes_few_statements(
    connection: Connection, django_assert_max_num_queries: Any
) -> None:
    deliver(connection, stated("1", order=raw_order()))
    work(connection)
    deliver(connection, stated("2", order=raw_order("1002")))

    # A row that is inserted with COPY takes two: its id first.
    with django_assert_max_num_queries(41):
        work(connection)
