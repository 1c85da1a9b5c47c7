"""What needs a person today, counted for Home. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min

from notifications.models import Message, MessageState
from tracking.claims.selectors import open_questions
from tracking.figures.conversion_list import conversion_count
from tracking.models import Conversion, ConversionStatus
from tracking.outreach.unsent_items import not_sent, without_items

RECENT_SENDS = timedelta(days=30)
TROUBLED_STATES = (MessageState.FAILED, MessageState.BOUNCED, MessageState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Attention:
    """How many of each; `oldest_pending_at` is when the longest waiting order was placed."""

    pending: int
    oldest_pending_at: datetime | None
    without_items: int
    not_sent: int
    failed_sends: int
    unknown_sends: int
    questions: int


def what_needs_attention(*, now: datetime) -> Attention:
    """Count what waits for the staff of the brand acted for."""
    pending = Conversion.objects.filter(status=ConversionStatus.PENDING)
    sends = Message.objects.filter(settled_at__gte=now - RECENT_SENDS, state__in=TROUBLED_STATES)
    unknown = sends.filter(state=MessageState.UNKNOWN).count()
    return Attention(
        pending=conversion_count(status=ConversionStatus.PENDING),
        oldest_pending_at=pending.aggregate(oldest=Min("occurred_at"))["oldest"],
        without_items=without_items().count(),
        not_sent=not_sent().count(),
        failed_sends=sends.count() - unknown,
        unknown_sends=unknown,
        questions=open_questions().count(),
    )
