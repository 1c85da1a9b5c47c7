"""What shoppers ask of the shop: who they were is forgotten, and no figure changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import AuditEntry
from integrations import retention, working
from integrations.models import Connection, DataRequest, Event, RefusedDelivery
from integrations.privacy import TRIES_THAT_WAIT, answer_data_request
from integrations.replaying import replay_events
from integrations.selectors import body_of, data_requests
from integrations.shop import ShopAwayError
from tests.cast import NOW, SYSTEM, Cast, raw_order
from tests.integrations.deliveries import STORE, again, deliver, work
from tests.integrations.history import picture
from tests.integrations.made_up_shop import store_of
from tracking.models import Order, OrderRevision
from tracking.reconciliation.differences import differences

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def sell(connection: Connection, order_id: str, customer: str, **more: Any) -> None:
    order = raw_order(order_id, customer_id=customer, **more)
    deliver(connection, {"id": f"e{order_id}{more}", "order": order, "shopper": "Ann"})
    work(connection)


def ask(connection: Connection, kind: str, **more: Any) -> Event:
    deliver(connection, {"id": f"{kind}{more}", "kind": kind, **more}, topic="privacy")
    work(connection)
    return Event.objects.get(topic="privacy")


def test_a_shopper_is_forgotten_with_all_their_orders(connection: Connection, cast: Cast) -> None:
    sell(connection, "1", "c-77")
    sell(connection, "1", "c-77", updated_at=(NOW + timedelta(minutes=1)).isoformat(), amount="9")
    sell(connection, "2", "c-77")
    sell(connection, "3", "c-78")
    before = picture()

    event = ask(connection, "customer_erasure", customer="c-77", orders=["1"])

    refs = dict(Order.objects.values_list("external_id", "customer_ref"))
    assert refs["1"] == refs["2"] != refs["3"] == "c-78"
    assert refs["1"].startswith("erased-")
    told = OrderRevision.objects.values_list("contents__customer_id", flat=True)
    assert set(told) == {refs["1"]}
    with_body = Event.objects.filter(body__isnull=False)
    assert [one.order_ids for one in with_body] == [["3"]]
    assert (event.state, event.body, event.headers) == ("done", None, {})
    assert picture() == before
    assert list(differences(cast.juniper)) == []
    assert AuditEntry.objects.get(action="shoppers.forgotten").detail == {"orders": 2}


def test_what_they_asked_before_and_what_was_not_understood_is_emptied_too(
    connection: Connection,
) -> None:
    sell(connection, "1", "c-77")
    ask(connection, "data_request", customer="c-77", orders=["1"])
    deliver(connection, {"id": "odd", "customer": "c-77", "email": "ann@x"}, topic="hats")
    deliver(connection, {"id": "other", "customer": "c-777", "email": "bob@x"}, topic="hats")
    deliver(connection, {"id": "third", "customer": "c-78", "email": "bob@x"}, topic="hats")
    work(connection)
    deliver(
        connection,
        {"id": "erase", "kind": "customer_erasure", "customer": "c-77", "orders": []},
        topic="privacy",
    )
    work(connection)

    kept = Event.objects.filter(body__isnull=False).order_by("pk")
    assert [json.loads(bytes(one.body or b""))["id"] for one in kept] == ["other", "third"]


def test_a_sale_that_waits_is_recorded_before_its_shopper_is_forgotten(
    connection: Connection,
) -> None:
    order = raw_order("1", customer_id="c-77")
    store_of(STORE).failure = ShopAwayError("It sleeps.")
    deliver(connection, {"id": "sale", "order": order}, topic="away")
    work(connection)
    ask(connection, "customer_erasure", customer="c-77", orders=[])
    sale, erasure = Event.objects.order_by("pk")
    assert (sale.state, erasure.state) == ("waiting", "waiting")
    assert "recorded first" in erasure.reason

    store_of(STORE).failure = None
    work(connection, now=NOW + timedelta(minutes=1))

    assert Order.objects.get().customer_ref.startswith("erased-")
    assert not Event.objects.filter(body__isnull=False).exists()


def test_a_shopper_is_not_kept_for_ever_by_a_delivery_that_waits(connection: Connection) -> None:
    sell(connection, "1", "c-77")
    store_of(STORE).failure = ShopAwayError("It sleeps.")
    deliver(connection, {"id": "sale", "order": raw_order("2", customer_id="c-77")}, topic="away")
    for number in range(2):  # they don't wait for each other
        deliver(
            connection,
            {"id": f"erase-{number}", "kind": "customer_erasure", "customer": "c-77", "orders": []},
            topic="privacy",
        )
    moment = NOW
    for pause in [timedelta(0), *working.PAUSES[:TRIES_THAT_WAIT]]:
        assert Order.objects.get().customer_ref == "c-77"
        moment += pause
        work(connection, now=moment)

    assert Order.objects.get().customer_ref.startswith("erased-")
    states = Event.objects.filter(topic="privacy").values_list("state", "body")
    assert list(states) == [("done", None), ("done", None)]


def test_a_repeat_of_a_forgotten_order_does_not_bring_the_shopper_back(
    connection: Connection,
) -> None:
    sell(connection, "1", "c-77")
    ask(connection, "customer_erasure", customer="c-77", orders=["1"])
    deliver(connection, {"id": "late", "order": raw_order("1", customer_id="c-77")})
    work(connection)

    assert Order.objects.get().customer_ref.startswith("erased-")


def test_a_guest_is_forgotten_by_their_orders(connection: Connection) -> None:
    sell(connection, "1", "c-77")
    ask(connection, "customer_erasure", customer="", orders=["1"])

    assert Order.objects.get().customer_ref.startswith("erased-")
    assert not Event.objects.filter(body__isnull=False).exists()


def test_a_store_that_left_is_forgotten_and_its_connection_ends(connection: Connection) -> None:
    sell(connection, "1", "c-77")
    sell(connection, "2", "c-78")
    deliver(connection, {"id": "gone"}, topic="removed")
    work(connection)
    assert again(connection).state == "uninstalled"
    before = picture()

    ask(connection, "store_erasure")

    refs = set(Order.objects.values_list("customer_ref", flat=True))
    assert len(refs) == 2
    assert all(ref.startswith("erased-") for ref in refs)
    assert not Event.objects.filter(body__isnull=False).exists()
    assert (again(connection).state, again(connection).sealed_secret) == ("disconnected", "")
    assert picture() == before


def test_a_forged_privacy_request_does_nothing(connection: Connection) -> None:
    sell(connection, "1", "c-77")
    answer = deliver(
        connection, {"kind": "store_erasure"}, topic="privacy", secret="somebody else's"
    )

    assert answer.status_code == 401
    assert work(connection) == 0
    assert Order.objects.get().customer_ref == "c-77"


def test_what_a_shopper_asks_is_listed_until_it_is_answered(connection: Connection) -> None:
    ask(connection, "data_request", customer="c-77", orders=["1", "2"])
    replay_events(events=Event.objects.all(), by=SYSTEM, now=NOW)
    work(connection)

    [request] = data_requests(only_open=True)
    assert (request.customer_ref, request.order_ids) == ("c-77", ["1", "2"])
    assert request.due_at == NOW + timedelta(days=30)
    assert (request.is_late(NOW), request.is_late(NOW + timedelta(days=31))) == (False, True)

    answer_data_request(request=request, by=SYSTEM, now=NOW)
    answer_data_request(request=request, by=SYSTEM, now=NOW + timedelta(days=1))
    assert list(data_requests(only_open=True)) == []
    assert DataRequest.objects.get().answered_at == NOW


def test_bodies_are_emptied_after_90_days_and_the_rows_stay(connection: Connection) -> None:
    sell(connection, "1", "c-77")
    deliver(connection, {"id": "waits"})
    day = timedelta(days=1)

    assert retention.empty_old_bodies(now=NOW + 90 * day) == 0
    assert retention.empty_old_bodies(now=NOW + 90 * day + timedelta(seconds=1)) == 2
    assert retention.empty_old_bodies(now=NOW + 91 * day) == 0

    done, waited = Event.objects.order_by("pk")
    assert (done.state, done.order_ids, done.body, done.headers) == ("done", ["1"], None, {})
    assert (waited.state, waited.reason) == ("failed", retention.TOO_OLD)
    assert body_of(done) == "The contents are kept for 90 days, and were deleted."
    replayed = replay_events(events=Event.objects.all(), by=SYSTEM, now=NOW)
    assert (replayed.events, replayed.without_body) == (0, 2)


def test_old_counts_of_refusals_are_deleted(connection: Connection) -> None:
    deliver(connection, {"id": "1"}, secret="x")

    assert retention.delete_old_refusals(now=NOW + timedelta(days=30)) == 0
    assert retention.delete_old_refusals(now=NOW + timedelta(days=31)) == 1
    assert RefusedDelivery.objects.count() == 0
