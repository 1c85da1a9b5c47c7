"""What disables an endpoint, and who is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from tests.cast import SYSTEM, Cast
from tests.integrations.stand_in import Fault, Reply
from tests.webhooks.facts import dispatch, later, of, reject, sell
from tests.webhooks.receiver import Receiver
from webhooks.endpoints import send_test, switch_off, switch_on
from webhooks.models import Attempt, Delivery, Endpoint, EndpointState
from webhooks.outcomes import MAX_RETRY_AFTER, Finished, Outcome, record_outcomes, retry_after_of
from webhooks.queue import claim_due
from webhooks.sending import sweep
from webhooks.stopping import settle_stopped
from webhooks.telling import tell_owners

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_410_disables_at_once_and_the_owners_are_told_once(
    endpoint: Endpoint, receiver: Receiver, mailoutbox: list[object]
) -> None:
    receiver.faults.append(Fault(Reply(410)))
    sell("1")
    reject("1")

    sweep()

    endpoint.refresh_from_db()
    assert endpoint.state == EndpointState.DISABLED
    assert "410" in endpoint.reason
    assert "given_up" in {one.state for one in of(endpoint)}
    entry = AuditEntry.objects.get(action="webhook.disabled")
    assert entry.actor == "webhooks"
    assert tell_owners(now=timezone.now()) == [endpoint.pk]
    assert tell_owners(now=timezone.now()) == []
    [mail] = mailoutbox
    assert mail.to == ["ines@juniper.example"]  # type: ignore[attr-defined]
    assert endpoint.address in mail.body  # type: ignore[attr-defined]
    assert "410" in mail.body  # type: ignore[attr-defined]


def fail_at(receiver: Receiver, *days: float) -> None:
    """Let an attempt fail so many days from now, one after another."""
    for one in days:
        receiver.faults.append(Fault(Reply(500)))
        Delivery.objects.filter(state__in=["pending", "failed"]).update(
            next_attempt_at=timezone.now()
        )
        sweep(clock=lambda: later(days=one))  # noqa: B023 - called in the loop


def test_five_days_of_failures_alone_disable(endpoint: Endpoint, receiver: Receiver) -> None:
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    fail_at(receiver, 0, 1.9, 3.8, 4.9)
    endpoint.refresh_from_db()
    assert endpoint.is_on

    fail_at(receiver, 5.01)

    endpoint.refresh_from_db()
    assert endpoint.state == EndpointState.DISABLED
    assert endpoint.reason.startswith("Nothing could be delivered for 5 days.")


def test_a_failure_after_days_without_attempts_does_not_disable(
    endpoint: Endpoint, receiver: Receiver
) -> None:
    """Also where the receiver failed for days before: it may have been repaired meanwhile."""
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    fail_at(receiver, 0, 1, 2, 3)
    fail_at(receiver, 6)
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.failing_since) == ("on", Attempt.objects.latest("pk").at)

    fail_at(receiver, 7.5, 9, 10.5, 11.5)

    endpoint.refresh_from_db()
    assert endpoint.state == EndpointState.DISABLED


def test_a_success_between_lets_the_days_begin_anew(endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.checks_time = False
    for days in (0, 4, 8):
        send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())
        if days != 4:
            receiver.faults.append(Fault(Reply(500)))
        Delivery.objects.filter(state="failed").update(next_attempt_at=timezone.now())
        sweep(clock=lambda: later(days=days))  # noqa: B023 - called in the loop

    endpoint.refresh_from_db()
    assert endpoint.is_on
    assert endpoint.failing_since is not None


def test_turning_on_again_begins_anew(endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.faults.append(Fault(Reply(410)))
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    sweep()

    turned = switch_on(endpoint=endpoint, by=SYSTEM, now=timezone.now())

    assert (turned.state, turned.reason, turned.failing_since) == ("on", "", None)


def test_what_waits_for_an_endpoint_that_is_off_is_settled(endpoint: Endpoint) -> None:
    sell("1")
    dispatch()
    assert settle_stopped(now=timezone.now()) == 0
    switch_off(endpoint=endpoint, by=SYSTEM, now=timezone.now())

    assert settle_stopped(now=timezone.now()) == 2
    assert {one.state for one in of(endpoint)} == {"skipped"}


def test_a_late_failure_of_a_process_that_lost_its_lease_changes_nothing(
    endpoint: Endpoint, at_juniper: Cast
) -> None:
    send_test(endpoint=endpoint, by=SYSTEM, now=timezone.now())
    first = claim_due(is_slow=False, free=1, calls=[], now=timezone.now())
    second = claim_due(is_slow=False, free=1, calls=[], now=later(minutes=5))
    [pk] = second.ids
    at = timezone.now()

    def report(token: UUID, status: int) -> Delivery:
        outcome = Outcome(at=at, milliseconds=1, status=status)
        record_outcomes(endpoint_id=endpoint.pk, finished=[Finished(pk, token, outcome)], now=at)
        return Delivery.objects.get(pk=pk)

    assert report(first.token, 500).state == "pending"
    assert report(second.token, 500).state == "failed"
    assert report(first.token, 200).state == "delivered", "the receiver has it"
    assert [one.number for one in Attempt.objects.order_by("number")] == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("120", timedelta(minutes=2)),
        ("0", timedelta()),
        ("Fri, 20 Nov 2026 12:05:00 GMT", timedelta(minutes=5)),
        ("Fri, 20 Nov 2026 11:00:00 GMT", timedelta()),
        ("999999999999999999999", MAX_RETRY_AFTER),
        ("Fri, 20 Nov 2099 12:05:00 GMT", MAX_RETRY_AFTER),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_what_retry_after_asks_for(text: str, asked: timedelta | None) -> None:
    assert retry_after_of({"retry-after": text}, now=NOON) == asked
