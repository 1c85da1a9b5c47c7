"""Periodic tasks."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from accounts.codes import forget_old_codes
from affiliates import code_mail


@shared_task(name="affiliates.mail_codes")
def mail_codes() -> None:
    code_mail.mail_all_due()
    forget_old_codes(now=timezone.now())
