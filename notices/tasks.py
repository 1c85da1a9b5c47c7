"""The Celery task that tells members what happened."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from notices import months, reading, retention, sending


@shared_task(name="notices.sweep")
def sweep() -> None:
    now = timezone.now()
    reading.read_outbox(now=now)
    sending.send_due(now=now)


@shared_task(name="notices.summarise_months")
def summarise_months() -> None:
    months.summarise_months(now=timezone.now())


@shared_task(name="notices.delete_old")
def delete_old() -> None:
    retention.delete_old(now=timezone.now())
