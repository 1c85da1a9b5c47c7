"""What beat has done every minute or so."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from core.kept_sums import fold_all
from tracking import automatic_items, click_earnings


@shared_task(name="tracking.send_waiting_items")
def send_waiting_items() -> None:
    automatic_items.send_for_all_brands(now=timezone.now())


@shared_task(name="tracking.fold_sums")
def fold_sums() -> None:
    fold_all(now=timezone.now())


@shared_task(name="tracking.credit_clicks")
def credit_clicks() -> None:
    click_earnings.credit_for_all_brands(now=timezone.now())
