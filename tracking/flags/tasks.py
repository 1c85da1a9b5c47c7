"""The Celery tasks that look at sales by the rules of flags, and for leaked codes."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from tracking.flags import checking, leaks


@shared_task(name="tracking.check_flags")
def check_flags() -> None:
    checking.check_all_brands(now=timezone.now())


@shared_task(name="tracking.look_at_recent_days")
def look_at_recent_days() -> None:
    checking.look_at_recent_days_in_all_brands(now=timezone.now())
    leaks.find_in_all_brands(now=timezone.now())
