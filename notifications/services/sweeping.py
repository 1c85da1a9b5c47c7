"""Find what stands still: lost messages and workers that died."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Exists, OuterRef, Q

from core.jobs import unleased
from core.tenancy import across_brands, acting_for
from notifications.models import WAITING_STATES, Campaign, CampaignState, Message, MessageState
from notifications.queue import enqueue
from notifications.services.delivery import finish_if_settled

PATIENCE = timedelta(seconds=30)  # a message that no worker took for so long counts as lost


def sweep(*, now: datetime) -> list[int]:
    """Mark dead hand-overs unknown, enqueue campaigns that no worker is on, and return those.

    Called every few seconds by beat; calling it twice does nothing the second time.
    """
    with across_brands(reason="work that stands still is found over all brands"):
        _give_up_on_dead_hand_overs(now)
        standing = list(_standing_still(now).order_by("pk").values_list("brand_id", "pk"))
    enqueued = []
    for brand_id, campaign_id in standing:
        with acting_for(brand_id):
            if not finish_if_settled(campaign_id=campaign_id, now=now):
                enqueue(campaign_id=campaign_id, now=now)
                enqueued.append(campaign_id)
    return enqueued


def _give_up_on_dead_hand_overs(now: datetime) -> None:
    """The lease token stays, for a worker that was only slow and comes back with the answer."""
    Message.objects.filter(state=MessageState.SUBMITTING, lease_until__lte=now).update(
        state=MessageState.UNKNOWN,
        reason="The connection was lost while the mail was handed over: it may have arrived.",
        settled_at=now,
    )


def _standing_still(now: datetime) -> models.QuerySet[Campaign]:
    """Campaigns with something due or nothing left, no worker on them, and no message under way."""
    messages = Message.objects.filter(campaign=OuterRef("pk"))
    is_due = Exists(unleased(messages.filter(state__in=WAITING_STATES, due_at__lte=now), now=now))
    in_hand = Exists(
        messages.filter(state__in=[*WAITING_STATES, MessageState.SUBMITTING], lease_until__gt=now)
    )
    waits = Exists(messages.filter(state__in=[*WAITING_STATES, MessageState.SUBMITTING]))
    return (
        Campaign.objects.filter(state=CampaignState.SENDING)
        .filter(Q(queue_token=None) | Q(enqueued_at__lte=now - PATIENCE))
        .filter(Q(waits_until=None) | Q(waits_until__lte=now))
        .filter(~in_hand, is_due | ~waits)
    )
