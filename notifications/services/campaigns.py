"""Confirm a campaign once; pause, resume or cancel it."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.models import User
from accounts.selectors import current_brand
from core.db import copy_rows, lock_identities
from core.text import one_line
from notifications.brand_style import brand_style_of
from notifications.email_addresses import is_address
from notifications.mails import name_on_mail
from notifications.models import (
    NOTICE_PURPOSES,
    WAITING_STATES,
    Campaign,
    CampaignState,
    Message,
    MessageState,
    Purpose,
)
from notifications.queue import enqueue
from notifications.rendering import VARIABLES, Prepared, missing_values, prepare
from notifications.rendering.variables import printable

_COLUMNS = (
    "brand_id",
    "public_id",
    "campaign_id",
    "recipient",
    "about",
    "purpose",
    "to_address",
    "to_name",
    "values",
    "state",
    "attempts",
    "due_at",
    "reason",
    "provider_id",
    "settled_at",
)
NO_MAIL_IN_TEST_MODE = "Test mode: no mail is sent."


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person to write to. `values` holds the variables' values; None means "does not apply"."""

    recipient: str  # "member:55"
    about: str  # "enrollment:123"
    to_address: str
    to_name: str
    values: Mapping[str, str | None]


class RecipientsError(ValueError):
    """There are no recipients, or one of them can't get the mail; the text says who and why."""


class ConfirmedOtherwiseError(RecipientsError):
    """The confirmation stands for another mail, which was sent."""


class PostalAddressMissingError(ValueError):
    """The brand has no postal address, and a mail that staff send to many must have one."""


class AudienceTakenError(Exception):
    """Somebody confirmed `campaign` to some of the same people after this one's page was opened."""

    def __init__(self, campaign: Campaign) -> None:
        super().__init__(
            f"{campaign.confirmed_by} sent “{campaign.title}” to some of these members meanwhile"
        )
        self.campaign = campaign


@transaction.atomic
def confirm_campaign(
    *,
    purpose: Purpose,
    about: str,
    title: str,
    subject: str,
    body: str,
    recipients: Sequence[Recipient],
    confirmation: uuid.UUID,
    by: Actor,
    now: datetime,
    latest_seen: int | None = None,
    is_written: bool = False,
) -> Campaign:
    """Freeze a send and everyone in it; the same `confirmation` again returns the same campaign.

    `latest_seen` is the newest campaign of this purpose about the same thing that the sender knew
    of (0 for none): a newer one to any of these people raises AudienceTakenError. One that
    staff have written, `is_written`, needs a postal address of the brand (else it raises
    PostalAddressMissingError), and a confirmation that stands for no other text and nobody else
    (ConfirmedOtherwiseError). Raises TemplateError and RecipientsError too. Nothing is written
    then.

    A test brand sends nothing: its campaign is done at once, and every message suppressed.
    """
    brand = current_brand()
    lock_identities(
        [f"confirmation {brand.pk} {confirmation}", f"campaign {brand.pk} {purpose} {about}"]
    )
    earlier = Campaign.objects.filter(confirmation=confirmation).first()
    if earlier is not None:
        if is_written and not _is_same(earlier, subject, body, recipients):
            raise ConfirmedOtherwiseError(
                "this was confirmed already, and another mail was sent: begin again, to send this"
            )
        return earlier
    if is_written and brand.lacks_postal_address:
        raise PostalAddressMissingError
    prepared = prepare(subject=subject, body=body, style=brand_style_of(brand))
    _check(recipients, prepared)
    if latest_seen is not None:
        _refuse_taken(recipients, purpose=purpose, about=about, latest_seen=latest_seen)
    campaign = Campaign.objects.create(
        purpose=purpose,
        about=about,
        title=title[:200],
        subject=prepared.subject,
        body=body,
        html=prepared.html,
        text=prepared.text,
        from_name=one_line(brand.sender_name or brand.name),
        reply_to=brand.reply_to or _address_of(by),
        confirmation=confirmation,
        state=CampaignState.DONE if brand.is_test else CampaignState.SENDING,
        finished_at=now if brand.is_test else None,
        recipients=len(recipients),
        confirmed_by=by.label[:200],
        confirmed_at=now,
    )
    rows = _rows(campaign, recipients, now, is_sent=not brand.is_test)
    copy_rows(table=Message._meta.db_table, columns=_COLUMNS, rows=rows)
    if purpose not in NOTICE_PURPOSES:
        audit.record(
            action="campaign.confirmed", target=campaign, by=by, now=now, recipients=len(recipients)
        )
    if not brand.is_test:
        enqueue(campaign_id=campaign.pk, now=now)
    return campaign


def _is_same(campaign: Campaign, subject: str, body: str, recipients: Iterable[Recipient]) -> bool:
    """Whether the campaign is this mail, and nobody of these is left out of it."""
    stated = prepare(subject=subject, body=body, style=brand_style_of(current_brand()))
    if (campaign.subject, campaign.body) != (stated.subject, body):
        return False
    reached = Message.objects.filter(campaign=campaign).values_list("recipient", flat=True)
    return {one.recipient for one in recipients} <= set(reached)


@transaction.atomic
def pause_campaign(*, campaign: Campaign, by: Actor, now: datetime) -> bool:
    """Send nothing more until resumed; a mail that is being submitted is still sent."""
    return _move(campaign, CampaignState.SENDING, CampaignState.PAUSED, by=by, now=now)


@transaction.atomic
def resume_campaign(*, campaign: Campaign, by: Actor, now: datetime) -> bool:
    """Continue a paused campaign."""
    moved = _move(campaign, CampaignState.PAUSED, CampaignState.SENDING, by=by, now=now)
    if moved:
        enqueue(campaign_id=campaign.pk, now=now)
    return moved


@transaction.atomic
def cancel_campaign(*, campaign: Campaign, by: Actor, now: datetime) -> bool:
    """End a campaign for good: its waiting messages are never sent."""
    moved = _move(campaign, CampaignState.SENDING, CampaignState.CANCELLED, by=by, now=now)
    moved = moved or _move(campaign, CampaignState.PAUSED, CampaignState.CANCELLED, by=by, now=now)
    if moved:
        Message.objects.filter(campaign=campaign, state__in=WAITING_STATES).update(
            state=MessageState.CANCELLED, reason="The campaign was cancelled.", settled_at=now
        )
        Campaign.objects.filter(pk=campaign.pk).update(finished_at=now)
    return moved


def _move(
    campaign: Campaign, old: CampaignState, new: CampaignState, *, by: Actor, now: datetime
) -> bool:
    moved = Campaign.objects.filter(pk=campaign.pk, state=old).update(state=new, queue_token=None)
    if moved:
        campaign.state = new
        audit.record(action=f"campaign.{new.value}", target=campaign, by=by, now=now)
    return bool(moved)


def _check(recipients: Sequence[Recipient], prepared: Prepared) -> None:
    if not recipients:
        raise RecipientsError("There is nobody to send to.")
    for one in recipients:
        if not is_address(one.to_address):
            what = f"“{one.to_address}” is not an address" if one.to_address else "has no address"
            raise RecipientsError(f"{one.to_name or one.recipient}: {what}.")
        missing = missing_values(prepared, values=one.values)
        if missing:
            raise RecipientsError(f"{one.to_address} has no {', '.join(missing)}.")
    address, times = Counter(one.to_address.lower() for one in recipients).most_common(1)[0]
    if times > 1:
        raise RecipientsError(f"{address} would get this mail {times} times.")


def _refuse_taken(
    recipients: Sequence[Recipient], *, purpose: Purpose, about: str, latest_seen: int
) -> None:
    newer = Campaign.objects.filter(purpose=purpose, about=about, pk__gt=latest_seen)
    for campaign in newer.exclude(state=CampaignState.CANCELLED):
        names = [one.recipient for one in recipients]
        if Message.objects.filter(campaign=campaign, recipient__in=names).exists():
            raise AudienceTakenError(campaign)


def _rows(
    campaign: Campaign, recipients: Sequence[Recipient], now: datetime, *, is_sent: bool
) -> Iterator[tuple[object, ...]]:
    state = MessageState.PENDING if is_sent else MessageState.SUPPRESSED
    reason = "" if is_sent else NO_MAIL_IN_TEST_MODE
    for one in recipients:
        values = {
            name: value if value is None else printable(value)
            for name, value in one.values.items()
            if name in VARIABLES
        }
        yield (
            campaign.brand_id,
            uuid.uuid4(),
            campaign.pk,
            one.recipient,
            one.about,
            campaign.purpose,
            one.to_address,
            name_on_mail(one.to_name),
            json.dumps(values),
            state.value,
            0,
            now,
            reason,
            "",
            None if is_sent else now,
        )


def _address_of(by: Actor) -> str:
    user = User.objects.filter(pk=by.user_id).first() if by.user_id else None
    return user.email if user else ""
