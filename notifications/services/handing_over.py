"""The moves of one message while a worker holds it, each by compare-and-swap.

`begin` commits that a mail is being handed over before the mail server is called, and `settle` what
became of it. In the middle of a batch both are one statement: what became of one mail is committed
together with the beginning of the next.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from core.prepared import run_prepared
from notifications.models import Message, MessageState
from notifications.services.suppression import note_bounce
from notifications.transport import Outcome

BACKOFF = tuple(timedelta(seconds=seconds) for seconds in settings.MESSAGE_BACKOFF)

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
SET state = %(state)s, reason = %(reason)s, provider_id = %(provider_id)s,
    due_at = coalesce(%(due_at)s::timestamptz, due_at), settled_at = %(settled_at)s::timestamptz,
    lease_token = NULL, lease_until = NULL
WHERE id = %(settled_id)s AND lease_token = %(token)s
  AND (state = 'submitting' OR state = 'unknown' AND %(settled_at)s::timestamptz IS NOT NULL)
"""
SETTLE_AND_BEGIN = f"WITH settled AS ({SETTLE}) {BEGIN}"
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


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of one message, known but not written yet."""

    message: Message
    outcome: Outcome
    at: datetime

    def parameters(self) -> dict[str, object]:
        state, due_at = self.outcome.state, None
        if state == MessageState.RETRY:
            state, due_at = after_failure(self.message.attempts + 1, now=self.at)
        return {
            "settled_id": self.message.pk,
            "state": state.value,
            "reason": self.outcome.reason,
            "provider_id": self.outcome.provider_id,
            "due_at": due_at,
            "settled_at": None if state == MessageState.RETRY else self.at,
        }


def begin(
    message: Message,
    *,
    token: uuid.UUID,
    now: datetime,
    lease: timedelta,
    after: Settlement | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> bool:
    """Commit that this message is being handed over, if it still may be; settle `after` with it.

    `meanwhile` is called while PostgreSQL is at it, and may not use the database.
    """
    given: dict[str, object] = {"id": message.pk, "token": token, "until": now + lease}
    if after is None:
        return run_prepared(BEGIN, given, meanwhile=meanwhile) == 1
    both = given | after.parameters()
    begun = run_prepared(SETTLE_AND_BEGIN, both, meanwhile=meanwhile) == 1
    _note_bounce(after)
    return begun


def settle(settlement: Settlement, *, token: uuid.UUID) -> None:
    """Commit what became of a message."""
    run_prepared(SETTLE, {"token": token, **settlement.parameters()})
    _note_bounce(settlement)


def refuse(message: Message, *, token: uuid.UUID, reason: str, now: datetime) -> None:
    """Fail a message that can't be made into a mail."""
    run_prepared(REFUSE, {"id": message.pk, "token": token, "reason": reason[:500], "now": now})


def skip(message: Message, *, token: uuid.UUID, now: datetime) -> None:
    """Mark a message that did not begin as suppressed, if that is why."""
    run_prepared(SUPPRESS, {"id": message.pk, "token": token, "now": now})


def after_failure(attempts: int, *, now: datetime) -> tuple[MessageState, datetime]:
    """Where a message goes that was not taken for the `attempts`th time."""
    if attempts > len(BACKOFF):
        return MessageState.FAILED, now
    return MessageState.RETRY, now + BACKOFF[attempts - 1]


def _note_bounce(settlement: Settlement) -> None:
    if settlement.outcome.state == MessageState.BOUNCED:
        note_bounce(address=settlement.message.to_address, now=settlement.at)
