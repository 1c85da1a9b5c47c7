"""Keep mails that wait to be sent true while their members change.

A mail waits while its campaign is paused, while it is tried again, and until its turn comes.
Meanwhile its member can get another address or code, or be removed from the offer. A service that
changes such a thing calls a function of this module in the same transaction: so no mail goes to an
address, or names a code, that was replaced before it was sent. A worker that holds the mail loses
it; only what is being handed over to the mail server is still sent as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from core.db import update_rows
from notifications.mails import name_on_mail, prepared_of
from notifications.models import WAITING_STATES, Campaign, Message, MessageState, Purpose
from notifications.rendering import missing_values
from notifications.rendering.variables import printable
from notifications.selectors import suppressed_among

CHANGED = [
    "to_address", "to_name", "values", "state", "reason", "settled_at", "lease_token",
    "lease_until",
]  # fmt: skip


def cancel_waiting_mails(
    *,
    purposes: Collection[Purpose],
    reason: str,
    now: datetime,
    recipient: str | None = None,
    about: str | None = None,
    campaigns_about: str | None = None,
) -> None:
    """Cancel what waits to be sent for these purposes.

    To everybody, or to `recipient` ("member:55"), about "enrollment:12", or of the campaigns about
    "offer:3". `reason` is a sentence for staff.
    """
    mails = Message.objects.filter(purpose__in=purposes, state__in=WAITING_STATES)
    if recipient is not None:
        mails = mails.filter(recipient=recipient)
    if about is not None:
        mails = mails.filter(about=about)
    if campaigns_about is not None:
        mails = mails.filter(campaign__about=campaigns_about)
    # Locked in the sequence in which the others lock them.
    ids = list(mails.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    Message.objects.filter(pk__in=ids).update(
        state=MessageState.CANCELLED, reason=reason, settled_at=now
    )


def restate_waiting_mails(
    values: Mapping[str, Mapping[str, str]], *, reason: str, now: datetime
) -> None:
    """Give the mails that wait new values, by what they are about and by the variable's name.

    One that can't do without a value that is empty now is cancelled. `reason` is a sentence for
    staff.
    """
    mails = [
        mail
        for mail in _waiting(about__among=list(values))
        if not values[mail.about].items() <= mail.values.items()
    ]
    texts = Campaign.objects.in_bulk({mail.campaign_id for mail in mails})
    for mail in mails:
        new = {name: printable(value) for name, value in values[mail.about].items()}
        mail.values = {**mail.values, **new}
        if missing_values(prepared_of(texts[mail.campaign_id]), values=mail.values):
            _cancel(mail, reason, now)
    _save(mails)


def readdress_waiting_mails(
    *, recipient: str, address: str, name: str, first_name: str, now: datetime
) -> None:
    """Send what waits for this recipient to another address, or under another name.

    It is cancelled where the new address gets no mail, or got this one already.
    """
    name = name_on_mail(name)
    mails = _waiting(recipient=recipient)
    why_not = _why_not(address) if mails else ""
    of_address = Message.objects.filter(to_address__iexact=address).exclude(recipient=recipient)
    taken = set(
        of_address.filter(campaign__in={mail.campaign_id for mail in mails}).values_list(
            "campaign_id", flat=True
        )
    )
    for mail in mails:
        if why_not or mail.campaign_id in taken:
            _cancel(mail, why_not or "Another member has this mail at their new address.", now)
        else:
            mail.to_address, mail.to_name = address, name
            mail.values = {
                **mail.values,
                "first_name": printable(first_name),
                "full_name": printable(name),
            }
    _save(mails)


def _waiting(**about: object) -> list[Message]:
    """The mails that wait, locked."""
    mails = Message.objects.select_for_update(no_key=True).filter(state__in=WAITING_STATES)
    return list(mails.filter(**about).order_by("pk"))


def _why_not(address: str) -> str:
    """Why a mail can't go to this address; "" where it can."""
    if not address:
        return "The member has no address any more."
    return "Their new address is suppressed." if suppressed_among([address]) else ""


def _cancel(mail: Message, reason: str, now: datetime) -> None:
    mail.state, mail.reason, mail.settled_at = MessageState.CANCELLED, reason, now


def _save(mails: Sequence[Message]) -> None:
    """Save changed mails, and take them from a worker that holds them as they were."""
    for mail in mails:
        mail.lease_token = mail.lease_until = None
    update_rows(mails, CHANGED)
