"""Find what stands still: hints that were lost and workers that died."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Exists, OuterRef, Q

from core.jobs import unleased
from core.tenancy import across_brands, acting_for
from notifications.hints import hint
from notifications.models import WAITING_STATES, Campaign, CampaignState, Message, MessageState
from notifications.services.delivery import finish_if_settled

PATIENCE = timedelta(seconds=30)  # a hint that nobody took for so long is taken for lost


def sweep(*, now: datetime) -> list[int]:
    """Mark dead hand-overs unknown, and hint at campaigns that nobody works on; returns those.

    Called every few seconds by beat; calling it twice does nothing the second time.
    """
    with across_brands(reason="work that stands still is found over all brands"):
        _give_up_on_dead_hand_overs(now)
        standing = list(_standing_still(now).order_by("pk").values_list("brand_id", "pk"))
    hinted = []
    for brand_id, campaign_id in standing:
        with acting_for(brand_id):
            if not finish_if_settled(campaign_id=campaign_id, now=now):
                hint(campaign_id=campaign_id, now=now)
                hinted.append(campaign_id)
    return hinted


def _give_up_on_dead_hand_overs(now: datetime) -> None:
    """The lease token stays, for a worker that was only slow and comes back with the answer."""
    Message.objects.filter(state=MessageState.SUBMITTING, lease_until__lte=now).update(
        state=MessageState.UNKNOWN,
        reason="The connection was lost while the mail was handed over: it may have arrived.",
        settled_at=now,
    )


def _standing_still(now: datetime) -> models.QuerySet[Campaign]:
    """Campaigns with something due or nothing left, no worker on them, and no hint under way."""
    messages = Message.objects.filter(campaign=OuterRef("pk"))
    is_due = Exists(unleased(messages.filter(state__in=WAITING_STATES, due_at__lte=now), now=now))
    in_hand = Exists(
        messages.filter(state__in=[*WAITING_STATES, MessageState.SUBMITTING], lease_until__gt=now)
    )
    waits = Exists(messages.filter(state__in=[*WAITING_STATES, MessageState.SUBMITTING]))
    return (
        Campaign.objects.filter(state=CampaignState.SENDING)
        .filter(Q(hint=None) | Q(hinted_at__lte=now - PATIENCE))
        .filter(Q(waits_until=None) | Q(waits_until__lte=now))
        .filter(~in_hand, is_due | ~waits)
    )
