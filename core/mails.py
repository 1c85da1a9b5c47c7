"""What the mails have in common that are handed over at once, outside of campaigns."""

from __future__ import annotations

from email.utils import formataddr, parseaddr
from smtplib import SMTPException

from anymail.exceptions import AnymailError
from django.conf import settings

PRODUCT = "Tributary"  # whom mails about a person's own login come from
# Raised when a mail server or provider does not take a mail.
SENDING_ERRORS = (SMTPException, AnymailError, OSError)


def from_line(name: str) -> str:
    """What stands in From: `name` before the address that all mails come from."""
    return formataddr((name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1]))
