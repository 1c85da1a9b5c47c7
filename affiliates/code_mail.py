"""The mails that contain codes, and their recipients.

They are composed after the response, so this module knows only the row of the request.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.code_mail_queue import mail_next_code
from accounts.codes import code_of
from accounts.models import CodePurpose, MailedCode
from accounts.password_reset import mail_reset_link
from accounts.proven_addresses import user_with
from affiliates.logins import can_log_in
from core.after_answer import BackgroundThreads
from core.languages import speaking
from core.transactional_mail import TransactionalMailError, send_transactional_mail

# Templates in templates/transactional; every other purpose uses "code".
MAILS = {CodePurpose.LOG_IN: "login_code", CodePurpose.NEW_ADDRESS: "new_address_code"}


def mail_next(*, now: datetime) -> bool:
    """Mail the code that is due longest; False when none is due."""
    return mail_next_code(has_recipient=_has_recipient, send=_send, now=now)


def mail_all_due() -> None:
    """Mail every code that is due."""
    while mail_next(now=timezone.now()):
        pass


def _has_recipient(row: MailedCode) -> bool:
    """Whether the mail is sent: to an unknown address it is not."""
    if row.purpose == CodePurpose.PASSWORD_RESET:
        return user_with(row.address) is not None
    return row.purpose != CodePurpose.LOG_IN or can_log_in(row.address)


def _send(row: MailedCode) -> bool:
    """Mail the code or link; returns whether the mail server accepted it."""
    purpose = CodePurpose(row.purpose)
    try:
        if purpose == CodePurpose.PASSWORD_RESET:
            mail_reset_link(address=row.address)
        else:
            _mail_code(row, purpose)
    except TransactionalMailError:
        return False
    return True


def _mail_code(row: MailedCode, purpose: CodePurpose) -> None:
    with speaking(row.language):
        values = {
            "code": code_of(row.public_id),
            "act": str(purpose.label),
            "security_url": settings.BASE_URL + reverse("portal:security"),
        }
        send_transactional_mail(MAILS.get(purpose, "code"), to=row.address, values=values)


# Two threads: a mail that hangs in one must not delay rows that need no mail.
CODE_MAIL_THREADS = BackgroundThreads("mail codes", lambda: mail_next(now=timezone.now()), number=2)
