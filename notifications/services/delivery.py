"""Hand messages to the mail server, each at most once.

A turn claims a batch under a lease. Each message then moves by compare-and-swap: to `submitting`,
committed, and only then is the mail handed over; afterwards to what became of it. A worker that
dies in between leaves `submitting` behind, which the sweep turns into `unknown`: nobody can know
whether that mail was taken, so nobody sends it again.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, models
from django.utils import timezone

from core.jobs import claim, unleased
from notifications.hints import hint as send_hint
from notifications.hints import take_hint
from notifications.mails import compose
from notifications.models import (
    LIVE_STATES,
    WAITING_STATES,
    Campaign,
    CampaignState,
    Message,
    MessageState,
)
from notifications.services.suppression import note_bounce
from notifications.transport import Outcome, Transport, UnreachableError

BATCH = 200
TURN = timedelta(seconds=20)  # then other campaigns have theirs
BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 120, 240))
Clock = Callable[[], datetime]

BEGIN = """
UPDATE notifications_message AS message
SET state = 'submitting', attempts = attempts + 1, lease_until = %(until)s
WHERE id = %(id)s AND lease_token = %(token)s AND state IN ('pending', 'retry')
  AND EXISTS (SELECT 1 FROM notifications_campaign AS campaign
              WHERE campaign.id = message.campaign_id AND campaign.state = 'sending')
  AND NOT EXISTS (SELECT 1 FROM notifications_suppression AS suppression
                  WHERE suppression.brand_id = message.brand_id
                    AND lower(suppression.address) = lower(message.to_address))
"""
# A worker whose lease ran out may come back and know after all what became of the mail.
SETTLE = """
UPDATE notifications_message
SET state = %(state)s, reason = %(reason)s, provider_id = %(provider_id)s, due_at = %(due_at)s,
    settled_at = %(settled_at)s, lease_token = NULL, lease_until = NULL
WHERE id = %(id)s AND lease_token = %(token)s
  AND (state = 'submitting' OR state = 'unknown' AND %(settled_at)s IS NOT NULL)
"""
REFUSE = """
UPDATE notifications_message
SET state = 'failed', reason = %(reason)s, settled_at = %(now)s,
    lease_token = NULL, lease_until = NULL
WHERE id = %(id)s AND lease_token = %(token)s AND state IN ('pending', 'retry')
"""
SUPPRESS = """
UPDATE notifications_message AS message
SET state = 'suppressed', reason = suppression.reason, settled_at = %(now)s,
    lease_token = NULL, lease_until = NULL
FROM notifications_suppression AS suppression
WHERE message.id = %(id)s AND lease_token = %(token)s AND state IN ('pending', 'retry')
  AND suppression.brand_id = message.brand_id
  AND lower(suppression.address) = lower(message.to_address)
"""


def deliver(
    *,
    campaign_id: int,
    now: datetime,
    hint: uuid.UUID | None = None,
    clock: Clock = timezone.now,
) -> None:
    """Give a campaign one turn, and hint again while it has more that is due.

    With `hint` given, do nothing unless it is the campaign's live one: a task that comes twice, or
    one that the sweep has replaced, ends here.
    """
    if hint is not None and not take_hint(campaign_id=campaign_id, token=hint):
        return
    campaign = Campaign.objects.filter(pk=campaign_id, state=CampaignState.SENDING).first()
    if campaign is None:
        return
    _take_turn(campaign, started=now, clock=clock)
    if due(campaign_id, now=clock()).exists():
        send_hint(campaign_id=campaign_id, now=clock())
    else:
        finish_if_settled(campaign_id=campaign_id, now=clock())


def due(campaign_id: int, *, now: datetime) -> models.QuerySet[Message]:
    """The messages that a worker may claim now."""
    waiting = Message.objects.filter(
        campaign=campaign_id, state__in=WAITING_STATES, due_at__lte=now
    )
    return unleased(waiting, now=now).order_by("due_at", "id")


def finish_if_settled(*, campaign_id: int, now: datetime) -> bool:
    """Mark the campaign done when every one of its messages has its end."""
    live = Message.objects.filter(campaign=campaign_id, state__in=LIVE_STATES)
    if live.exists():
        return False
    sending = Campaign.objects.filter(pk=campaign_id, state=CampaignState.SENDING)
    return bool(sending.update(state=CampaignState.DONE, finished_at=now, hint=None))


def lease() -> timedelta:
    """How long a worker may hold a message without a word. Longer than any mail takes."""
    return timedelta(seconds=settings.MESSAGE_LEASE)


def _take_turn(campaign: Campaign, *, started: datetime, clock: Clock) -> None:
    token, ids = claim(due(campaign.pk, now=started), limit=BATCH, lease=lease(), now=started)
    messages = list(Message.objects.filter(pk__in=ids).order_by("due_at", "id"))
    try:
        with Transport() as transport:
            for message in messages:
                if clock() - started > min(TURN, lease() / 2):
                    break
                transport.connect()
                _hand_over(transport, campaign, message, token, clock)
    except UnreachableError as error:
        _postpone(token, reason=str(error), now=clock())
    finally:
        _let_go(token)


def _hand_over(
    transport: Transport, campaign: Campaign, message: Message, token: uuid.UUID, clock: Clock
) -> None:
    try:
        email = compose(campaign, message)
    except ValueError as error:
        _run(REFUSE, id=message.pk, token=token, reason=str(error)[:500], now=clock())
        return
    if _begin(message, token, now=clock()):
        outcome = transport.submit(email)
        _settle(message, token, outcome, now=clock())
    else:
        _run(SUPPRESS, id=message.pk, token=token, now=clock())


def _begin(message: Message, token: uuid.UUID, *, now: datetime) -> bool:
    """Commit that this message is being handed over, if it still may be."""
    return _run(BEGIN, id=message.pk, token=token, until=now + lease()) == 1


def _settle(message: Message, token: uuid.UUID, outcome: Outcome, *, now: datetime) -> None:
    state, due_at = outcome.state, message.due_at
    if state == MessageState.RETRY:
        state, due_at = _after_failure(message.attempts + 1, now=now)
    _run(
        SETTLE,
        id=message.pk,
        token=token,
        state=state.value,
        reason=outcome.reason,
        provider_id=outcome.provider_id,
        due_at=due_at,
        settled_at=None if state == MessageState.RETRY else now,
    )
    if state == MessageState.BOUNCED:
        note_bounce(address=message.to_address, now=now)


def _after_failure(attempts: int, *, now: datetime) -> tuple[MessageState, datetime]:
    """Where a message goes that was not taken for the `attempts`th time."""
    if attempts > len(BACKOFF):
        return MessageState.FAILED, now
    return MessageState.RETRY, now + BACKOFF[attempts - 1]


def _postpone(token: uuid.UUID, *, reason: str, now: datetime) -> None:
    """The mail server is away: that counts as an attempt for all that are held and unsent."""
    held = Message.objects.filter(lease_token=token, state__in=WAITING_STATES)
    by_attempts: dict[int, list[int]] = defaultdict(list)
    for pk, attempts in held.values_list("pk", "attempts"):
        by_attempts[attempts + 1].append(pk)
    for attempts, ids in by_attempts.items():
        state, due_at = _after_failure(attempts, now=now)
        held.filter(pk__in=ids).update(
            state=state,
            attempts=attempts,
            due_at=due_at,
            reason=f"The mail server could not be reached: {reason}"[:500],
            settled_at=now if state == MessageState.FAILED else None,
        )


def _let_go(token: uuid.UUID) -> None:
    """Free what this turn claimed and did not come to."""
    Message.objects.filter(lease_token=token).exclude(
        state__in=[MessageState.SUBMITTING, MessageState.UNKNOWN]
    ).update(lease_token=None, lease_until=None)


def _run(statement: str, **parameters: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)
