"""The Celery task that folds the kept sums."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from core.kept_sums import fold_all


@shared_task(name="tracking.fold_sums")
def fold_sums() -> None:
    fold_all(now=timezone.now())
