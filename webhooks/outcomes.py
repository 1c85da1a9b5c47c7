"""Record what came of an attempt: the delivery's next state, and how its endpoint does."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from django.db.models import QuerySet

from accounts.actors import Actor
from core.db import retried_transaction
from webhooks.endpoints import disable
from webhooks.models import WAITING_STATES, Attempt, Delivery, DeliveryState, Endpoint
from webhooks.waking import wake_mailing

# Before each further attempt. The last one is 74 to 75 hours after the first, or, as each pause is
# up to a tenth longer or shorter, 67 to 82 hours; after it the delivery is given up.
PAUSES = tuple(
    timedelta(seconds=one)
    for one in (5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 82_800)
)
JITTER = 0.1
MAX_RETRY_AFTER = timedelta(days=1)
MAX_PAUSE_OF_ENDPOINT = timedelta(hours=1)  # that a receiver asks for with 429 or 503
DISABLED_AFTER = timedelta(days=5)  # of nothing but failures
GONE, BUSY = 410, (429, 503)
ANSWER_BYTES = 1_024  # that are kept
BY = Actor.system("webhooks")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt met with: an answer, or an error that ends the sentence "The receiver …"."""

    at: datetime
    milliseconds: int
    status: int | None = None
    answer: bytes = b""
    error: str = ""
    retry_after: timedelta | None = None

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def in_words(self) -> str:
        """Why it is no success, as a sentence."""
        if self.status is None:
            return f"The receiver {self.error}."
        if 300 <= self.status < 400:
            return f"The receiver answered {self.status}: redirects are not followed."
        return f"The receiver answered {self.status}."


def retry_after_of(headers: Mapping[str, str], *, now: datetime) -> timedelta | None:
    """Return the pause that an answer asks for (RFC 9110 10.2.3), at most MAX_RETRY_AFTER."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return min(timedelta(seconds=int(text[:9])), MAX_RETRY_AFTER)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    moment = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta()), MAX_RETRY_AFTER)


@retried_transaction
def record_outcome(
    *, delivery_id: int, endpoint_id: int, token: uuid.UUID, outcome: Outcome, now: datetime
) -> Delivery:
    """Keep the attempt, and settle the delivery or set its next attempt.

    The attempt is kept too when another process holds the delivery by now. A success counts in any
    case; a failure is then left to that process.
    """
    endpoint = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint_id)
    delivery = Delivery.objects.defer("body").select_for_update().get(pk=delivery_id)
    delivery.attempts += 1
    _keep_attempt(delivery, outcome)
    if delivery.state in WAITING_STATES and outcome.is_success:
        _settle(delivery, DeliveryState.DELIVERED, "", now=now)
    elif delivery.state in WAITING_STATES and delivery.lease_token == token:
        _fail(delivery, outcome, now=now)
    delivery.save(
        update_fields=[
            "attempts", "tries", "state", "reason", "next_attempt_at", "settled_at", "lease_token",
            "lease_until",
        ]
    )  # fmt: skip
    _note(endpoint, outcome, now=now)
    return delivery


def _keep_attempt(delivery: Delivery, outcome: Outcome) -> None:
    text = outcome.answer[:ANSWER_BYTES].decode("utf-8", "replace").replace("\x00", "")
    Attempt(
        delivery=delivery,
        number=delivery.attempts,
        at=outcome.at,
        milliseconds=outcome.milliseconds,
        status=outcome.status,
        answer=text,
        error=outcome.error[:300],
    ).save()


def _settle(delivery: Delivery, state: DeliveryState, reason: str, *, now: datetime) -> None:
    """End it. The next delivery of its target need not wait for what this one waited for."""
    delivery.state, delivery.reason = state, reason
    delivery.next_attempt_at, delivery.settled_at = None, now
    delivery.lease_token, delivery.lease_until = None, None
    _later(delivery).filter(tries=0, next_attempt_at__gt=now).update(next_attempt_at=now)


def _fail(delivery: Delivery, outcome: Outcome, *, now: datetime) -> None:
    delivery.tries += 1
    if outcome.status == GONE:
        reason = "The receiver answered 410: it wants nothing any more."
        _settle(delivery, DeliveryState.GIVEN_UP, reason, now=now)
        return
    if delivery.tries > len(PAUSES):
        reason = f"{outcome.in_words} It was tried {delivery.tries} times."
        _settle(delivery, DeliveryState.GIVEN_UP, reason, now=now)
        return
    pause = PAUSES[delivery.tries - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
    due = now + max(pause, outcome.retry_after or timedelta())
    delivery.state, delivery.reason, delivery.next_attempt_at = (
        DeliveryState.FAILED, outcome.in_words[:300], due,
    )  # fmt: skip
    delivery.lease_token, delivery.lease_until = None, None
    # Later ones of the target wait for it in any case; so nobody looks at them in vain.
    _later(delivery).filter(next_attempt_at__lt=due).update(next_attempt_at=due)


def _later(delivery: Delivery) -> QuerySet[Delivery]:
    """What waits about the same thing and happened later."""
    return Delivery.objects.filter(
        endpoint=delivery.endpoint_id,
        target=delivery.target,
        sequence__gt=delivery.sequence,
        state__in=WAITING_STATES,
    )


def _note(endpoint: Endpoint, outcome: Outcome, *, now: datetime) -> None:
    """Keep how the endpoint does, and disable it when that is hopeless."""
    endpoint.last_attempt_at, endpoint.last_milliseconds = now, outcome.milliseconds
    if outcome.is_success:
        endpoint.last_success_at, endpoint.failing_since, endpoint.paused_until = now, None, None
    else:
        endpoint.failing_since = endpoint.failing_since or outcome.at
        if outcome.status in BUSY and outcome.retry_after:
            endpoint.paused_until = now + min(outcome.retry_after, MAX_PAUSE_OF_ENDPOINT)
    failing_since = endpoint.failing_since
    endpoint.save(
        update_fields=[
            "last_attempt_at", "last_milliseconds", "last_success_at", "failing_since",
            "paused_until",
        ]
    )  # fmt: skip
    if not endpoint.is_on:
        return
    if outcome.status == GONE:
        reason = "Its receiver answered 410 (Gone), which asks us to send nothing any more."
        disable(endpoint, reason=reason, by=BY, now=now)
        wake_mailing()
    elif failing_since is not None and now - failing_since >= DISABLED_AFTER:
        reason = (
            f"Nothing could be delivered for {DISABLED_AFTER.days} days. At last:"
            f" {outcome.in_words}"
        )
        disable(endpoint, reason=reason[:500], by=BY, now=now)
        wake_mailing()
