"""What beat has done about sessions, logins and the outbox."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from accounts.login_failures import tell_failures
from accounts.outbox.retention import delete_old_entries
from accounts.sessions import delete_expired_sessions


@shared_task(name="accounts.delete_sessions")
def delete_sessions() -> None:
    delete_expired_sessions(now=timezone.now())


@shared_task(name="accounts.tell_login_failures")
def tell_login_failures() -> None:
    tell_failures(now=timezone.now())


@shared_task(name="accounts.delete_outbox_entries")
def delete_outbox_entries() -> None:
    delete_old_entries(now=timezone.now())
