"""Remove a person's data from the mails they got. What was sent, when and its state stay."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat

from notifications.erased import DOMAIN
from notifications.models import (
    WAITING_STATES,
    Campaign,
    Message,
    MessageState,
    ProviderEvent,
    Purpose,
)

# What replaces a value, so that an old mail can still be read.
PLACEHOLDERS = {"first_name": "Deleted", "full_name": "Deleted member", "dashboard_link": None}


def erase_correspondence(
    *, recipient: str, name: str, earlier_names: Collection[str], now: datetime
) -> None:
    """Replace address and values in every mail to `recipient` ("member:55"); cancel what waits.

    Also in the mails by which staff tried a text on the example of one of the `earlier_names`. Call
    it in the transaction that erases the person. `name` replaces theirs.
    """
    mails = Message.objects.filter(recipient=recipient)
    mails.filter(state__in=WAITING_STATES).update(
        state=MessageState.CANCELLED, settled_at=now, lease_token=None, lease_until=None
    )
    ProviderEvent.objects.filter(message__in=mails.values("pk")).update(detail="")
    answers = mails.filter(purpose=Purpose.QUESTION_ANSWERED)
    Campaign.objects.filter(pk__in=answers.values("campaign")).update(title=f"Answer to {name}")
    tests = Message.objects.filter(
        purpose=Purpose.TEST, values__full_name__in=sorted(earlier_names)
    )
    for message in [*mails.only("values"), *tests.only("values")]:
        values = {
            key: PLACEHOLDERS.get(key, value) if value else value
            for key, value in message.values.items()
        }
        Message.objects.filter(pk=message.pk).update(values=values)
    nowhere = Concat(Value("deleted-"), Cast("pk", CharField()), Value(f"@{DOMAIN}"))
    mails.update(to_name=name, reason="", to_address=nowhere)
