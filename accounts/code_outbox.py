"""Mail the codes that were asked for, after the answer: the row is the unit of work.

A thread of the web process does it as soon as the answer is out (core.after_answer), so that a
code goes out with Valkey down; beat's sweep does it for a process that died. A row is taken by
one of them at a time. A mail server that refuses is asked again; a second mail after a crash holds
the same code and does no harm.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.codes import LIFETIME
from accounts.models import UNSETTLED_CODE_STATES, CodeState, MailedCode

# Seconds until a mail that was not taken is tried again; then it has failed.
RETRY_SECONDS = (5, 15, 45)
SPARE_SECONDS = 30  # beyond the mail server's timeout, until a mail counts as abandoned


def mail_next_code(
    *,
    is_somebodys: Callable[[MailedCode], bool],
    hand_over: Callable[[MailedCode], bool],
    now: datetime,
) -> bool:
    """Mail the code that is due longest, if its address is somebody's; False when none is due.

    `hand_over` says whether the mail server took it. That a code is being mailed is committed
    before, because from then on it opens something.
    """
    row = _take(is_somebodys, now=now)
    if row is None:
        return False
    if row.state == CodeState.NOBODY:
        return True
    mine = MailedCode.objects.filter(pk=row.pk, mail_tries=row.mail_tries)
    if hand_over(row):
        mine.update(state=CodeState.MAILED)
    elif row.mail_tries > len(RETRY_SECONDS):
        mine.update(state=CodeState.FAILED)
    else:
        wait = timedelta(seconds=RETRY_SECONDS[row.mail_tries - 1])
        mine.update(mail_due_at=now + wait)
    return True


@transaction.atomic
def _take(is_somebodys: Callable[[MailedCode], bool], *, now: datetime) -> MailedCode | None:
    """Take the next row so that nobody else does until the mail server must have answered."""
    due = MailedCode.objects.select_for_update(skip_locked=True).filter(
        state__in=UNSETTLED_CODE_STATES,
        mail_due_at__lte=now,
        asked_at__gt=now - LIFETIME,
        ended_at=None,
    )
    row = due.order_by("mail_due_at", "pk").first()
    if row is None:
        return None
    row.state = CodeState.MAILING if is_somebodys(row) else CodeState.NOBODY
    row.mail_tries += 1
    row.mail_due_at = now + timedelta(seconds=settings.EMAIL_TIMEOUT + SPARE_SECONDS)
    row.save(update_fields=["state", "mail_tries", "mail_due_at"])
    return row
