"""The rate limit of the sending account, and which brand is served next.

All brands send through one account, whose service allows a number of mails per second. PostgreSQL
stores how much of that rate is used: a worker reserves mails by compare-and-swap before it sends
them. A worker that gets none postpones its campaign and does not sleep. The brand that was served
least recently is next, and of its campaigns the one served least recently, so a large campaign
delays nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, F, Max, OuterRef, QuerySet, Subquery

from core.jobs import unleased
from core.tenancy import across_brands
from notifications.models import (
    WAITING_STATES,
    Campaign,
    CampaignState,
    Message,
    SendingAccount,
)

ACCOUNT = "default"
MAX_BURST = timedelta(seconds=2)  # unused rate that is kept; longer than the time between sweeps


@dataclass(frozen=True, slots=True)
class Grant:
    """How many mails may be sent now, and when to ask again; None for at once."""

    mails: int
    ask_again_at: datetime | None


@dataclass(frozen=True, slots=True)
class NextCampaign:
    """The campaign to serve next."""

    brand_id: int
    campaign_id: int


def reserve(*, wanted: int, now: datetime) -> Grant:
    """Take up to `wanted` mails off the account's rate (EMAIL_RATE, a second; 0 for no limit).

    A connection for a few mails is not worth it: mails are granted once half a second's are free.
    """
    if not settings.EMAIL_RATE or not wanted:
        return Grant(wanted, None)
    each = timedelta(seconds=1 / settings.EMAIL_RATE)
    worth_it = min(wanted, max(1, int(settings.EMAIL_RATE / 2)))
    burst = max(MAX_BURST, each)
    while True:
        paid_until = _account(now - burst)
        start = max(paid_until, now - burst)
        granted = min(wanted, (now - start) // each)
        if granted < worth_it:
            return Grant(0, start + worth_it * each)
        swapped = SendingAccount.objects.filter(name=ACCOUNT, paid_until=paid_until).update(
            paid_until=start + granted * each
        )
        if swapped:
            return Grant(granted, start + (granted + worth_it) * each)


def next_campaign(*, now: datetime) -> NextCampaign | None:
    """The campaign with due messages that was served least recently; None when there is none."""
    with across_brands(reason="brands take turns at the one sending account"):
        first = _least_recently_served(now).values_list("brand_id", "pk").first()
    return None if first is None else NextCampaign(*first)


def note_served(*, campaign_id: int, now: datetime) -> None:
    """Record that the campaign was served now. Do not call it for a campaign that got no mails."""
    Campaign.objects.filter(pk=campaign_id).update(served_at=now)


def _least_recently_served(now: datetime) -> QuerySet[Campaign]:
    waiting = Message.objects.filter(
        campaign=OuterRef("pk"), state__in=WAITING_STATES, due_at__lte=now
    )
    of_brand = Campaign.objects.filter(brand=OuterRef("brand")).order_by().values("brand")
    return (
        Campaign.objects.filter(Exists(unleased(waiting, now=now)), state=CampaignState.SENDING)
        .annotate(brand_served_at=Subquery(of_brand.values(latest=Max("served_at"))))
        .order_by(
            F("brand_served_at").asc(nulls_first=True), F("served_at").asc(nulls_first=True), "pk"
        )
    )


def _account(otherwise: datetime) -> datetime:
    """The time up to which the account's rate is used."""
    row, _ = SendingAccount.objects.get_or_create(name=ACCOUNT, defaults={"paid_until": otherwise})
    return row.paid_until
