"""Record failed logins: a log line at once, and at most one audit entry per hour.

The same row is written for known and unknown addresses, so the response time is the same. A
periodic task then writes the audit entries and deletes the rows of unknown addresses.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q

from accounts.actors import Actor
from accounts.audit_log.security_log import address_digest, log_event, record_event
from accounts.models import FailureReason, LoginFailure, User

MIN_TIME_BETWEEN_ENTRIES = timedelta(hours=1)
FAILURES_KEPT_FOR = timedelta(days=1)  # after the last failure
MAX_ENTRIES_PER_ROUND = 200  # one run of the periodic task
SOMEBODY = Actor.system("somebody at the login page")
_COUNT = """
INSERT INTO accounts_loginfailure (digest, reason, user_id, untold, last_at, network)
VALUES (%s, %s, %s, 1, %s, %s)
ON CONFLICT (digest, reason) DO UPDATE
SET untold = accounts_loginfailure.untold + 1, user_id = EXCLUDED.user_id,
    last_at = EXCLUDED.last_at, network = EXCLUDED.network
"""


def record_failure(*, address: str, reason: FailureReason, network: str, now: datetime) -> None:
    """Log and count a failed login at this address."""
    user = User.objects.filter(email=address.strip().lower()).first()
    digest = address_digest(address)
    log_event(
        "login.failed", user=user, network=network, reason=reason.value, address_digest=digest
    )
    who = user.pk if user else None
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [digest, reason.value, who, now, network[:64]])


def write_failure_entries(*, now: datetime) -> int:
    """Write the audit entries that are due, and return how many were written."""
    due = Q(told_at=None) | Q(told_at__lte=now - MIN_TIME_BETWEEN_ENTRIES)
    written = 0
    for _ in range(MAX_ENTRIES_PER_ROUND):
        with transaction.atomic():
            rows = LoginFailure.objects.select_for_update(skip_locked=True, of=("self",))
            row = rows.filter(due, untold__gt=0, user__isnull=False).order_by("last_at").first()
            if row is None:
                break
            _write_entry(row, now=now)
            written += 1
    over = Q(user=None, last_at__lte=now) | Q(untold=0, last_at__lte=now - FAILURES_KEPT_FOR)
    LoginFailure.objects.filter(over).delete()
    return written


def _write_entry(row: LoginFailure, *, now: datetime) -> None:
    """One entry for all failures since the last one."""
    if row.user is None:
        return
    record_event(
        action="login.failures",
        user=row.user,
        by=SOMEBODY,
        now=now,
        network=row.network,
        reason=FailureReason(row.reason).label,
        times="once" if row.untold == 1 else f"{row.untold} times",
    )
    row.untold, row.told_at = 0, now
    row.save(update_fields=["untold", "told_at"])
