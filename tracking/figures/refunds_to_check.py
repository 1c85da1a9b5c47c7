"""The list of refunds to look at: they wait for their order, or took less than they asked.

An index lists them by the time of receipt, so the list costs the same however many refunds there
are that need nobody.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone

from core.text import search_words
from core.word_search import contains_word
from tracking.models import Refund, RefundState
from tracking.models.orders import REFUND_INDEX, TO_CHECK


class RefundOutcome(models.TextChoices):
    """Why a refund is in the list."""

    WAITING = "waiting", "Waiting for its order"
    IN_PART = "in-part", "Applied in part"
    NOT_AT_ALL = "not-at-all", "Not applied"


_CONDITIONS = {
    RefundOutcome.WAITING: Q(state=RefundState.PARKED),
    RefundOutcome.IN_PART: Q(state=RefundState.APPLIED, amount_minor__gt=0),
    RefundOutcome.NOT_AT_ALL: Q(state=RefundState.APPLIED, amount_minor=0),
}


def refunds_to_check(
    *,
    search: str = "",
    source: str = "",
    outcome: str = "",
    first: datetime | None = None,
    last: datetime | None = None,
) -> QuerySet[Refund]:
    """Return the brand's refunds that need a look, the last received first.

    Each word of `search` is a part of the refund's or the order's number; letter case does not
    matter. `outcome` is a value of RefundOutcome.
    """
    found = Refund.objects.filter(TO_CHECK)
    if source:
        found = found.filter(source=source)
    if outcome:
        found = found.filter(_CONDITIONS[RefundOutcome(outcome)])
    if first is not None:
        found = found.filter(received_at__gte=first)
    if last is not None:
        found = found.filter(received_at__lt=last)
    for word in search_words(search):
        numbered = contains_word(word, "external_id", "order_external_id", index=REFUND_INDEX)
        found = found.filter(numbered)
    return found.order_by("-received_at", "-pk")


def outcome_of(refund: Refund) -> RefundOutcome:
    """Return why a refund is in the list."""
    if refund.state == RefundState.PARKED:
        return RefundOutcome.WAITING
    return RefundOutcome.IN_PART if refund.amount_minor else RefundOutcome.NOT_AT_ALL


def oldest_refund_day() -> date | None:
    """Return the day on which the oldest of these refunds was received, in the brand's zone."""
    oldest = refunds_to_check().order_by("received_at", "pk").first()
    return timezone.localdate(oldest.received_at) if oldest else None
