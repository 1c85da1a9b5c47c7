"""What the member shares: the code, the link, deep links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from offers.models import Enrollment, Offer
from portal.dashboard.standing import standing_of
from tracking.links.items import deep_links_of, link_url, own_items
from tracking.models import PromoCode, TrackingLink


@dataclass(frozen=True, slots=True)
class Shared:
    """A code or link as it is shown. `is_in_use`: it isn't one that was taken back."""

    slug: str
    url: str
    shown: str
    is_in_use: bool
    destination: str = ""


@dataclass(frozen=True, slots=True)
class SharedItems:
    """None: never given. `can_make`: deep links are allowed; `has_made`: there are some."""

    code: Shared | None
    link: Shared | None
    can_make: bool
    has_made: bool

    @property
    def link_is_first(self) -> bool:
        """Whether the link is what the member would copy: there is no code, or none in use."""
        return self.code is None or not self.code.is_in_use


def shared(enrollment: Enrollment) -> SharedItems:
    """The code and the link in use, else those that were used last. Three queries."""
    items = own_items(enrollment.pk)
    offer = enrollment.offer
    return SharedItems(
        code=_code(items.promo_code) if items.promo_code else None,
        link=_link(items.tracking_link) if items.tracking_link else None,
        can_make=_allows_links(offer),
        has_made=deep_links_of(enrollment.pk).exists(),
    )


def can_make_links(enrollment: Enrollment, *, now: datetime) -> bool:
    """Whether a new deep link would be made, and would count."""
    return _allows_links(enrollment.offer) and standing_of(enrollment, now=now).counts


def _allows_links(offer: Offer) -> bool:
    return offer.gives_links and offer.deep_links_allowed


def deep_links(enrollment: Enrollment) -> list[Shared]:
    """The member's deep links, newest first."""
    return [_link(row) for row in deep_links_of(enrollment.pk)]


def shareable_link(enrollment: Enrollment, slug: str) -> Shared | None:
    """The deep link of that slug, or without one the member's link; None unless it is in use."""
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
