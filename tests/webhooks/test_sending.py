"""What is due is sent, signed, in sequence; and whatever a receiver does, it is sent again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from django.utils import timezone
from standardwebhooks import Webhook

from accounts.models import OutboxEntry
from core import outgoing
from core.tenancy import acting_for
from tests.cast import SYSTEM, Cast
from tests.integrations.stand_in import Fault, Reply
from tests.webhooks.conftest import endpoint_for
from tests.webhooks.facts import accept, dispatch, later, of, reject, sell
from tests.webhooks.receiver import Receiver
from webhooks import dispatching, queue, sending
from webhooks.bodies import body_of
from webhooks.endpoints import rotate_secret, send_test, switch_off, switch_on
from webhooks.models import Attempt, Delivery, Endpoint, Sender, WaitingEntry
from webhooks.outcomes import PAUSES
from webhooks.queue import take_place
from webhooks.sending import post, sweep

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "CALL_SECONDS", 60.0)
    monkeypatch.setattr(sending, "POLL_SECONDS", 0.02)


def states(endpoint: Endpoint) -> list[str]:
    return [one.state for one in of(endpoint)]


def attempts() -> list[Attempt]:
    return list(Attempt.objects.order_by("pk"))


def test_a_sweep_dispatches_signs_and_delivers(endpoint: Endpoint, receiver: Receiver) -> None:
    sell("1")

    assert sweep() == 2

    assert states(endpoint) == ["delivered"] * 2
    assert {one.event for one in receiver.received} == {"order.recorded", "conversion.recorded"}
    [first, _] = receiver.requests
    assert first.headers["content-type"] == "application/json"
    assert first.headers["webhook-id"].startswith("msg_")
    assert first.headers["webhook-signature"].startswith("v1,")
    assert {(one.status, one.answer, one.error) for one in attempts()} == {(200, "thanks", "")}
    endpoint.refresh_from_db()
    assert endpoint.last_success_at is not None
    assert sweep() == 0
    assert Sender.objects.count() == 0


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        (Fault(Reply(500, b"no")), 500, "The receiver answered 500."),
        (Fault(Reply(302, headers={"Location": "/x"})), 302, "redirects are not followed"),
        (Fault(Reply(404)), 404, "The receiver answered 404."),
        (Fault(drops=True), None, "broke the connection"),
        (Fault(stalls=True), None, "did not answer within 0.5 seconds"),
    ],
    ids=["500", "redirect", "404", "drops", "stalls"],
)
def test_what_fails_is_sent_again_with_the_same_id_and_body(
    endpoint: Endpoint,
    receiver: Receiver,
    fault: Fault,
    status: int | None,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if fault.stalls:
        monkeypatch.setattr(sending, "CALL_SECONDS", 0.5)
    receiver.faults.append(fault)
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())

    sweep()
    [row] = of(endpoint)
    assert (row.state, row.tries) == ("failed", 1)
    assert said in row.reason
    assert attempts()[0].status == status
    assert sweep() == 0, "not before its pause is over"
    monkeypatch.setattr(sending, "CALL_SECONDS", 60.0)
    sweep(clock=lambda: later(seconds=6))

    [row] = of(endpoint)
    assert (row.state, row.attempts) == ("delivered", 2)
    first, second = receiver.requests
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)


@pytest.mark.parametrize("fault", [Fault(is_endless=True), Fault(drips=True)])
def test_a_body_without_an_end_is_not_waited_for(
    endpoint: Endpoint, receiver: Receiver, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "BEGINNING_SECONDS", 0.2)
    receiver.faults.append(fault)
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())

    begun = time.monotonic()
    sweep()

    assert states(endpoint) == ["delivered"]
    assert len(attempts()[0].answer) <= 1_024
    assert time.monotonic() - begun < 5


def test_nobody_listens(at_juniper: Cast) -> None:
    with Receiver().running() as one:
        endpoint = endpoint_for(one)
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())

    sweep()

    [row] = of(endpoint)
    assert (row.state, row.reason) == ("failed", "The receiver can't be reached.")


def test_the_schedule_ends_after_about_75_hours(endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.faults.extend([Fault(Reply(500))] * 20)
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    now = begun = timezone.now() + timedelta(seconds=1)
    while of(endpoint)[0].is_waiting:
        due = of(endpoint)[0].next_attempt_at
        assert due is not None
        now = max(now, due)
        sweep(clock=lambda: now)  # noqa: B023 - called in the loop

    [row] = of(endpoint)
    assert (row.state, row.attempts) == ("given_up", len(PAUSES) + 1)
    assert row.reason == "The receiver answered 500. It was tried 11 times."
    assert timedelta(hours=67) < now - begun < timedelta(hours=83)


def test_retry_after_is_respected_within_bounds(endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.faults.append(Fault(Reply(429, headers={"Retry-After": "600"})))
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())

    sweep()
    assert len(receiver.requests) == 1
    assert sweep(clock=lambda: later(seconds=590)) == 0, "the endpoint as a whole asked for it"
    receiver.checks_time = False
    assert sweep(clock=lambda: later(seconds=610)) == 2
    assert states(endpoint) == ["delivered"] * 2

    receiver.faults.append(Fault(Reply(503, headers={"Retry-After": "99999999"})))
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    sweep()
    due = of(endpoint)[-1].next_attempt_at
    assert due is not None
    assert due - timezone.now() <= timedelta(days=1)


def test_what_happened_to_one_thing_is_sent_in_sequence(
    endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.faults.extend([Fault(Reply(500)), Fault(Reply(500))])
    sell("1")
    reject("1")
    accept("1")

    sweep()
    rows = of(endpoint, "conversion.recorded", "conversion.changed")
    assert {one.state for one in rows[1:]} == {"pending"}, "later ones wait for the first"
    for seconds in (6, 70):
        sweep(clock=lambda: later(seconds=seconds))  # noqa: B023 - called in the loop

    assert {one.state for one in of(endpoint)} == {"delivered"}
    assert all(numbers == sorted(numbers) for numbers in receiver.of_targets().values())


def test_a_delivery_that_is_given_up_holds_up_nothing(
    endpoint: Endpoint, receiver: Receiver
) -> None:
    sell("1")
    reject("1")
    dispatch()
    first, second = of(endpoint, "conversion.recorded", "conversion.changed")
    Delivery.objects.filter(pk=first.pk).update(tries=len(PAUSES))
    Delivery.objects.exclude(target=first.target).delete()
    receiver.faults.append(Fault(Reply(500)))

    sweep()

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("given_up", "delivered")


def test_all_secrets_sign_for_a_day_after_a_change(endpoint: Endpoint, receiver: Receiver) -> None:
    former, now = receiver.secret, timezone.now()
    made = [rotate_secret(endpoint=endpoint, by=SYSTEM, now=now).secret for _ in range(2)]
    assert len({former, *made}) == 3
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    sweep()
    [sent] = receiver.requests

    for secret in (former, *made):
        assert Webhook(secret).verify(sent.body, dict(sent.headers))["type"] == "webhook.test"

    receiver.secret, receiver.checks_time = former, False
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    sweep(clock=lambda: later(hours=25))
    assert len(receiver.requests[-1].headers["webhook-signature"].split()) == 1
    assert states(endpoint) == ["delivered", "failed"]
    assert attempts()[-1].status == 401


def test_an_endpoint_that_is_off_gets_nothing_until_it_is_on(
    endpoint: Endpoint, receiver: Receiver
) -> None:
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    switch_off(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    assert sweep() == 0

    switch_on(endpoint=endpoint, by=SYSTEM, now=timezone.now())

    assert sweep() == 1
    assert states(endpoint) == ["delivered"]


def test_an_address_of_a_private_network_is_refused_when_it_is_called(
    endpoint: Endpoint, settings: object
) -> None:
    settings.LOCAL = False  # type: ignore[attr-defined]
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())

    sweep()

    [row] = of(endpoint)
    assert row.reason == "The receiver leads to a private network."


def test_a_name_that_leads_to_a_private_network_is_refused(
    endpoint: Endpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    """The name was public when the endpoint was added."""
    settings.LOCAL = False  # type: ignore[attr-defined]
    monkeypatch.setattr(outgoing, "_resolved", lambda host: [ip_address("127.0.0.1")])
    Endpoint.objects.update(address=f"http://hooks.example:{receiver.port}/hook")
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())

    sweep()

    assert of(endpoint)[0].reason == "The receiver leads to a private network."
    assert receiver.requests == []


def test_a_secret_that_can_not_be_read_is_told(
    endpoint: Endpoint, receiver: Receiver, settings: object
) -> None:
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    settings.DETAILS_KEYS = ["another key"]  # type: ignore[attr-defined]

    sweep()

    assert receiver.requests == []
    assert "its secret can't be decrypted" in of(endpoint)[0].reason


def test_no_cookie_of_a_receiver_is_sent_back(receiver: Receiver) -> None:
    """Other brands may send to the same host."""
    receiver.faults.append(Fault(Reply(200, headers={"Set-Cookie": "who=me"})))
    with outgoing.Caller() as caller:
        for _ in range(2):
            post(caller, receiver.address, {}, b"{}", clock=timezone.now)

    assert ["cookie" in one.headers for one in receiver.requests] == [False, False]


def test_a_defect_at_one_brand_holds_up_no_other(
    endpoint: Endpoint, receiver: Receiver, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with acting_for(cast.saltmarsh), Receiver().running() as other:
        theirs = endpoint_for(other)
        WaitingEntry(entry=OutboxEntry.objects.latest("pk").pk).save()

    def failing(**values: Any) -> str:
        if values["target"].startswith("conversion"):
            raise KeyError("a defect")
        return body_of(**values)

    monkeypatch.setattr(dispatching, "body_of", failing)
    sell("1")

    sweep()

    assert of(endpoint) == []
    assert WaitingEntry.objects.count() == 2
    with acting_for(cast.saltmarsh):
        assert len(of(theirs)) == 1
        assert WaitingEntry.objects.count() == 0


def test_only_so_many_processes_send_at_a_time(endpoint: Endpoint, receiver: Receiver) -> None:
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    other = take_place(now=timezone.now())
    assert other is not None

    assert sweep() == 0
    assert sweep(clock=lambda: later(seconds=6)) == 1, "a killed process loses its place"


def test_what_a_killed_process_held_is_sent_again(endpoint: Endpoint, receiver: Receiver) -> None:
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    held = queue.claim_due(is_slow=False, free=5, calls=[], now=timezone.now())
    assert len(held.ids) == 1

    assert sweep() == 0
    assert sweep(clock=lambda: timezone.now() + queue.lease()) == 1
    assert states(endpoint) == ["delivered"]


@pytest.fixture
def slow() -> Iterator[Receiver]:
    with Receiver(pause=0.4).running() as one:
        yield one


def test_slow_endpoints_hold_up_nobody(
    endpoint: Endpoint,
    receiver: Receiver,
    slow: Receiver,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue, "SLOW_MILLISECONDS", 300)
    with acting_for(cast.saltmarsh):
        theirs = endpoint_for(slow)
        Endpoint.objects.filter(pk=theirs.pk).update(last_milliseconds=9_000)
        for _ in range(3):
            send_test(endpoint=theirs, by=SYSTEM, now=timezone.now())
        Delivery.objects.update(target="a")  # each another thing
        for number, one in enumerate(Delivery.objects.order_by("pk")):
            Delivery.objects.filter(pk=one.pk).update(target=f"thing:{number}")
    sell("1", "2", "3")

    begun = time.monotonic()
    sweep()

    assert max(one.at for one in receiver.received) - begun < 0.4
    assert len(receiver.received) == 6
    assert len(slow.received) == 3
    assert slow.most_at_once == 1
    assert receiver.most_at_once <= queue.CALLS_TO_AN_ENDPOINT


def test_an_endpoint_takes_no_more_than_its_calls(at_juniper: Cast) -> None:
    with Receiver(pause=0.01).running() as busy:
        endpoint = endpoint_for(busy)
        sell(*(str(number) for number in range(80)))

        assert sweep() == 160

    assert len(of(endpoint)) == len(attempts()) == 160
    assert {one.state for one in of(endpoint)} == {"delivered"}
    assert 1 < busy.most_at_once <= queue.CALLS_TO_AN_ENDPOINT
