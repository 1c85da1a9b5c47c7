"""Celery tasks of shops: work on deliveries, fetch what changed, look after connections."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from core.tenancy import acting_for
from integrations import comparing, filling, retention, rhythm, working


@shared_task(name="integrations.work_events")
def work_events(*, brand_id: int, connection_id: int) -> None:
    with acting_for(brand_id):
        working.work_events(connection_id=connection_id, now=timezone.now())


@shared_task(name="integrations.sweep_events")
def sweep_events() -> None:
    working.sweep_events(now=timezone.now())


@shared_task(name="integrations.fill")
def fill(*, brand_id: int, connection_id: int) -> None:
    with acting_for(brand_id):
        filling.fill(connection_id=connection_id, now=timezone.now())


@shared_task(name="integrations.fill_due")
def fill_due() -> None:
    now = timezone.now()
    filling.enqueue_due_fills(now=now)
    comparing.enqueue_due_comparisons(now=now)


@shared_task(name="integrations.find_silent_shops")
def find_silent_shops() -> None:
    rhythm.find_silent_connections(now=timezone.now())


@shared_task(name="integrations.empty_old_bodies")
def empty_old_bodies() -> None:
    now = timezone.now()
    retention.empty_old_bodies(now=now)
    retention.delete_old_refusals(now=now)


@shared_task(name="integrations.compare_codes")
def compare_codes(*, brand_id: int, discount_id: int) -> None:
    with acting_for(brand_id):
        comparing.compare_codes(discount_id=discount_id, now=timezone.now())
