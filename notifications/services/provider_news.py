"""Take in what a delivery service reports: each event once, and never backwards.

Events come late, twice and in any order. A bounce stands against a later "delivered"; whatever
proves that a mail arrived settles one whose fate was unknown, and keeps one that waits for another
try from being sent a second time.
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
# From which states each piece of news moves a message.
_MOVES: dict[MessageState, frozenset[MessageState]] = {
    MessageState.ACCEPTED: frozenset({MessageState.RETRY, MessageState.UNKNOWN}),
    MessageState.DELIVERED: _HANDED_OVER,
    MessageState.BOUNCED: _HANDED_OVER | {MessageState.DELIVERED},
    MessageState.FAILED: _HANDED_OVER - {MessageState.FAILED},
}
_TIMES = {"opened": "opened_at", "clicked": "clicked_at", "complained": "complained_at"}
_SUPPRESSING = {
    "complained": SuppressionReason.COMPLAINED,
    "unsubscribed": SuppressionReason.UNSUBSCRIBED,
}


@dataclass(frozen=True, slots=True)
class News:
    """One event. `state` is what it says of the mail, None for nothing; `kind` is anymail's word.

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


def take_in(*, news: News, now: datetime) -> bool:
    """Move the message that `news` is about; whether this is the first time we hear it.

    News of a mail that is none of ours changes nothing.
    """
    found = _message_of(news)
    if found is None:
        logger.info("%s reports %s of a mail that is not ours", news.provider, news.kind)
        return False
    brand_id, message_id = found
    with acting_for(brand_id):
        return _take_in(news, message_id, now)


def _message_of(news: News) -> tuple[int, int] | None:
    """The brand and the id of the one message that is meant."""
    with across_brands(reason="a delivery service names a mail, not a brand"):
        rows = Message.objects.order_by("id").values_list("brand_id", "pk")
        if news.public_id is not None:
            return rows.filter(public_id=news.public_id).first()
        named = rows.filter(provider_id=news.provider_id)[:2] if news.provider_id else []
        found = list(named)
    return found[0] if len(found) == 1 else None


@transaction.atomic
def _take_in(news: News, message_id: int, now: datetime) -> bool:
    at = min(news.at or now, now)
    _, is_new = ProviderEvent.objects.get_or_create(
        provider=news.provider,
        event_id=news.event_id,
        defaults={
            "message_id": message_id,
            "kind": news.kind[:20],
            "at": at,
            "detail": news.detail,
        },
    )
    if is_new:
        _move(news, message_id, now)
        _note_time(news, message_id, at)
        _suppress(news, message_id, now)
    return is_new


def _move(news: News, message_id: int, now: datetime) -> None:
    """The lease goes too: a worker that still holds the mail has nothing to add."""
    if news.state is None:
        return
    explained = news.state in {MessageState.BOUNCED, MessageState.FAILED}
    Message.objects.filter(pk=message_id, state__in=_MOVES[news.state]).update(
        state=news.state,
        reason=news.detail if explained else "",
        settled_at=Coalesce(F("settled_at"), Value(now)),
        lease_token=None,
        lease_until=None,
    )


def _note_time(news: News, message_id: int, at: datetime) -> None:
    field = _TIMES.get(news.kind)
    if field:
        Message.objects.filter(pk=message_id).update(**{field: Least(F(field), Value(at))})


def _suppress(news: News, message_id: int, now: datetime) -> None:
    reason = SuppressionReason.BOUNCED if news.is_dead else _SUPPRESSING.get(news.kind)
    if reason:
        address = Message.objects.values_list("to_address", flat=True).get(pk=message_id)
        suppress(address=address, reason=reason, by=Actor.system(news.provider), now=now)
