"""A mail while it is being written: to whom, about which offer, confirmed under which key.

The page carries it from step to step. What a preview frame shows is kept for a day, for the person
who writes it; losing it costs nothing but going back one step.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.db.models import Q
from django.http import Http404, QueryDict

from accounts.models import Brand, User
from affiliates.models import Segment
from affiliates.segments import segments
from brand_admin.emails.starting import WRITTEN
from brand_admin.listing.listing import list_of_reference
from brand_admin.pages import id_in
from brand_admin.segments import SEGMENT, choice_of, in_segment
from core.references import Reference
from notifications.brand_style import brand_style_of
from notifications.models import Purpose
from notifications.rendering import VARIABLES, Prepared, Values, prepare
from notifications.selectors import latest_campaign
from offers.models import Enrollment, Offer
from tracking.outreach.audience import Audience, audience

KEPT = 24 * 3600  # seconds
TITLES: dict[str, str] = {
    Purpose.SALES_TRACKING_ITEMS: "Send Sales Tracking Items",
    Purpose.EMAIL_MEMBERS: "Email Members",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """`selected` are enrollments of the offer; none means everybody active in it. With `rows` they
    are all that a list shows, looked up anew at each step.

    `started` is the key of the text that it began with.
    """

    purpose: str
    offer: Offer
    selected: tuple[int, ...]
    include_already_sent: bool
    confirmation: uuid.UUID
    latest_seen: int
    back: str
    started: str = WRITTEN
    rows: str = ""  # a brand_admin.listing.listing.Listing.reference
    segment: Segment | None = None  # only its members get the mail
    segment_gone: str = ""  # the number of one that was deleted meanwhile: nobody gets it

    @property
    def title(self) -> str:
        return TITLES[self.purpose]

    @property
    def about(self) -> str:
        return Reference.to(self.offer)

    def audience(self, brand: Brand, *, now: datetime) -> Audience:
        """Who gets it and who doesn't."""
        everybody = Enrollment.objects.filter(offer=self.offer)
        if self.rows:
            chosen = everybody.filter(_in_list(self.rows, brand))
        elif self.selected:
            chosen = everybody.filter(pk__in=self.selected)
        else:
            chosen = everybody.not_removed()
        if self.segment is not None:
            within = choice_of(self.segment.query)
            chosen = chosen.filter(in_segment(within, member="member"))
        elif self.segment_gone:
            chosen = chosen.none()
        return audience(
            purpose=self.purpose,
            enrollments=chosen,
            include_already_sent=self.include_already_sent,
            now=now,
        )


def _in_list(rows: str, brand: Brand) -> Q:
    """Those that a list shows now. Raises Http404 for a list of neither enrollments nor members."""
    listing = list_of_reference(rows, brand=brand)
    if listing.rows_are_members:
        return Q(member__in=listing.all_member_ids())
    if not listing.rows_are_enrollments:
        raise Http404
    return Q(pk__in=listing.all_ids())


def with_gaps_named(values: Values, missing: Iterable[str]) -> dict[str, str | None]:
    """The values with each gap filled by its own name, to be looked at and never to be sent."""
    named = {
        name: f"https://{name}.invalid" if VARIABLES[name].is_link else f"[{name} is missing]"
        for name in missing
    }
    return {**values, **named}


def prepared_for(brand: Brand, text: Mapping[str, str]) -> Prepared:
    """The written mail in the brand's layout. Raises TemplateError."""
    style = brand_style_of(brand)
    return prepare(subject=text["subject"], body=text["body"], style=style)


def read_draft(data: QueryDict, *, back: str) -> Draft:
    """The draft that a request carries, or a new one. Raises Http404 for what does not exist."""
    purpose, offer_id = data.get("purpose", ""), id_in(data.get("offer", ""))
    if purpose not in TITLES or offer_id is None:
        raise Http404
    offer = Offer.objects.filter(pk=offer_id).first()
    if offer is None:
        raise Http404
    seen, selected = id_in(data.get("latest_seen", "")), data.getlist("selected")
    chosen = [pk for text in selected if (pk := id_in(text)) is not None]
    if selected and not chosen:
        raise Http404  # without any, everybody in the offer would get the mail
    only = data.get(SEGMENT, "")
    segment = next((one for one in segments() if str(one.pk) == only), None)
    return Draft(
        purpose=purpose,
        offer=offer,
        selected=tuple(chosen),
        include_already_sent="include_already_sent" in data,
        confirmation=_uuid(data.get("confirmation", "")),
        latest_seen=(
            seen
            if seen is not None
            else latest_campaign(purpose=purpose, about=Reference.to(offer))
        ),
        back=back,
        started=data.get("started", WRITTEN),
        rows=data.get("rows", ""),
        segment=segment,
        segment_gone="" if segment else only,
    )


def keep_text(user: User, draft: Draft, text: Mapping[str, str]) -> None:
    """Keep what is being previewed, for the frame that shows it."""
    kept = {"subject": text["subject"], "body": text["body"], "offer": draft.offer.pk}
    cache.set(_key(user, draft.confirmation), kept, KEPT)


def kept_text(user: User, confirmation: uuid.UUID) -> dict[str, str] | None:
    """What `keep_text` kept; None when it is gone."""
    kept: dict[str, str] | None = cache.get(_key(user, confirmation))
    return kept


def _key(user: User, confirmation: uuid.UUID) -> str:
    return f"email-draft:{user.pk}:{confirmation}"


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.uuid4()
