"""Mail the requested codes, after the response was sent. The row is the unit of work.

A thread of the web process does it as soon as the response is sent (core.after_answer), so that
codes are mailed with Valkey down; a periodic task does it for a process that died. One of them
claims a row at a time. A failed mail is tried again; a second mail after a crash contains the same
code and does no harm.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.codes import CODE_LIFETIME
from accounts.models import UNSETTLED_CODE_STATES, CodeState, MailedCode

# Seconds until a mail that was not accepted is tried again; after the last try it has failed.
RETRY_SECONDS = (5, 15, 45)
SPARE_SECONDS = 30  # beyond the mail server's timeout, until a mail counts as abandoned


def mail_next_code(
    *,
    has_recipient: Callable[[MailedCode], bool],
    send: Callable[[MailedCode], bool],
    now: datetime,
) -> bool:
    """Mail the code that is due longest, if its address has a recipient; False when none is due.

    `send` returns whether the mail server accepted the mail. The state MAILING is committed
    before, because the code is valid from then on.
    """
    row = _claim(has_recipient, now=now)
    if row is None:
        return False
    if row.state == CodeState.NOBODY:
        return True
    mine = MailedCode.objects.filter(pk=row.pk, mail_tries=row.mail_tries)
    if send(row):
        mine.update(state=CodeState.MAILED)
    elif row.mail_tries > len(RETRY_SECONDS):
        mine.update(state=CodeState.FAILED)
    else:
        wait = timedelta(seconds=RETRY_SECONDS[row.mail_tries - 1])
        mine.update(mail_due_at=now + wait)
    return True


@transaction.atomic
def _claim(has_recipient: Callable[[MailedCode], bool], *, now: datetime) -> MailedCode | None:
    """Claim the next row until the mail server must have answered."""
    due = MailedCode.objects.select_for_update(skip_locked=True).filter(
        state__in=UNSETTLED_CODE_STATES,
        mail_due_at__lte=now,
        asked_at__gt=now - CODE_LIFETIME,
        ended_at=None,
    )
    row = due.order_by("mail_due_at", "pk").first()
    if row is None:
        return None
    row.state = CodeState.MAILING if has_recipient(row) else CodeState.NOBODY
    row.mail_tries += 1
    row.mail_due_at = now + timedelta(seconds=settings.EMAIL_TIMEOUT + SPARE_SECONDS)
    row.save(update_fields=["state", "mail_tries", "mail_due_at"])
    return row
