"""Periodic tasks for sessions, failed logins, kept answers of the API and the outbox."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from accounts.idempotency import delete_old_answers
from accounts.login_failures import write_failure_entries
from accounts.outbox.retention import delete_old_entries
from accounts.sessions import delete_expired_sessions


@shared_task(name="accounts.delete_sessions")
def delete_sessions() -> None:
    delete_expired_sessions(now=timezone.now())


@shared_task(name="accounts.tell_login_failures")
def tell_login_failures() -> None:
    write_failure_entries(now=timezone.now())


@shared_task(name="accounts.delete_outbox_entries")
def delete_outbox_entries() -> None:
    delete_old_entries(now=timezone.now())


@shared_task(name="accounts.delete_api_answers")
def delete_api_answers() -> None:
    delete_old_answers(now=timezone.now())
