"""What a worker does when a message arrives."""

from __future__ import annotations

import uuid

from celery import shared_task
from django.utils import timezone

from core.tenancy import acting_for
from notifications import services


@shared_task(name="notifications.deliver_campaign")
def deliver_campaign(*, brand_id: int, campaign_id: int, queue_token: str) -> None:
    with acting_for(brand_id):
        services.deliver(
            campaign_id=campaign_id, queue_token=uuid.UUID(queue_token), now=timezone.now()
        )


@shared_task(name="notifications.sweep")
def sweep() -> None:
    services.sweep(now=timezone.now())
