"""The mails that hold codes: what they say, and to whom they go.

They are composed after the answer, so nothing about the request is known here but what its row
says.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.code_outbox import mail_next_code
from accounts.codes import code_of
from accounts.models import CodePurpose, MailedCode
from affiliates.letters import LetterError, send_letter
from affiliates.logins import opens_a_login
from core.after_answer import Threads
from core.languages import speaking

# Each in templates/affiliates/email; every other purpose has the mail "code".
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
    return row.purpose != CodePurpose.LOG_IN or opens_a_login(row.address)


def _hand_over(row: MailedCode) -> bool:
    """Mail the code. Whether the mail server took it."""
    purpose = CodePurpose(row.purpose)
    with speaking(row.language):
        context = {
            "code": code_of(row.public_id),
            "act": str(purpose.label),
            "security_url": settings.BASE_URL + reverse("portal:security"),
        }
        try:
            send_letter(MAILS.get(purpose, "code"), to=row.address, context=context)
        except LetterError:
            return False
    return True


# Two threads: one mail server that hangs must not stop what needs no mail.
SENDERS = Threads("mail codes", lambda: mail_next(now=timezone.now()), number=2)
