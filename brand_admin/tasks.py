"""Celery tasks of the brand admin.

One runs a background work, one enqueues work that no worker runs, one mails staff what they chose,
one posts the same into their chat channels.
"""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from background import sweeping
from background.running import run_slice
from brand_admin.home.channel_digest import post_digests as post_due
from brand_admin.home.digest import mail_digests
from brand_admin.reporting.report_mail import mail_reports
from brand_admin.work_handlers import HANDLERS
from core.tenancy import acting_for


@shared_task(name="brand_admin.do_work")
def do_work(*, brand_id: int, work_id: int) -> None:
    with acting_for(brand_id):
        run_slice(work_id, handlers=HANDLERS, now=timezone.now())


@shared_task(name="brand_admin.do_outside_work")
def do_outside_work(*, brand_id: int, work_id: int) -> None:
    """The same for work that waits for other people's servers. It has a separate queue."""
    do_work(brand_id=brand_id, work_id=work_id)


@shared_task(name="brand_admin.sweep_work")
def sweep_work() -> None:
    sweeping.sweep_work(now=timezone.now())


@shared_task(name="brand_admin.mail_staff")
def mail_staff() -> None:
    now = timezone.now()
    mail_digests(now=now)
    mail_reports(now=now)


@shared_task(name="brand_admin.post_digests")
def post_digests() -> None:
    post_due(now=timezone.now())
