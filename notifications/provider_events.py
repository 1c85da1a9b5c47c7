"""Receive the events that delivery services report about our mails, and normalise them.

The product has no signals of its own. anymail's webhook views report verified events only by the
signal `tracking`, so this module, and no other, receives it. What an event changes is decided in
`notifications.services.reported_events`.
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

from core.text import one_line
from notifications.mails import METADATA_KEY
from notifications.models import MessageState
from notifications.services.reported_events import ReportedEvent, record_provider_event
from notifications.transport import is_no_such_mailbox

_OUR_MESSAGE_ID = re.compile(r"<?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@")

# The field in which each service reports the kind of a bounce, and the values of a hard bounce.
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
# Opening and clicking prove that the mail was delivered.
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
    """Receive every event that one of anymail's webhook views has verified."""
    tracking.connect(on_tracking, dispatch_uid="notifications.provider_events")


def on_tracking(*, event: AnymailTrackingEvent, esp_name: str, **more: Any) -> None:
    """Record one event. Raises database errors: the service then sends the event again."""
    record_provider_event(event=read_event(event, provider=esp_name), now=timezone.now())


def read_event(event: AnymailTrackingEvent, *, provider: str) -> ReportedEvent:
    """The event in our own terms, whatever the service."""
    is_dead = _is_dead(event, provider)
    state = _STATES.get(event.event_type)
    if is_dead and state == MessageState.FAILED:  # rejected because it bounced before
        state = MessageState.BOUNCED
    return ReportedEvent(
        provider=provider,
        event_id=str(event.event_id or _digest(event))[:200],
        kind=event.event_type,
        public_id=_public_id(event),
        provider_id=str(event.message_id or ""),
        at=_time_of(event),
        state=state,
        is_dead=is_dead,
        detail=one_line(str(event.mta_response or event.description or ""))[:500],
    )


def _public_id(event: AnymailTrackingEvent) -> uuid.UUID | None:
    """The message's public id: from the metadata, else from the Message-ID."""
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
    """An id for an event without one: the service repeats an event with the same content."""
    told = json.dumps(dict(event.esp_event), sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()
