"""The Celery task that checks link domains."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from tracking.links import link_domains


@shared_task(name="tracking.check_link_domains")
def check_link_domains() -> None:
    link_domains.check_due_domains(now=timezone.now())
