"""The Celery task that sends members their items automatically."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from tracking.outreach import automatic_items


@shared_task(name="tracking.send_waiting_items")
def send_waiting_items() -> None:
    automatic_items.send_for_all_brands(now=timezone.now())
