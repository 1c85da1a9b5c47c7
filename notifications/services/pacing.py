"""How fast the sending account may be used, and which brand is next.

All brands send through one account, whose service allows so many mails a second. PostgreSQL holds
how far that rate is used up: a worker reserves mails by compare-and-swap before it sends them, and
one that gets none postpones its campaign until some are free, and does not sleep. The brand that
was served least recently goes next, then its campaign that was, so a large send delays nobody.
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
DEPTH = timedelta(seconds=2)  # what an idle account saves up; longer than two sweeps lie apart


@dataclass(frozen=True, slots=True)
class Grant:
    """How many mails may be sent now, and when to ask again; None for at once."""

    mails: int
    ask_again_at: datetime | None


@dataclass(frozen=True, slots=True)
class NextCampaign:
    """The campaign that is next."""

    brand_id: int
    campaign_id: int


def reserve(*, wanted: int, now: datetime) -> Grant:
    """Take up to `wanted` mails off the account's rate (EMAIL_RATE, a second; 0 for no limit).

    A small rest is not worth a connection: then none are granted until half a second's are there.
    """
    if not settings.EMAIL_RATE or not wanted:
        return Grant(wanted, None)
    each = timedelta(seconds=1 / settings.EMAIL_RATE)
    worth_it = min(wanted, max(1, int(settings.EMAIL_RATE / 2)))
    depth = max(DEPTH, each)
    while True:
        paid_until = _account(now - depth)
        start = max(paid_until, now - depth)
        granted = min(wanted, (now - start) // each)
        if granted < worth_it:
            return Grant(0, start + worth_it * each)
        swapped = SendingAccount.objects.filter(name=ACCOUNT, paid_until=paid_until).update(
            paid_until=start + granted * each
        )
        if swapped:
            return Grant(granted, start + (granted + worth_it) * each)


def next_campaign(*, now: datetime) -> NextCampaign | None:
    """The campaign with something due that was served longest ago; None when there is none."""
    with across_brands(reason="brands take turns at the one sending account"):
        first = _least_recently_served(now).values_list("brand_id", "pk").first()
    return None if first is None else NextCampaign(*first)


def note_served(*, campaign_id: int, now: datetime) -> None:
    """The campaign was served now. One that got nothing was not, and stays where it is."""
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
    """Up to when the account's rate is used up."""
    row, _ = SendingAccount.objects.get_or_create(name=ACCOUNT, defaults={"paid_until": otherwise})
    return row.paid_until
