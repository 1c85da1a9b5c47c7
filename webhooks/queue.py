"""What is due to be sent, claimed fairly; and the places of processes that send.

An endpoint that fails or answers slowly gets one call at a time, and all of them together get a
part of the calls. So they hold up nobody else.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any

from django.conf import settings
from django.db import connection

from core.jobs import claim
from core.tenancy import across_brands
from webhooks.models import WAITING_STATES, Delivery

CALLS_TO_AN_ENDPOINT = 8  # at a time; one while it is slow or fails
SLOW_MILLISECONDS = 2_000
PLACE_LEASE = timedelta(seconds=5)  # renewed each second
MAX_CANDIDATES = 400

# Of a target, the earlier delivery goes first: a later one is due when no earlier one waits. So
# at most one delivery of a target is being sent to an endpoint.
DUE = """
SELECT endpoint.id, due.id FROM webhooks_endpoint AS endpoint
CROSS JOIN LATERAL (
  SELECT delivery.id, delivery.next_attempt_at FROM webhooks_delivery AS delivery
  WHERE delivery.brand_id = endpoint.brand_id AND delivery.endpoint_id = endpoint.id
    AND delivery.state IN ('pending', 'failed') AND delivery.next_attempt_at <= %(now)s
    AND (delivery.lease_until IS NULL OR delivery.lease_until <= %(now)s)
    AND NOT EXISTS (
      SELECT FROM webhooks_delivery AS earlier
      WHERE earlier.brand_id = delivery.brand_id AND earlier.endpoint_id = delivery.endpoint_id
        AND earlier.target = delivery.target AND earlier.sequence < delivery.sequence
        AND earlier.state IN ('pending', 'failed')
    )
  ORDER BY delivery.next_attempt_at, delivery.id LIMIT %(each)s
) AS due
WHERE endpoint.state = 'on'
  AND (endpoint.paused_until IS NULL OR endpoint.paused_until <= %(now)s)
  AND (
    endpoint.failing_since IS NOT NULL OR coalesce(endpoint.last_milliseconds, 0) >= %(slow)s
  ) = %(is_slow)s
  AND NOT endpoint.id = ANY (%(full)s)
ORDER BY endpoint.last_attempt_at NULLS FIRST, endpoint.id, due.next_attempt_at, due.id
LIMIT %(rows)s
"""
TAKE_PLACE = """
INSERT INTO webhooks_sender AS place (number, lease_token, lease_until)
VALUES (%(number)s, %(token)s, %(until)s)
ON CONFLICT (number) DO UPDATE
SET lease_token = EXCLUDED.lease_token, lease_until = EXCLUDED.lease_until
WHERE place.lease_until <= %(now)s OR place.lease_token = EXCLUDED.lease_token
RETURNING number
"""
LEAVE_PLACE = "DELETE FROM webhooks_sender WHERE lease_token = %s"


@dataclass(frozen=True, slots=True)
class Place:
    """One of the few places of processes that send at the same time."""

    number: int
    token: uuid.UUID


def take_place(*, now: datetime) -> Place | None:
    """Take a place that nobody has; None if there is none."""
    token = uuid.uuid4()
    for number in range(1, settings.WEBHOOK_SENDERS + 1):
        if keep_place(Place(number, token), now=now):
            return Place(number, token)
    return None


def keep_place(place: Place, *, now: datetime) -> bool:
    """Renew the lease; False if another process has the place by now."""
    until = now + PLACE_LEASE
    values: dict[str, Any] = {
        "number": place.number,
        "token": place.token,
        "until": until,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE_PLACE, values)
        return cursor.fetchone() is not None


def leave_place(place: Place) -> None:
    with connection.cursor() as cursor:
        cursor.execute(LEAVE_PLACE, [place.token])


def lease() -> timedelta:
    """How long one delivery is held; longer than a call may take."""
    return timedelta(seconds=settings.WORK_LEASE)


@dataclass(frozen=True, slots=True)
class Claimed:
    """Deliveries that this token holds."""

    token: uuid.UUID
    ids: list[int]
    is_slow: bool


def claim_due(*, is_slow: bool, free: int, calls: Collection[int], now: datetime) -> Claimed:
    """Claim up to `free` deliveries that are due, spread over endpoints of one kind.

    `calls` are the endpoints of the calls that this process has under way, one entry for each.
    Endpoints that were called longest ago come first, and each gets one before any gets another.
    """
    if free <= 0:
        return Claimed(uuid.uuid4(), [], is_slow)
    each = 1 if is_slow else CALLS_TO_AN_ENDPOINT
    counts = {one: list(calls).count(one) for one in set(calls)}
    values: dict[str, Any] = {
        "now": now,
        "slow": SLOW_MILLISECONDS,
        "is_slow": is_slow,
        "each": each,
        "full": [one for one, number in counts.items() if number >= each],
        "rows": min(MAX_CANDIDATES, free * each),
    }
    with connection.cursor() as cursor:
        cursor.execute(DUE, values)
        rows = cursor.fetchall()
    chosen = _spread(rows, {one: each - number for one, number in counts.items()}, each)[:free]
    if not chosen:
        return Claimed(uuid.uuid4(), [], is_slow)
    with across_brands(reason="deliveries of all brands are sent by one process"):
        held = Delivery.objects.filter(pk__in=chosen, state__in=WAITING_STATES)
        token, ids = claim(
            held.order_by("next_attempt_at", "pk"), limit=len(chosen), lease=lease(), now=now
        )
    return Claimed(token, ids, is_slow)


def _spread(rows: Sequence[tuple[int, int]], free_calls: dict[int, int], each: int) -> list[int]:
    """The deliveries, one of each endpoint before the second of any; as many as each can take."""
    by_endpoint: dict[int, list[int]] = {}
    for endpoint, delivery in rows:
        of_it = by_endpoint.setdefault(endpoint, [])
        if len(of_it) < free_calls.get(endpoint, each):
            of_it.append(delivery)
    rounds = zip_longest(*by_endpoint.values())
    return [one for each_round in rounds for one in each_round if one is not None]
