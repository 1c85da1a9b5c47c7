"""Find campaigns and messages that no worker handles: lost queue messages and dead workers."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Exists, OuterRef, Q

from core.jobs import unleased
from core.postgres.outages import defects_logged
from core.tenancy import across_brands, acting_for
from notifications.models import WAITING_STATES, Campaign, CampaignState, Message, MessageState
from notifications.queue import enqueue
from notifications.services.delivery import finish_if_settled

LOST_MESSAGE_AFTER = timedelta(seconds=30)  # that no worker took: it is enqueued again
logger = logging.getLogger(__name__)


def sweep(*, now: datetime) -> list[int]:
    """Mark lost submissions unknown, enqueue campaigns that no worker handles, and return those.

    Called every few seconds by beat; calling it twice does nothing the second time.
    """
    with across_brands(reason="idle campaigns are found over all brands"):
        _mark_lost_submissions_unknown(now)
        idle = list(_idle_campaigns(now).order_by("pk").values_list("brand_id", "pk"))
    enqueued = []
    for brand_id, campaign_id in idle:
        with acting_for(brand_id), defects_logged(logger, "a campaign could not be looked at"):
            if not finish_if_settled(campaign_id=campaign_id, now=now):
                enqueue(campaign_id=campaign_id, now=now)
                enqueued.append(campaign_id)
    return enqueued


def _mark_lost_submissions_unknown(now: datetime) -> None:
    """The lease token stays, for a slow worker that still returns with the result."""
    Message.objects.filter(state=MessageState.SUBMITTING, lease_until__lte=now).update(
        state=MessageState.UNKNOWN,
        reason="The connection was lost while the mail was handed over: it may have arrived.",
        settled_at=now,
    )


def _idle_campaigns(now: datetime) -> models.QuerySet[Campaign]:
    """Campaigns with due messages or none left, without a worker and a message in the queue."""
    messages = Message.objects.filter(campaign=OuterRef("pk"))
    is_due = Exists(unleased(messages.filter(state__in=WAITING_STATES, due_at__lte=now), now=now))
    is_held = Exists(
        messages.filter(state__in=[*WAITING_STATES, MessageState.SUBMITTING], lease_until__gt=now)
    )
    waits = Exists(messages.filter(state__in=[*WAITING_STATES, MessageState.SUBMITTING]))
    return (
        Campaign.objects.filter(state=CampaignState.SENDING)
        .filter(Q(queue_token=None) | Q(enqueued_at__lte=now - LOST_MESSAGE_AFTER))
        .filter(Q(waits_until=None) | Q(waits_until__lte=now))
        .filter(~is_held, is_due | ~waits)
    )
