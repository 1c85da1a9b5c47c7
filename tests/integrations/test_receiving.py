"""Deliveries over HTTP: stored as they are and answered at once, or refused and counted."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError
from django.test import Client

from core.tenancy import acting_for
from integrations import receiving
from integrations.connections import disconnect, rotate_secret
from integrations.credentials import secret_of
from integrations.models import Connection, Event, EventState, RefusedDelivery
from integrations.receiving import MAX_BODY_BYTES, Refusals
from tests.cast import NOW, SYSTEM, Cast, raw_order
from tests.integrations.deliveries import again, body_of, deliver, only_event
from tests.integrations.made_up_shop import signed
from tests.snapshot import snapshot

pytestmark = pytest.mark.django_db
ORDER = {"id": "e1", "at": NOW.isoformat(), "store": "juniper.example", "order": raw_order()}


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def test_a_delivery_is_stored_as_it_came_and_not_understood_yet(connection: Connection) -> None:
    answer = deliver(connection, ORDER, Cookie="sessionid=1", Authorization="Basic x")

    event = only_event()
    assert (answer.status_code, answer.content) == (200, b"OK\n")
    assert bytes(event.body or b"") == body_of(ORDER)
    assert (event.topic, event.event_id, event.store) == ("order", "e1", "juniper.example")
    assert (event.state, event.received_at, event.happened_at) == (EventState.WAITING, NOW, NOW)
    assert event.headers["x-made-up-topic"] == "order"
    assert not {"cookie", "authorization", "x-made-up-signature"} & event.headers.keys()


def test_a_repeat_is_answered_alike_and_not_stored_twice(connection: Connection) -> None:
    first = deliver(connection, ORDER)
    second = deliver(connection, ORDER)

    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert Event.objects.count() == 1


def test_without_an_id_of_the_event_nothing_is_taken_for_a_repeat(connection: Connection) -> None:
    nameless = {"order": raw_order()}
    deliver(connection, nameless)
    deliver(connection, nameless)

    assert Event.objects.count() == 2


@pytest.mark.parametrize("path", ["", "orders/updated", "a/b/c/"])
def test_a_path_below_the_address_is_not_looked_at(connection: Connection, path: str) -> None:
    assert deliver(connection, ORDER, path=path).status_code == 200
    assert Event.objects.count() == 1


def test_an_address_without_its_last_slash_is_the_same(connection: Connection) -> None:
    body = body_of(ORDER)
    answer = Client().post(
        f"/webhooks/{connection.public_id}",
        body,
        content_type="application/json",
        headers=signed(body, secret_of(connection)),
    )

    assert (answer.status_code, Event.objects.count()) == (200, 1)


def test_a_delivery_that_is_not_json_is_stored_if_it_is_signed(connection: Connection) -> None:
    assert deliver(connection, b"\xff\xfe{").status_code == 200
    assert bytes(only_event().body or b"") == b"\xff\xfe{"


def test_a_null_character_is_no_reason_to_lose_a_delivery(connection: Connection) -> None:
    assert deliver(connection, ORDER | {"store": "a\x00b"}).status_code == 200
    assert only_event().store == "ab"


def test_an_unsigned_ping_is_answered_and_leaves_nothing(connection: Connection) -> None:
    before = snapshot()

    assert deliver(connection, b"ping", secret="").status_code == 200
    assert snapshot() == before


@pytest.mark.parametrize(
    "forgery",
    [
        {"secret": "somebody else's"},
        {"secret": ""},
        {"X-Made-Up-Signature": ""},
        {"X-Made-Up-Signature": "ü"},
    ],
)
def test_a_wrong_signature_is_refused_and_counted(
    connection: Connection, forgery: dict[str, str]
) -> None:
    answer = deliver(connection, ORDER, **forgery)

    assert answer.status_code == 401
    assert Event.objects.count() == 0
    refused = RefusedDelivery.objects.get()
    assert (refused.connection, refused.reason, refused.number) == (connection, "signature", 1)
    assert (refused.hour, refused.last_at, refused.last_network) == (NOW, NOW, "127.0.0.1")


def test_a_truncated_body_is_a_wrong_signature(connection: Connection) -> None:
    whole = body_of(ORDER)
    headers = signed(whole, secret_of(connection))

    assert deliver(connection, whole[:-1], **headers).status_code == 401
    assert Event.objects.count() == 0


def test_a_flood_of_forged_deliveries_makes_one_row_an_hour(connection: Connection) -> None:
    for _ in range(5):
        deliver(connection, ORDER, secret="x")
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        deliver(connection, ORDER, secret="x")

    counts = RefusedDelivery.objects.order_by("hour").values_list("number", flat=True)
    assert list(counts) == [5, 1]


def test_in_a_flood_no_refusal_waits_for_another_to_be_written() -> None:
    counted = Refusals()
    written: list[int] = []
    refusal = (1, "signature", NOW)

    def write_slowly(number: int) -> None:
        written.append(number)
        if len(written) == 1:
            for _ in range(50):  # others come meanwhile, and write nothing themselves
                counted.count(refusal, write_slowly)
            counted.count((2, "signature", NOW), others.append)

    others: list[int] = []
    counted.count(refusal, write_slowly)
    assert (written, others) == ([1, 50], [1])

    counted.count(refusal, written.append)
    assert written == [1, 50, 1]


def test_a_refusal_that_could_not_be_written_holds_up_no_later_one() -> None:
    counted = Refusals()
    written: list[int] = []

    def fail(number: int) -> None:
        raise OperationalError

    with pytest.raises(OperationalError):
        counted.count((1, "signature", NOW), fail)
    counted.count((1, "signature", NOW), written.append)

    assert written == [1]


def test_a_huge_delivery_is_refused_before_its_signature_is_looked_at(
    connection: Connection,
) -> None:
    assert deliver(connection, b" " * (MAX_BODY_BYTES + 1)).status_code == 413
    assert deliver(connection, body_of(ORDER).ljust(MAX_BODY_BYTES)).status_code == 200
    assert RefusedDelivery.objects.get().reason == "too_large"


def test_two_secrets_are_live_for_a_day_and_then_one(connection: Connection) -> None:
    former = secret_of(connection)
    rotate_secret(connection=connection, by=SYSTEM, now=NOW)
    new = secret_of(again(connection))

    def answers(moment: timedelta) -> list[int]:
        with time_machine.travel(NOW + moment, tick=False):
            return [deliver(connection, ORDER, secret=one).status_code for one in (former, new)]

    assert former != new
    assert answers(timedelta(hours=23)) == [200, 200]
    assert answers(timedelta(hours=25)) == [401, 200]


def test_unknown_and_removed_connections_answer_alike_and_write_nothing(
    connection: Connection,
) -> None:
    secret = secret_of(connection)
    unknown = Connection(public_id=uuid.uuid4())
    disconnect(connection=connection, by=SYSTEM, now=NOW)
    before = snapshot()

    removed = deliver(connection, ORDER, secret=secret)
    nowhere = deliver(unknown, ORDER, secret=secret)

    assert removed.status_code == nowhere.status_code == 404
    assert removed.content == nowhere.content == b"Not Found\n"
    assert removed.headers.keys() == nowhere.headers.keys()
    assert snapshot() == before


def test_only_a_post_is_a_delivery(connection: Connection) -> None:
    assert Client().get(f"/webhooks/{connection.public_id}/").status_code == 405


def test_an_event_is_of_the_connections_brand(connection: Connection, cast: Cast) -> None:
    deliver(connection, ORDER)

    with acting_for(cast.saltmarsh):
        assert Event.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_worker_is_woken_and_an_absent_broker_fails_no_answer(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(
        receiving, "publish", lambda task, **values: sent.append({"task": task, **values})
    )
    deliver(connection, ORDER)
    deliver(connection, ORDER)
    woken = {"brand_id": connection.brand_id, "connection_id": connection.pk}

    assert sent == [{"task": "integrations.work_events", **woken}]


def test_storing_takes_two_statements(
    connection: Connection, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(2):
        deliver(connection, ORDER)


def test_headers_are_kept_within_bounds(connection: Connection) -> None:
    many = {f"X-Extra-{number}": "v" * 2_000 for number in range(100)}
    deliver(connection, ORDER, **many)

    kept = only_event().headers
    assert len(kept) <= 60
    assert max(map(len, kept.values())) <= 1_000
