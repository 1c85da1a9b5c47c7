"""Hear what delivery services report about our mails, and hand it on as plain facts.

The house has no signals of its own; anymail's `tracking` is the one way in which its webhook views
pass on what they have checked and read, so this module, and none else, listens to it. It decides
nothing: `notifications.services.provider_news` does.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason, tracking
from django.utils import timezone

from notifications.mails import METADATA_KEY
from notifications.models import MessageState
from notifications.services.provider_news import News, take_in
from notifications.transport import is_no_such_mailbox

_OUR_MESSAGE_ID = re.compile(r"<?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@")

# Where each service says how bad a bounce is, and the words for "there is no such mailbox".
_SEVERITY: dict[str, tuple[str, ...]] = {
    "Amazon SES": ("bounce", "bounceType"),
    "Brevo": ("event",),
    "MailerSend": ("data", "type"),
    "Mailgun": ("event-data", "reason"),
    "Postmark": ("Type",),
    "SendGrid": ("type",),
}
_HARD = frozenset(
    {
        "BadEmailAddress",
        "HardBounce",
        "Permanent",
        "bounce",
        "hard_bounce",
        "hard_bounced",
        "invalid_email",
        "suppress-bounce",
    }
)
_DEAD_REASONS = frozenset({RejectReason.BOUNCED, RejectReason.INVALID})
# Opening and clicking prove that the mail is there.
_STATES: dict[str, MessageState] = {
    EventType.QUEUED: MessageState.ACCEPTED,
    EventType.SENT: MessageState.ACCEPTED,
    EventType.DELIVERED: MessageState.DELIVERED,
    EventType.OPENED: MessageState.DELIVERED,
    EventType.CLICKED: MessageState.DELIVERED,
    EventType.COMPLAINED: MessageState.DELIVERED,
    EventType.BOUNCED: MessageState.BOUNCED,
    EventType.REJECTED: MessageState.FAILED,
    EventType.FAILED: MessageState.FAILED,
}


def listen() -> None:
    """Be told of every event that one of anymail's webhook views has checked and read."""
    tracking.connect(on_tracking, dispatch_uid="notifications.provider_events")


def on_tracking(*, event: AnymailTrackingEvent, esp_name: str, **more: Any) -> None:
    """Take one event in. Raises what the database raises: the service then tells it again."""
    take_in(news=read(event, provider=esp_name), now=timezone.now())


def read(event: AnymailTrackingEvent, *, provider: str) -> News:
    """What an event says, in our words."""
    is_dead = _is_dead(event, provider)
    state = _STATES.get(event.event_type)
    if is_dead and state == MessageState.FAILED:  # turned away because it bounced before
        state = MessageState.BOUNCED
    return News(
        provider=provider,
        event_id=str(event.event_id or _digest(event))[:200],
        kind=event.event_type,
        public_id=_public_id(event),
        provider_id=str(event.message_id or ""),
        at=_time_of(event),
        state=state,
        is_dead=is_dead,
        detail=" ".join(str(event.mta_response or event.description or "").split())[:500],
    )


def _public_id(event: AnymailTrackingEvent) -> uuid.UUID | None:
    """Our own name of the mail: from what it carried along, else from its Message-ID."""
    carried = (event.metadata or {}).get(METADATA_KEY, "")
    named = _OUR_MESSAGE_ID.match(str(event.message_id or ""))
    try:
        return uuid.UUID(str(carried)) if carried else uuid.UUID(named[1]) if named else None
    except ValueError:
        return None


def _is_dead(event: AnymailTrackingEvent, provider: str) -> bool:
    """Whether nobody can be reached at this address, now or later."""
    if event.event_type == EventType.REJECTED:
        return event.reject_reason in _DEAD_REASONS
    if event.event_type != EventType.BOUNCED:
        return False
    if provider in _SEVERITY:
        return _word_at(event.esp_event, _SEVERITY[provider]) in _HARD
    return is_no_such_mailbox(str(event.mta_response or ""))


def _word_at(raw: Any, path: tuple[str, ...]) -> str:
    for key in path:
        raw = raw.get(key) if isinstance(raw, Mapping) else None
    return str(raw)


def _time_of(event: AnymailTrackingEvent) -> datetime | None:
    at = event.timestamp
    return at if isinstance(at, datetime) and timezone.is_aware(at) else None


def _digest(event: AnymailTrackingEvent) -> str:
    """A name for an event that its service gave none: the same event is told in the same words."""
    told = json.dumps(dict(event.esp_event), sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()
