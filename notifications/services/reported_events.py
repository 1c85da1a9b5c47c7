"""Record events that delivery services report: each once, and no event moves a message back.

Events arrive late, twice and in any order. A "delivered" that comes after a bounce changes nothing.
An event that proves delivery gives an `unknown` message its state, and stops a message that waits
for a retry from being sent again.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Least

from accounts.actors import Actor
from core.tenancy import across_brands, acting_for
from notifications.models import (
    LIVE_STATES,
    Message,
    MessageState,
    ProviderEvent,
    SuppressionReason,
)
from notifications.services.suppression import suppress

logger = logging.getLogger(__name__)

_HANDED_OVER = (LIVE_STATES - {MessageState.PENDING}) | {
    MessageState.ACCEPTED,
    MessageState.FAILED,
    MessageState.UNKNOWN,
}
# A reported state changes a message that is in one of these states.
_ALLOWED_FROM: dict[MessageState, frozenset[MessageState]] = {
    MessageState.ACCEPTED: frozenset({MessageState.RETRY, MessageState.UNKNOWN}),
    MessageState.DELIVERED: _HANDED_OVER,
    MessageState.BOUNCED: _HANDED_OVER | {MessageState.DELIVERED},
    MessageState.FAILED: _HANDED_OVER - {MessageState.FAILED},
}
_TIME_FIELDS = {"opened": "opened_at", "clicked": "clicked_at", "complained": "complained_at"}
_SUPPRESSING = {
    "complained": SuppressionReason.COMPLAINED,
    "unsubscribed": SuppressionReason.UNSUBSCRIBED,
}


@dataclass(frozen=True, slots=True)
class ReportedEvent:
    """One event. `state` is the message's state by it, None for none; `kind` is anymail's name.

    `is_dead` says that nobody can be reached at the address.
    """

    provider: str
    event_id: str
    kind: str
    public_id: uuid.UUID | None
    provider_id: str
    at: datetime | None
    state: MessageState | None
    is_dead: bool = False
    detail: str = ""


def record_provider_event(*, event: ReportedEvent, now: datetime) -> bool:
    """Apply an event to its message; returns whether the event is new.

    An event about a mail that is not ours changes nothing.
    """
    found = _message_of(event)
    if found is None:
        logger.info("%s reports %s of a mail that is not ours", event.provider, event.kind)
        return False
    brand_id, message_id = found
    with acting_for(brand_id):
        return _record(event, message_id, now)


def _message_of(event: ReportedEvent) -> tuple[int, int] | None:
    """The brand and the id of the one message that the event is about."""
    with across_brands(reason="a delivery service names a mail, not a brand"):
        rows = Message.objects.order_by("id").values_list("brand_id", "pk")
        if event.public_id is not None:
            return rows.filter(public_id=event.public_id).first()
        named = rows.filter(provider_id=event.provider_id)[:2] if event.provider_id else []
        found = list(named)
    return found[0] if len(found) == 1 else None


@transaction.atomic
def _record(event: ReportedEvent, message_id: int, now: datetime) -> bool:
    at = min(event.at or now, now)
    _, is_new = ProviderEvent.objects.get_or_create(
        provider=event.provider,
        event_id=event.event_id,
        defaults={
            "message_id": message_id,
            "kind": event.kind[:20],
            "at": at,
            "detail": event.detail,
        },
    )
    if is_new:
        _move(event, message_id, now)
        _save_time(event, message_id, at)
        _suppress(event, message_id, now)
    return is_new


def _move(event: ReportedEvent, message_id: int, now: datetime) -> None:
    """Set the message's state and end its lease, so that no worker saves another result."""
    if event.state is None:
        return
    explained = event.state in {MessageState.BOUNCED, MessageState.FAILED}
    Message.objects.filter(pk=message_id, state__in=_ALLOWED_FROM[event.state]).update(
        state=event.state,
        reason=event.detail if explained else "",
        settled_at=Coalesce(F("settled_at"), Value(now)),
        lease_token=None,
        lease_until=None,
    )


def _save_time(event: ReportedEvent, message_id: int, at: datetime) -> None:
    field = _TIME_FIELDS.get(event.kind)
    if field:
        Message.objects.filter(pk=message_id).update(**{field: Least(F(field), Value(at))})


def _suppress(event: ReportedEvent, message_id: int, now: datetime) -> None:
    reason = SuppressionReason.BOUNCED if event.is_dead else _SUPPRESSING.get(event.kind)
    if reason:
        address = Message.objects.values_list("to_address", flat=True).get(pk=message_id)
        suppress(address=address, reason=reason, by=Actor.system(event.provider), now=now)
