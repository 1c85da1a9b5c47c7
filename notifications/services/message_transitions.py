"""State transitions of one message while a worker holds it, each by compare-and-swap.

`begin_submitting` commits the state `submitting` before the mail server is called; `save_result`
commits the result. In the middle of a batch both are one statement: the result of one mail is
committed together with `submitting` of the next.
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
from notifications.transport import SubmissionResult

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
# A worker whose lease ran out may still return with the result of the mail.
SAVE_RESULT = """
UPDATE notifications_message
SET state = %(state)s, reason = %(reason)s, provider_id = %(provider_id)s,
    due_at = coalesce(%(due_at)s::timestamptz, due_at), settled_at = %(settled_at)s::timestamptz,
    lease_token = NULL, lease_until = NULL
WHERE id = %(settled_id)s AND lease_token = %(token)s
  AND (state = 'submitting' OR state = 'unknown' AND %(settled_at)s::timestamptz IS NOT NULL)
"""
SAVE_RESULT_AND_BEGIN = f"WITH settled AS ({SAVE_RESULT}) {BEGIN}"
MARK_FAILED = """
UPDATE notifications_message
SET state = 'failed', reason = %(reason)s, settled_at = %(now)s,
    lease_token = NULL, lease_until = NULL
WHERE id = %(id)s AND lease_token = %(token)s AND state IN ('pending', 'retry')
"""
MARK_SUPPRESSED = """
UPDATE notifications_message AS message
SET state = 'suppressed', reason = suppression.reason, settled_at = %(now)s,
    lease_token = NULL, lease_until = NULL
FROM notifications_suppression AS suppression
WHERE message.id = %(id)s AND lease_token = %(token)s AND state IN ('pending', 'retry')
  AND suppression.brand_id = message.brand_id
  AND lower(suppression.address) = lower(message.to_address)
"""


@dataclass(frozen=True, slots=True)
class UnsavedResult:
    """The result of one message, not written to the database yet."""

    message: Message
    result: SubmissionResult
    at: datetime

    def parameters(self) -> dict[str, object]:
        state, due_at = self.result.state, None
        if state == MessageState.RETRY:
            state, due_at = after_failure(self.message.attempts + 1, now=self.at)
        return {
            "settled_id": self.message.pk,
            "state": state.value,
            "reason": self.result.reason,
            "provider_id": self.result.provider_id,
            "due_at": due_at,
            "settled_at": None if state == MessageState.RETRY else self.at,
        }


def begin_submitting(
    message: Message,
    *,
    token: uuid.UUID,
    now: datetime,
    lease: timedelta,
    after: UnsavedResult | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> bool:
    """Commit that this message is being submitted, if it still may be; save `after` with it.

    `meanwhile` is called while PostgreSQL works, and may not use the database.
    """
    given: dict[str, object] = {"id": message.pk, "token": token, "until": now + lease}
    if after is None:
        return run_prepared(BEGIN, given, meanwhile=meanwhile) == 1
    both = given | after.parameters()
    begun = run_prepared(SAVE_RESULT_AND_BEGIN, both, meanwhile=meanwhile) == 1
    _suppress_bounced(after)
    return begun


def save_result(unsaved: UnsavedResult, *, token: uuid.UUID) -> None:
    """Commit the result of a message."""
    run_prepared(SAVE_RESULT, {"token": token, **unsaved.parameters()})
    _suppress_bounced(unsaved)


def mark_failed(message: Message, *, token: uuid.UUID, reason: str, now: datetime) -> None:
    """Mark a message as failed because no email can be composed from it."""
    run_prepared(
        MARK_FAILED, {"id": message.pk, "token": token, "reason": reason[:500], "now": now}
    )


def mark_suppressed(message: Message, *, token: uuid.UUID, now: datetime) -> None:
    """Mark a message as suppressed, if that is why it could not be submitted."""
    run_prepared(MARK_SUPPRESSED, {"id": message.pk, "token": token, "now": now})


def after_failure(attempts: int, *, now: datetime) -> tuple[MessageState, datetime]:
    """The next state of a message after `attempts` failed attempts, and when it is due again."""
    if attempts > len(BACKOFF):
        return MessageState.FAILED, now
    return MessageState.RETRY, now + BACKOFF[attempts - 1]


def _suppress_bounced(unsaved: UnsavedResult) -> None:
    if unsaved.result.state == MessageState.BOUNCED:
        note_bounce(address=unsaved.message.to_address, now=unsaved.at)
