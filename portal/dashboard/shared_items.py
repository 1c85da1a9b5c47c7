"""What the member can share: code, tracking link and deep links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from offers.models import Enrollment, Offer
from portal.dashboard.enrollment_state import state_of_enrollment
from tracking.links.items import deep_links_of, has_deep_links, link_url, own_items
from tracking.models import PromoCode, TrackingLink


@dataclass(frozen=True, slots=True)
class Shared:
    """A code or link as shown on the page. `is_in_use`: it is active."""

    slug: str
    url: str
    shown: str
    is_in_use: bool
    destination: str = ""


@dataclass(frozen=True, slots=True)
class SharedItems:
    """Code and link, None if never given; whether deep links are allowed, and exist."""

    code: Shared | None
    link: Shared | None
    can_make: bool
    has_made: bool

    @property
    def link_is_first(self) -> bool:
        """Whether the link is shown first, because the member has no active code."""
        return self.code is None or not self.code.is_in_use


def shared(enrollment: Enrollment) -> SharedItems:
    """Return the active code and link, else those that were active last. Three queries."""
    items = own_items(enrollment.pk)
    offer = enrollment.offer
    return SharedItems(
        code=_code(items.promo_code) if items.promo_code else None,
        link=_link(items.tracking_link) if items.tracking_link else None,
        can_make=_allows_links(offer),
        has_made=has_deep_links(enrollment.pk),
    )


def can_make_links(enrollment: Enrollment, *, now: datetime) -> bool:
    """Return whether the member may make deep links, and clicks on them count now."""
    return _allows_links(enrollment.offer) and state_of_enrollment(enrollment, now=now).counts


def _allows_links(offer: Offer) -> bool:
    return offer.gives_links and offer.deep_links_allowed


def deep_links(enrollment: Enrollment) -> list[Shared]:
    """Return the member's deep links, newest first."""
    return [_link(row) for row in deep_links_of(enrollment_id=enrollment.pk)]


def shareable_link(enrollment: Enrollment, slug: str) -> Shared | None:
    """Return the deep link with that slug, or with "" the member's link; None if not active."""
    if slug:
        return next((link for link in deep_links(enrollment) if link.slug == slug), None)
    link = own_items(enrollment.pk).tracking_link
    return _link(link) if link is not None and link.is_in_use else None


def _code(row: PromoCode) -> Shared:
    return Shared(row.code, "", row.code, row.is_in_use)


def _link(row: TrackingLink) -> Shared:
    url = link_url(row.slug)
    return Shared(
        slug=row.slug,
        url=url,
        shown=_without_scheme(url),
        is_in_use=row.is_in_use,
        destination=_without_scheme(row.destination_url),
    )


def _without_scheme(url: str) -> str:
    return url.partition("://")[2] or url
