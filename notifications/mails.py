"""Compose the email of a message row. Reads rows, and writes nothing."""

from __future__ import annotations

from email.utils import formataddr, parseaddr
from functools import lru_cache

from django.conf import settings

from core.text import one_line
from notifications.email_addresses import ascii_address
from notifications.mime import MimeMail
from notifications.models import NOTICE_PURPOSES, Campaign, Message
from notifications.rendering import Prepared, Rendered, render
from notifications.unsubscribe_links import unsubscribe_link

MAX_NAME_LENGTH: int = Message._meta.get_field("to_name").max_length or 0
METADATA_KEY = "message"  # a delivery service returns the message's public id under this key
# These services do not return our metadata: their events are matched by the service's own id.
WITHOUT_METADATA = frozenset(
    {"anymail.backends.mailersend.EmailBackend", "anymail.backends.postal.EmailBackend"}
)


def prepared_of(campaign: Campaign) -> Prepared:
    """The campaign's mail as it was confirmed."""
    return Prepared(subject=campaign.subject, html=campaign.html, text=campaign.text)


def rendered(campaign: Campaign, message: Message) -> Rendered:
    """The content of this message: the same before it is sent, when it is sent, and later."""
    return _rendered(campaign, message, _unsubscribe_link(message))


def name_on_mail(name: str) -> str:
    """The name of a recipient as a message keeps it: one line, no longer than its column."""
    return one_line(name)[:MAX_NAME_LENGTH]


def compose(campaign: Campaign, message: Message) -> MimeMail:
    """The email, with the headers for one-click unsubscribing (RFC 8058).

    Raises ValueError if no valid email can be made from the row.
    """
    link = _unsubscribe_link(message)
    mail = _rendered(campaign, message, link)
    sender = _sender(settings.DEFAULT_FROM_EMAIL)
    email = MimeMail(
        subject=mail.subject,
        body=mail.text,
        from_email=sender_line(campaign.from_name),
        to=[formataddr((message.to_name, ascii_address(message.to_address)))],
        reply_to=[ascii_address(campaign.reply_to)] if campaign.reply_to else None,
        headers={
            "Message-ID": f"<{message.public_id}@{sender.rpartition('@')[2]}>",
            "List-Unsubscribe": f"<{link}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    email.attach_alternative(mail.html, "text/html")
    if settings.EMAIL_BACKEND not in WITHOUT_METADATA:
        email.metadata = {METADATA_KEY: str(message.public_id)}
    return email


def sender_line(name: str) -> str:
    """The From header: the brand's name, and the address that all mails are sent from."""
    return formataddr((name, _sender(settings.DEFAULT_FROM_EMAIL)))


@lru_cache(maxsize=8)
def _sender(setting: str) -> str:
    return ascii_address(parseaddr(setting)[1])


def _unsubscribe_link(message: Message) -> str:
    kind = message.purpose if message.purpose in NOTICE_PURPOSES else ""
    return unsubscribe_link(brand_id=message.brand_id, address=message.to_address, kind=kind)


def _rendered(campaign: Campaign, message: Message, link: str) -> Rendered:
    return render(prepared_of(campaign), values=message.values, unsubscribe_link=link)
