"""Put a message row into the shape of an email. Reads rows; decides and writes nothing."""

from __future__ import annotations

from email.utils import formataddr, parseaddr
from functools import lru_cache

from django.conf import settings

from notifications.addresses import for_the_wire
from notifications.models import Campaign, Message
from notifications.rendering import Prepared, Rendered, render
from notifications.unsubscribe_links import unsubscribe_link
from notifications.wire import WireMail

METADATA_KEY = "message"  # under which a mail carries its public id through a delivery service
# Services that can't carry our own id along; they are told apart by theirs.
WITHOUT_METADATA = frozenset(
    {"anymail.backends.mailersend.EmailBackend", "anymail.backends.postal.EmailBackend"}
)


def prepared_of(campaign: Campaign) -> Prepared:
    """The campaign's mail as it was confirmed."""
    return Prepared(subject=campaign.subject, html=campaign.html, text=campaign.text)


def rendered(campaign: Campaign, message: Message) -> Rendered:
    """What this message says; the same before it is sent, as sent, and years later."""
    return _rendered(campaign, message, _unsubscribe_link(message))


def compose(campaign: Campaign, message: Message) -> WireMail:
    """The email, with the headers of RFC 8058 for unsubscribing by one click.

    Raises ValueError for a row that can't be made into one.
    """
    link = _unsubscribe_link(message)
    mail = _rendered(campaign, message, link)
    sender = _sender(settings.DEFAULT_FROM_EMAIL)
    email = WireMail(
        subject=mail.subject,
        body=mail.text,
        from_email=sender_line(campaign.from_name),
        to=[formataddr((message.to_name, for_the_wire(message.to_address)))],
        reply_to=[for_the_wire(campaign.reply_to)] if campaign.reply_to else None,
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
    """What stands in From: the brand's name before the address that all mails come from."""
    return formataddr((name, _sender(settings.DEFAULT_FROM_EMAIL)))


@lru_cache(maxsize=8)
def _sender(setting: str) -> str:
    return for_the_wire(parseaddr(setting)[1])


def _unsubscribe_link(message: Message) -> str:
    return unsubscribe_link(brand_id=message.brand_id, address=message.to_address)


def _rendered(campaign: Campaign, message: Message, link: str) -> Rendered:
    return render(prepared_of(campaign), values=message.values, unsubscribe_link=link)
