"""The Celery task that tells members what happened."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from notices import reading, sending


@shared_task(name="notices.sweep")
def sweep() -> None:
    now = timezone.now()
    reading.read_outbox(now=now)
    sending.send_due(now=now)
