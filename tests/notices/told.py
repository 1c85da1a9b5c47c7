"""Helpers of the tests of notices: let the worker work, and read what it mailed."""

from __future__ import annotations

from datetime import datetime

from core.tenancy import across_brands
from notices.models import Notice
from notices.reading import read_outbox
from notices.sending import send_due
from notifications.mails import rendered
from notifications.models import NOTICE_PURPOSES, Message
from notifications.rendering import Rendered
from tests.cast import NOW


def sweep(now: datetime = NOW) -> None:
    """Do what the task does every few seconds."""
    read_outbox(now=now)
    send_due(now=now)


def mails() -> list[tuple[str, str, str]]:
    """Purpose, address and subject of each automatic mail, in the order they were made."""
    with across_brands(reason="a test reads what every brand sent"):
        rows = Message.objects.filter(purpose__in=NOTICE_PURPOSES).select_related("campaign")
        return [
            (row.purpose, row.to_address, rendered(row.campaign, row).subject)
            for row in rows.order_by("pk")
        ]


def only_mail() -> Rendered:
    """The one automatic mail, as it goes out."""
    with across_brands(reason="a test reads what every brand sent"):
        row = Message.objects.select_related("campaign").get(purpose__in=NOTICE_PURPOSES)
        return rendered(row.campaign, row)


def reasons() -> list[str]:
    """Why notices were settled without a mail."""
    with across_brands(reason="a test reads what every brand settled"):
        found = Notice.objects.exclude(reason="").order_by("pk")
        return list(found.values_list("reason", flat=True))
