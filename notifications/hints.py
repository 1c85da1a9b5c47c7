"""Tell a worker that a campaign has work. A hint may be lost or come twice: rows hold the work."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from core.broker import publish
from core.tenancy import current_brand_id
from notifications.models import Campaign, CampaignState

DELIVER = "notifications.deliver_campaign"


def hint(*, campaign_id: int, now: datetime) -> None:
    """Void the campaign's earlier hint, and send a new one when the transaction commits."""
    token = uuid.uuid4()
    marked = Campaign.objects.filter(pk=campaign_id, state=CampaignState.SENDING).update(
        hint=token, hinted_at=now, waits_until=None
    )
    if marked:
        brand_id = current_brand_id()
        transaction.on_commit(
            lambda: publish(DELIVER, brand_id=brand_id, campaign_id=campaign_id, hint=str(token))
        )


def take_hint(*, campaign_id: int, token: uuid.UUID) -> bool:
    """Whether `token` was the campaign's live hint; it is used up by asking."""
    return bool(Campaign.objects.filter(pk=campaign_id, hint=token).update(hint=None))


def put_off(*, campaign_id: int, until: datetime) -> None:
    """Void the campaign's earlier hint; the sweep sends the next one at that time."""
    Campaign.objects.filter(pk=campaign_id).update(hint=None, waits_until=until)
