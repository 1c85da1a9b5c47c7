"""Enqueue a campaign. A message may be lost or come twice: rows hold the work."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from core.broker import publish
from core.tenancy import current_brand_id
from notifications.models import Campaign, CampaignState

DELIVER = "notifications.deliver_campaign"


def enqueue(*, campaign_id: int, now: datetime) -> None:
    """Void the campaign's earlier message, and send a new one when the transaction commits."""
    token = uuid.uuid4()
    marked = Campaign.objects.filter(pk=campaign_id, state=CampaignState.SENDING).update(
        queue_token=token, enqueued_at=now, waits_until=None
    )
    if marked:
        brand_id = current_brand_id()
        transaction.on_commit(
            lambda: publish(
                DELIVER, brand_id=brand_id, campaign_id=campaign_id, queue_token=str(token)
            )
        )


def claim_token(*, campaign_id: int, token: uuid.UUID) -> bool:
    """Return whether `token` was the campaign's valid one, and void it."""
    return bool(Campaign.objects.filter(pk=campaign_id, queue_token=token).update(queue_token=None))


def postpone(*, campaign_id: int, until: datetime) -> None:
    """Void the campaign's earlier message; the sweep enqueues the campaign again at that time."""
    Campaign.objects.filter(pk=campaign_id).update(queue_token=None, waits_until=until)
