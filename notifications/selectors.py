"""Read campaigns, messages and suppressions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Lower

from core.kept_queries import kept_query
from notifications.erased import forms_of, is_erased_form
from notifications.models import (
    LIVE_STATES,
    NOTICE_PURPOSES,
    REACHED_STATES,
    TERMINAL_STATES,
    Campaign,
    EmailTemplate,
    Message,
    MessageState,
    Purpose,
    Suppression,
)

MAX_LISTED_ADDRESSES = 1_000
NOT_REACHED = frozenset(
    {MessageState.FAILED, MessageState.BOUNCED, MessageState.CANCELLED, MessageState.UNKNOWN}
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many messages of a campaign are in each state; absent states have none."""

    of: Mapping[str, int] = field(default_factory=dict)

    def among(self, states: Iterable[str]) -> int:
        return sum(self.of.get(state, 0) for state in states)

    @property
    def total(self) -> int:
        return sum(self.of.values())

    @property
    def waiting(self) -> int:
        """Neither sent nor failed yet: waiting, being sent, or to be tried again."""
        return self.among(LIVE_STATES)

    @property
    def settled(self) -> int:
        return self.among(TERMINAL_STATES)

    @property
    def reached(self) -> int:
        """Taken by the mail server, as far as is known."""
        return self.among(REACHED_STATES)

    @property
    def failed(self) -> int:
        return self.among({MessageState.FAILED, MessageState.BOUNCED})

    @property
    def delivered(self) -> int:
        """Put into the mailbox, where the delivery service reports that. Part of `reached`."""
        return self.of.get(MessageState.DELIVERED, 0)

    @property
    def bounced(self) -> int:
        return self.of.get(MessageState.BOUNCED, 0)

    @property
    def refused(self) -> int:
        """Failed for another reason than a bounce."""
        return self.of.get(MessageState.FAILED, 0)

    @property
    def unknown(self) -> int:
        return self.of.get(MessageState.UNKNOWN, 0)

    @property
    def left_out(self) -> int:
        """Suppressed after confirmation, or cancelled before they were sent."""
        return self.among({MessageState.SUPPRESSED, MessageState.CANCELLED})


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """One line of the list of campaigns."""

    campaign: Campaign
    counts: Counts


@dataclass(frozen=True, slots=True)
class MessageStatus:
    """The state of the latest message about something."""

    message_id: int
    state: MessageState
    at: datetime | None  # when the state became final
    reason: str

    @property
    def is_sent(self) -> bool:
        return self.state in REACHED_STATES

    @property
    def is_under_way(self) -> bool:
        return self.state in LIVE_STATES

    @property
    def is_failed(self) -> bool:
        return not (self.is_sent or self.is_under_way)


def campaigns(*, search: str = "", purpose: str = "", state: str = "") -> QuerySet[Campaign]:
    """The brand's bulk sends, newest first, without test mails.

    Mails that were sent automatically to one member are listed only by their purpose.
    """
    rows = Campaign.objects.exclude(purpose=Purpose.TEST)
    if not purpose:
        rows = rows.exclude(purpose__in=NOTICE_PURPOSES)
    if search:
        rows = rows.filter(Q(title__icontains=search) | Q(subject__icontains=search))
    if purpose:
        rows = rows.filter(purpose=purpose)
    if state:
        rows = rows.filter(state=state)
    return rows.order_by("-confirmed_at", "-id")


def with_counts(rows: Iterable[Campaign]) -> list[CampaignRow]:
    """The campaigns with their counts, in one query for all."""
    listed = list(rows)
    counts = counts_of([campaign.pk for campaign in listed])
    return [CampaignRow(campaign, counts[campaign.pk]) for campaign in listed]


def counts_of(campaign_ids: Iterable[int]) -> dict[int, Counts]:
    """The messages of each campaign by state."""
    found: dict[int, Counter[str]] = {pk: Counter() for pk in campaign_ids}
    for pk, state, number in _messages_by_state(campaign_ids=list(found)):
        found[pk][state] = number
    return {pk: Counts(counter) for pk, counter in found.items()}


@kept_query
def _messages_by_state(*, campaign_ids: list[int]) -> QuerySet[Message, Any]:
    rows = Message.objects.filter(campaign__in=campaign_ids).order_by()
    return rows.values_list("campaign_id", "state").annotate(Count("pk"))


def report(campaign: Campaign, *, search: str = "", state: str = "") -> QuerySet[Message]:
    """One row per recipient, in the order they were confirmed."""
    rows = Message.objects.filter(campaign=campaign)
    if search:
        rows = rows.filter(Q(to_address__icontains=search) | Q(to_name__icontains=search))
    if state:
        rows = rows.filter(state=state)
    return rows.order_by("id")


def not_reached(campaign: Campaign) -> QuerySet[Message]:
    """Recipients who did not get this campaign, or perhaps did not."""
    return Message.objects.filter(campaign=campaign, state__in=NOT_REACHED).order_by("id")


def messages_to(
    recipient: str, *, search: str = "", purpose: str = "", state: str = ""
) -> QuerySet[Message]:
    """Every mail to one person ("member:55"), newest first; `search` looks in title and address."""
    rows = Message.objects.filter(recipient=recipient)
    if search:
        rows = rows.filter(Q(campaign__title__icontains=search) | Q(to_address__icontains=search))
    return _mails(rows, purpose=purpose, state=state)


def messages_by_address(search: str, *, purpose: str = "", state: str = "") -> QuerySet[Message]:
    """Every mail to addresses that contain `search`, newest first, without test mails."""
    rows = Message.objects.filter(to_address__icontains=search).exclude(purpose=Purpose.TEST)
    return _mails(rows, purpose=purpose, state=state)


def _mails(rows: QuerySet[Message], *, purpose: str, state: str) -> QuerySet[Message]:
    if purpose:
        rows = rows.filter(purpose=purpose)
    if state:
        rows = rows.filter(state=state)
    return rows.select_related("campaign").order_by("-id")


def latest_by_about(
    *, purpose: str, abouts: Iterable[str], perhaps_reached: bool = False
) -> dict[str, MessageStatus]:
    """The newest message about each thing ("enrollment:123"); what has none is left out.

    `perhaps_reached` ignores messages that the person certainly did not get.
    """
    found = Message.objects.perhaps_reached() if perhaps_reached else Message.objects.all()
    rows = (
        found.filter(purpose=purpose, about__in=list(abouts))
        .order_by("about", "-id")
        .distinct("about")
    )
    return {
        about: MessageStatus(pk, MessageState(state), at, reason)
        for about, pk, state, at, reason in rows.values_list(
            "about", "pk", "state", "settled_at", "reason"
        )
    }


@dataclass(frozen=True, slots=True)
class SentAlready:
    """The newest campaign with the same text, and how many of the people got one of them."""

    campaign: Campaign
    people: int


def sent_already(
    *, about: str, subject: str, text: str, recipients: Iterable[str]
) -> SentAlready | None:
    """Return to how many of these people the same mail about the same thing went already.

    `text` is the prepared plain text, as another editor may have written the same in other HTML.
    """
    alike = Campaign.objects.filter(about=about, subject=subject, text=text)
    rows = Message.objects.perhaps_reached().filter(campaign__in=alike)
    found = dict(rows.order_by("campaign").values_list("recipient", "campaign"))
    again = [found[one] for one in recipients if one in found]
    if not again:
        return None
    return SentAlready(Campaign.objects.get(pk=max(again)), len(again))


def latest_campaign(*, purpose: str, about: str) -> int:
    """The newest campaign of this purpose about this thing; 0 for none."""
    rows = Campaign.objects.filter(purpose=purpose, about=about).order_by("-id")
    return rows.values_list("pk", flat=True).first() or 0


def suppressions(*, search: str = "", reason: str = "") -> QuerySet[Suppression]:
    """The brand's suppressed addresses, newest first."""
    rows = Suppression.objects.all()
    if search:
        rows = rows.filter(address__icontains=search)
    if reason:
        rows = rows.filter(reason=reason)
    return rows.order_by("-since", "-id")


def suppressed_among(addresses: Iterable[str]) -> dict[str, str]:
    """Those of `addresses` that get no mail, in lower case, with the reason.

    A few addresses are looked up one by one; for many, reading the whole list is cheaper.
    """
    wanted = {address.lower() for address in addresses if address}
    is_short = len(wanted) <= MAX_LISTED_ADDRESSES
    forms = sorted({form for one in wanted for form in forms_of(one)}) if is_short else None
    found = dict(_suppressed(forms=forms))
    has_erased = any(is_erased_form(plain) for plain in found)
    return {
        one: found[form]
        for one in wanted
        for form in (forms_of(one) if has_erased else (one,))
        if form in found
    }


@kept_query
def _suppressed(*, forms: list[str] | None) -> QuerySet[Suppression, Any]:
    rows = Suppression.objects.annotate(plain=Lower("address"))
    rows = rows if forms is None else rows.filter(plain__in=forms)
    return rows.values_list("plain", "reason")


def saved_templates(purpose: str) -> QuerySet[EmailTemplate]:
    """The brand's saved templates for this purpose, by name."""
    return EmailTemplate.objects.filter(purpose=purpose).order_by("name")


def template_named(name: str, *, purpose: str) -> EmailTemplate | None:
    """The brand's template with this name, in upper or lower case."""
    return EmailTemplate.objects.filter(purpose=purpose, name__iexact=name).first()
