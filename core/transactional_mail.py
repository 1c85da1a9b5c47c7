"""Mails that one person is sent because of what they or somebody did: codes, links, changes.

Plain text, handed over at once and kept nowhere; nobody can unsubscribe from them. Callers name a
template of `templates/transactional` and its values. Mails to members in the name of a brand are
campaigns and messages of `notifications` instead.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import formataddr, parseaddr
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused

from anymail.exceptions import AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from core.languages import speaking, spoken_tag
from core.text import one_line

logger = logging.getLogger(__name__)
PERMANENT = 500  # the first SMTP code of an answer that stays the same
PRODUCT = "Tributary"  # whom a mail comes from that no brand sends


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a mail; `kind` is its media type ("application/pdf")."""

    name: str
    content: bytes
    kind: str


class TransactionalMailError(Exception):
    """The mail could not be handed over; the text says why, as the mail server said it.

    With `is_final` the server refused this mail or its address: it would refuse it again.
    """

    def __init__(self, why: str = "", *, is_final: bool = False) -> None:
        super().__init__(why)
        self.is_final = is_final


def send_transactional_mail(
    template: str,
    *,
    to: str,
    values: Mapping[str, object] | None = None,
    language: str = "",
    from_name: str = PRODUCT,
    reply_to: str = "",
    attachments: Sequence[Attachment] = (),
) -> None:
    """Mail `templates/transactional/<template>.txt`, whose first line is the subject.

    Each text among the values is written in one line. In the language of the tag, or in the one
    that is spoken. Raises TransactionalMailError, which is logged already.
    """
    with speaking(language or spoken_tag()):
        text = render_to_string(f"transactional/{template}.txt", _in_lines(values or {}))
    subject, _, body = text.strip().partition("\n")
    mail = EmailMessage(
        subject=subject.strip(),
        body=f"{body.strip()}\n",
        from_email=formataddr((one_line(from_name), parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[to],
        reply_to=[reply_to] if reply_to else None,
        attachments=[(one.name, one.content, one.kind) for one in attachments],
    )
    try:
        mail.send()
    except (SMTPException, AnymailError, OSError, ValueError) as error:
        logger.warning("The mail %s could not be handed over: %s", template, error)
        raise TransactionalMailError(
            str(error) or type(error).__name__, is_final=_is_final(error)
        ) from error


def _is_final(error: Exception) -> bool:
    """Whether it is an answer of the kind 5xx to the recipient or the mail (RFC 5321)."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _text in error.recipients.values())
    if isinstance(error, SMTPDataError):
        return error.smtp_code >= PERMANENT
    return isinstance(error, AnymailRecipientsRefused)


def _in_lines(values: Mapping[str, object]) -> dict[str, object]:
    """The values for the template; people chose some of them, such as names of brands."""
    return {name: _in_line(one) for name, one in values.items()}


def _in_line(value: object) -> object:
    """The value with each text in it in one line, also in lists and tables of texts."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, Mapping):
        return {key: _in_line(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_in_line(one) for one in value]
    return value
