"""Celery tasks of webhooks: send what is due, look after endpoints that are not on."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from webhooks import retention, sending, stopping, telling


@shared_task(name="webhooks.sweep")
def sweep() -> None:
    sending.sweep()


@shared_task(name="webhooks.tell_owners")
def tell_owners() -> None:
    now = timezone.now()
    telling.tell_owners(now=now)
    stopping.settle_stopped(now=now)


@shared_task(name="webhooks.delete_old")
def delete_old() -> None:
    retention.delete_old(now=timezone.now())
