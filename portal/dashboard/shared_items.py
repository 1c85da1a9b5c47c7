"""What the member can share: code, tracking link and deep links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Brand
from offers.models import Enrollment, Offer
from portal.dashboard.enrollment_state import state_of_enrollment
from portal.dashboard.share_text import share_text
from tracking.links.items import (
    deep_links_of,
    has_deep_links,
    link_url,
    own_items,
    without_scheme,
)
from tracking.links.sub_ids import with_sub_ids
from tracking.models import PromoCode, TrackingLink


@dataclass(frozen=True, slots=True)
class Shared:
    """A code or link as shown on the page. `is_in_use`: it is active."""

    slug: str
    url: str
    shown: str
    is_in_use: bool
    destination: str = ""
    label: str = ""
    places: str = ""
    share_text: str = ""  # of a link

    @property
    def named(self) -> str:
        """What tells it apart: its name, else the page that it leads to."""
        return self.label or self.destination

    @property
    def query(self) -> str:
        """The query of the pages about its QR code."""
        chosen = [f"link={self.slug}"] if self.destination else []
        return f"?{query}" if (query := "&".join([*chosen, *filter(None, [self.places])])) else ""


@dataclass(frozen=True, slots=True)
class SharedItems:
    """Code and link, None if never given; whether deep links are allowed, and exist.

    `earlier_code` was replaced, and orders with it count until `earlier_code_until`. `share_text`
    has the code and the link that are in use.
    """

    code: Shared | None
    earlier_code: str
    earlier_code_until: datetime | None
    link: Shared | None
    can_make: bool
    has_made: bool
    share_text: str

    @property
    def link_is_first(self) -> bool:
        """Whether the link is shown first, because the member has no active code."""
        return self.code is None or not self.code.is_in_use


def shared(enrollment: Enrollment, *, now: datetime) -> SharedItems:
    """Return the active code and link, else those that were active last. Three queries."""
    items = own_items(enrollment.pk)
    offer, earlier = enrollment.offer, items.earlier_code
    code = _code(items.promo_code) if items.promo_code else None
    link = _link(items.tracking_link, enrollment.brand) if items.tracking_link else None
    return SharedItems(
        earlier_code=earlier.code if earlier else "",
        earlier_code_until=earlier.works_until(now) if earlier else None,
        code=code,
        link=link,
        can_make=_allows_links(offer),
        has_made=has_deep_links(enrollment.pk),
        share_text=share_text(
            brand=enrollment.brand.name,
            code=code.shown if code and code.is_in_use else "",
            url=link.url if link and link.is_in_use else "",
        ),
    )


def can_make_links(enrollment: Enrollment, *, now: datetime) -> bool:
    """Return whether the member may make deep links, and clicks on them count now."""
    return _allows_links(enrollment.offer) and state_of_enrollment(enrollment, now=now).counts


def _allows_links(offer: Offer) -> bool:
    return offer.gives_links and offer.deep_links_allowed


def deep_links(enrollment: Enrollment) -> list[Shared]:
    """Return the member's deep links, newest first."""
    rows = deep_links_of(enrollment_id=enrollment.pk)
    return [_link(row, enrollment.brand) for row in rows]


def own_link(enrollment: Enrollment, slug: str) -> TrackingLink | None:
    """Return the member's active link with that slug, or with "" their link to the offer's page."""
    main = own_items(enrollment.pk).tracking_link
    if main is not None and main.is_in_use and slug in {"", main.slug}:
        return main
    rows = deep_links_of(enrollment_id=enrollment.pk)
    return next((row for row in rows if row.slug == slug), None)


def shareable_link(enrollment: Enrollment, slug: str, places: Mapping[str, str]) -> Shared | None:
    """Return the same as it is shared at these places, given by the names of sub-ids."""
    row = own_link(enrollment, slug)
    return None if row is None else with_places(row, enrollment.brand, places)


def with_places(row: TrackingLink, brand: Brand, places: Mapping[str, str]) -> Shared:
    """Return a link as it is shared at these places, given by the names of sub-ids."""
    plain = link_url(row.slug, brand.link_host)
    url = with_sub_ids(plain, places)
    return Shared(
        slug=row.slug,
        url=url,
        shown=without_scheme(url),
        is_in_use=row.is_in_use,
        destination=without_scheme(row.destination_url),
        label=row.label,
        places=url[len(plain) + 1 :],
        share_text=share_text(brand=brand.name, code="", url=url),
    )


def begins_with(brand: Brand) -> str:
    """What stands before the slug in every link of the brand."""
    return without_scheme(link_url("", brand.link_host))


def _code(row: PromoCode) -> Shared:
    return Shared(row.code, "", row.code, row.is_in_use)


def _link(row: TrackingLink, brand: Brand) -> Shared:
    return with_places(row, brand, {})
