"""The mails that hold codes: what they say, and to whom they go.

They are composed after the answer, so nothing about the request is known here but what its row
says.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.addresses import user_with
from accounts.code_outbox import mail_next_code
from accounts.codes import code_of
from accounts.models import CodePurpose, MailedCode
from accounts.password_reset import mail_reset_link
from affiliates.logins import opens_a_login
from core.after_answer import BackgroundThreads
from core.languages import speaking
from core.transactional_mail import TransactionalMailError, send_transactional_mail

# Each in templates/transactional; every other purpose has the mail "code".
MAILS = {CodePurpose.LOG_IN: "login_code", CodePurpose.NEW_ADDRESS: "new_address_code"}


def mail_next(*, now: datetime) -> bool:
    """Mail the code that is due longest; False when none is due."""
    return mail_next_code(is_somebodys=_is_somebodys, hand_over=_hand_over, now=now)


def mail_all_due() -> None:
    """Mail every code that is due."""
    while mail_next(now=timezone.now()):
        pass


def _is_somebodys(row: MailedCode) -> bool:
    """Whether the mail goes out: to log in, when there is a login; else somebody is logged in."""
    if row.purpose == CodePurpose.PASSWORD_RESET:
        return user_with(row.address) is not None
    return row.purpose != CodePurpose.LOG_IN or opens_a_login(row.address)


def _hand_over(row: MailedCode) -> bool:
    """Mail the code, or the link. Whether the mail server took it."""
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


# Two threads: one mail server that hangs must not stop what needs no mail.
SENDERS = BackgroundThreads("mail codes", lambda: mail_next(now=timezone.now()), number=2)
