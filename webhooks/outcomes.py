"""Record what came of an attempt: the delivery's next state, and how its endpoint does."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from accounts.actors import Actor
from core.db import retried_transaction, update_rows
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
MAX_QUIET = timedelta(days=2)  # between two of them, else the days begin anew
GONE, BUSY = 410, (429, 503)
ANSWER_BYTES = 1_024  # that are kept
BY = Actor.system("webhooks")
SETTLED_FIELDS = (
    "attempts", "tries", "state", "reason", "next_attempt_at", "settled_at", "lease_token",
    "lease_until",
)  # fmt: skip


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


@dataclass(frozen=True, slots=True)
class Finished:
    """A call that has ended: the delivery, the token that held it, and what came of it."""

    delivery_id: int
    token: uuid.UUID
    outcome: Outcome


@retried_transaction
def record_outcomes(*, endpoint_id: int, finished: Sequence[Finished], now: datetime) -> None:
    """Keep attempts at an endpoint, and settle each delivery or set its next attempt.

    An attempt is kept too when another process holds the delivery by now. A success counts in any
    case; a failure is then left to that process.
    """
    endpoint = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint_id)
    ids = [one.delivery_id for one in finished]
    locked = Delivery.objects.defer("body").select_for_update().filter(pk__in=ids)
    rows = {row.pk: row for row in locked.order_by("pk")}
    known = [(rows[one.delivery_id], one) for one in finished if one.delivery_id in rows]
    for row, one in known:
        row.attempts += 1
        if row.is_waiting and one.outcome.is_success:
            _settle(row, DeliveryState.DELIVERED, "", now=now)
        elif row.is_waiting and row.lease_token == one.token:
            _fail(row, one.outcome, now=now)
    Attempt.objects.bulk_create([_attempt(row, one.outcome) for row, one in known])
    update_rows([row for row in rows.values() if row.lease_token is None], SETTLED_FIELDS)
    update_rows([row for row in rows.values() if row.lease_token is not None], ["attempts"])
    _move_later(endpoint, rows, now=now)
    _note(endpoint, [one.outcome for one in finished], now=now)


def _attempt(row: Delivery, outcome: Outcome) -> Attempt:
    text = outcome.answer[:ANSWER_BYTES].decode("utf-8", "replace").replace("\x00", "")
    return Attempt(
        delivery=row,
        number=row.attempts,
        at=outcome.at,
        milliseconds=outcome.milliseconds,
        status=outcome.status,
        answer=text,
        error=outcome.error[:300],
    )


def _settle(row: Delivery, state: DeliveryState, reason: str, *, now: datetime) -> None:
    row.state, row.reason = state, reason
    row.next_attempt_at, row.settled_at = None, now
    row.lease_token, row.lease_until = None, None


def _fail(row: Delivery, outcome: Outcome, *, now: datetime) -> None:
    row.tries += 1
    if outcome.status == GONE:
        reason = "The receiver answered 410: it wants nothing any more."
        _settle(row, DeliveryState.GIVEN_UP, reason, now=now)
        return
    if row.tries > len(PAUSES):
        reason = f"{outcome.in_words[:200]} It was tried {row.tries} times."
        _settle(row, DeliveryState.GIVEN_UP, reason, now=now)
        return
    pause = PAUSES[row.tries - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
    row.state, row.reason = DeliveryState.FAILED, outcome.in_words[:300]
    row.next_attempt_at = now + max(pause, outcome.retry_after or timedelta())
    row.lease_token, row.lease_until = None, None


def _move_later(endpoint: Endpoint, rows: Mapping[int, Delivery], *, now: datetime) -> None:
    """Set when later deliveries of the same targets are due.

    They wait for the earlier one in any case. Due when it is, they are not looked at in vain; and
    once it is settled, they need not wait for what it waited for.
    """
    earlier = {row.target: row for row in rows.values() if row.lease_token is None}
    waiting = Delivery.objects.filter(
        endpoint=endpoint, target__in=list(earlier), state__in=WAITING_STATES, lease_token=None
    )
    for later in waiting.exclude(pk__in=list(rows)).defer("body"):
        first = earlier[later.target]
        due = first.next_attempt_at or now
        if later.sequence < first.sequence or later.next_attempt_at is None:
            continue
        is_held_back = first.next_attempt_at is None and later.tries == 0
        if later.next_attempt_at < due or (is_held_back and later.next_attempt_at > due):
            Delivery.objects.filter(pk=later.pk, state__in=WAITING_STATES).update(
                next_attempt_at=due
            )


def _note(endpoint: Endpoint, outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Keep how the endpoint does, and disable it when that is hopeless."""
    for outcome in outcomes:
        endpoint.last_milliseconds = outcome.milliseconds
        if outcome.is_success:
            endpoint.last_success_at, endpoint.failing_since = now, None
            endpoint.paused_until = None
            continue
        endpoint.failing_since = _failing_since(endpoint, outcome)
        if outcome.status in BUSY and outcome.retry_after:
            endpoint.paused_until = now + min(outcome.retry_after, MAX_PAUSE_OF_ENDPOINT)
    endpoint.last_attempt_at = now
    endpoint.save(
        update_fields=[
            "last_attempt_at", "last_milliseconds", "last_success_at", "failing_since",
            "paused_until",
        ]
    )  # fmt: skip
    reason = _hopeless(endpoint, outcomes, now=now)
    if reason and endpoint.is_on:
        disable(endpoint, reason=reason[:500], by=BY, now=now)
        wake_mailing()


def _failing_since(endpoint: Endpoint, failed: Outcome) -> datetime:
    """Since when attempts have failed again and again.

    Before a long time without any attempt, the receiver may have failed for another reason.
    """
    last = endpoint.last_attempt_at
    is_quiet = last is not None and failed.at - last > MAX_QUIET
    return failed.at if is_quiet else endpoint.failing_since or failed.at


def _hopeless(endpoint: Endpoint, outcomes: Sequence[Outcome], *, now: datetime) -> str:
    """Why nothing is to be sent to it any more; "" if something is."""
    if any(one.status == GONE for one in outcomes):
        return "Its receiver answered 410 (Gone), which asks us to send nothing any more."
    since = endpoint.failing_since
    if since is None or now - since < DISABLED_AFTER:
        return ""
    days = DISABLED_AFTER.days
    return f"Nothing could be delivered for {days} days. At last: {outcomes[-1].in_words}"
