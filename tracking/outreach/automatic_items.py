"""Send members their Sales Tracking Items automatically, for brands that turned this on.

Members get them once, whether staff or this module sends them. The campaign's idempotency key is
derived from its recipients, and a campaign is refused if another one got some of them in the
meantime. So two sweeps at once send one mail per member.
"""

from __future__ import annotations

import logging
import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from accounts.actors import Actor
from accounts.models import Brand
from accounts.selectors import current_brand
from core.postgres.outages import defects_logged
from core.references import Reference
from core.tenancy import acting_for, current_brand_id
from notifications.brand_style import brand_style_of
from notifications.models import Campaign, CampaignState, Message, Purpose
from notifications.rendering import missing_values, prepare
from notifications.selectors import latest_campaign
from notifications.services import AudienceTakenError, Recipient, confirm_campaign
from offers.models import Enrollment, Offer
from tracking.outreach.audience import audience
from tracking.outreach.first_texts import FIRST_TEXTS, FirstText
from tracking.outreach.unsent_items import never_tried

PURPOSE = Purpose.SALES_TRACKING_ITEMS
RECENT = 100  # campaigns of an offer whose texts are looked at
MIN_PEOPLE = 2  # a text that fewer members got was written for one of them
_NAMESPACE = uuid.UUID("5b8f1c52-6f0e-4c39-9a38-0d1f6a1f7d0e")
logger = logging.getLogger(__name__)


def send_for_all_brands(*, now: datetime) -> list[int]:
    """Send waiting items in every brand that turned this on; return the campaigns' ids.

    A brand without a postal address sends none until it has one.
    """
    sent: list[int] = []
    brands = Brand.objects.filter(sends_items_automatically=True).exclude(postal_address="")
    for brand in brands.order_by("pk"):
        with acting_for(brand), defects_logged(logger, "items could not be sent"):
            sent += [campaign.pk for campaign in send_waiting_items(now=now)]
    return sent


def send_waiting_items(*, now: datetime) -> list[Campaign]:
    """Send items to the brand's members who never got them: one campaign per offer."""
    latest_seen = {
        offer_id: latest_campaign(purpose=PURPOSE, about=Reference.by_id(Offer, offer_id))
        for offer_id in never_tried().order_by().values_list("offer_id", flat=True).distinct()
    }
    waiting: dict[int, list[int]] = defaultdict(list)
    for offer_id, enrollment_id in never_tried().order_by("pk").values_list("offer_id", "pk"):
        waiting[offer_id].append(enrollment_id)
    offers = Offer.objects.in_bulk(latest_seen)
    sent: list[Campaign] = []
    for offer_id, enrollment_ids in waiting.items():
        if offer_id in offers:
            with defects_logged(logger, "items of offer %s could not be sent", offer_id):
                campaign = send_items(
                    offers[offer_id],
                    enrollment_ids,
                    latest_seen=latest_seen[offer_id],
                    by=Actor.system("automatic sending"),
                    now=now,
                )
                sent += [campaign] if campaign is not None else []
    return sent


def send_items(
    offer: Offer,
    enrollment_ids: Sequence[int],
    *,
    latest_seen: int,
    by: Actor,
    now: datetime,
    replaced: str = "",
) -> Campaign | None:
    """Confirm a campaign to those who can get it; return None if nobody can.

    With `replaced`, the new code that they got, it goes also to those who got their items before.
    """
    text = _text(offer)
    chosen = audience(
        purpose=PURPOSE,
        enrollments=Enrollment.objects.filter(pk__in=enrollment_ids),
        include_already_sent=bool(replaced),
        now=now,
    )
    people = _sendable(chosen.recipients, text)
    if not people:
        return None
    try:
        return confirm_campaign(
            purpose=PURPOSE,
            about=Reference.to(offer),
            title=offer.name,
            subject=text.subject,
            body=text.body,
            recipients=people,
            confirmation=_confirmation(offer.pk, people, replaced),
            by=by,
            now=now,
            latest_seen=latest_seen,
        )
    except AudienceTakenError:  # another campaign was first; the next sweep handles the rest
        return None


def _text(offer: Offer) -> FirstText:
    """Return the text that staff last sent to members of this offer, else the default text.

    One that was cancelled or paused does not count, nor one that a single member got, even twice.
    """
    sent = Campaign.objects.filter(purpose=PURPOSE, about=Reference.to(offer))
    rows = list(
        sent.filter(state__in=[CampaignState.SENDING, CampaignState.DONE])
        .order_by("-pk")
        .values_list("pk", "subject", "body", "recipients")[:RECENT]
    )
    to_one = [pk for pk, _, _, recipients in rows if recipients < MIN_PEOPLE]
    mails = Message.objects.filter(campaign__in=to_one)
    who = dict(mails.values_list("campaign_id", "recipient"))
    people: dict[FirstText, set[str]] = defaultdict(set)
    for pk, subject, body, recipients in rows:
        text = FirstText(subject, body)
        people[text].add(who.get(pk, ""))
        if recipients >= MIN_PEOPLE or len(people[text]) >= MIN_PEOPLE:
            return text
    return FIRST_TEXTS[PURPOSE]


def _sendable(recipients: Sequence[Recipient], text: FirstText) -> list[Recipient]:
    """Return the recipients with a value for every variable in the text."""
    brand = current_brand()
    mail = prepare(subject=text.subject, body=text.body, style=brand_style_of(brand))
    return [one for one in recipients if not missing_values(mail, values=one.values)]


def _confirmation(offer_id: int, people: Sequence[Recipient], replaced: str) -> uuid.UUID:
    """Return the same idempotency key for the same recipients and the same new code."""
    names = ",".join(sorted(one.about for one in people))
    return uuid.uuid5(_NAMESPACE, f"{current_brand_id()} {offer_id} {names}{replaced}")
