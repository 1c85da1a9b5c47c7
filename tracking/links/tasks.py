"""Celery tasks that keep the table of clicks in shape, and check link domains."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from tracking.links import keeping, link_domains


@shared_task(name="tracking.check_link_domains")
def check_link_domains() -> None:
    link_domains.check_due_domains(now=timezone.now())


@shared_task(name="tracking.keep_ahead")
def keep_ahead() -> None:
    keeping.keep_ahead(now=timezone.now())


@shared_task(name="tracking.delete_old_clicks")
def delete_old_clicks() -> None:
    keeping.delete_old_clicks(now=timezone.now())
