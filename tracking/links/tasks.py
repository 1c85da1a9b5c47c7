"""Celery tasks that keep the table of clicks in shape, and check link domains."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from tracking.links import link_domains
from tracking.links.keeping import delete_old_clicks, keep_ahead


@shared_task(name="tracking.check_link_domains")
def check_link_domains() -> None:
    link_domains.check_due_domains(now=timezone.now())


@shared_task(name="tracking.keep_ahead")
def make_partitions_and_keys() -> None:
    keep_ahead(now=timezone.now())


@shared_task(name="tracking.delete_old_clicks")
def delete_clicks() -> None:
    delete_old_clicks(now=timezone.now())
