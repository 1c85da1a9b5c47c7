"""The Celery task that posts commission for clicks."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from tracking.commissions import click_earnings


@shared_task(name="tracking.credit_clicks")
def credit_clicks() -> None:
    click_earnings.credit_for_all_brands(now=timezone.now())


@shared_task(name="tracking.credit_late_clicks")
def credit_late_clicks() -> None:
    now = timezone.now()
    click_earnings.credit_for_all_brands(now=now, since=now - click_earnings.LATEST)
