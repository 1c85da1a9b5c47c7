"""Sales Tracking Items: a member's code, link and dashboard link in one offer. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from core.kept_queries import kept_query
from offers import dashboard_links
from offers.models import Enrollment
from tracking.models import PromoCode, TrackingLink


@dataclass(frozen=True, slots=True)
class Items:
    """The items in use of a member in one offer; None when there is no such item."""

    promo_code: str | None
    tracking_link: str | None
    dashboard_link: str

    @property
    def short_link(self) -> str:
        """The tracking link without what all links of the brand share: "/r/k3v9"."""
        return urlsplit(self.tracking_link or "").path


def link_url(slug: str, link_host: str) -> str:
    """Return the full address of a tracking link, with its brand's own `link_host` if it has one.

    There every path is a slug: https://go.brand.com/mara.
    """
    return f"https://{link_host}/{slug}" if link_host else f"{settings.BASE_URL}/r/{slug}"


def without_scheme(url: str) -> str:
    """Return an address as it is shown: without https://."""
    return url.partition("://")[2] or url


def items_of(enrollments: Sequence[Enrollment]) -> dict[int, Items]:
    """Return the Sales Tracking Items by enrollment id."""
    codes, links = codes_and_links([row.pk for row in enrollments])
    return {
        row.pk: Items(
            promo_code=codes.get(row.pk),
            tracking_link=links.get(row.pk),
            dashboard_link=dashboard_links.url_for(row),
        )
        for row in enrollments
    }


def codes_and_links(enrollment_ids: Sequence[int]) -> tuple[dict[int, str], dict[int, str]]:
    """Return the codes in use and the addresses of links in use, each by enrollment id."""
    # One array, whose length PostgreSQL knows when it plans, and not as many parameters as ids.
    wanted = RawSQL("SELECT unnest(%s::bigint[])", [list(enrollment_ids)])
    codes = PromoCode.objects.in_use().filter(enrollment__in=wanted)
    links = TrackingLink.objects.main().in_use().filter(enrollment__in=wanted)
    found = links.values_list("enrollment_id", "slug", "brand__link_host")
    return (
        dict(codes.values_list("enrollment_id", "code")),
        {pk: link_url(slug, host) for pk, slug, host in found},
    )


@dataclass(frozen=True, slots=True)
class OwnItems:
    """The code and link of one enrollment, active or not; None when it never had one.

    `earlier_code` is the code before; it may still work for some days (`works_until`).
    """

    promo_code: PromoCode | None
    earlier_code: PromoCode | None
    tracking_link: TrackingLink | None


def own_items(enrollment_id: int) -> OwnItems:
    """Return the active code and link, else those that were active last."""
    codes = iter(_own_codes(enrollment_id=enrollment_id))
    return OwnItems(
        promo_code=next(codes, None),
        earlier_code=next(codes, None),
        tracking_link=next(iter(_own_link(enrollment_id=enrollment_id)), None),
    )


@kept_query
def _own_codes(*, enrollment_id: int) -> QuerySet[PromoCode]:
    return PromoCode.objects.filter(enrollment=enrollment_id).in_use_first()[:2]


@kept_query
def _own_link(*, enrollment_id: int) -> QuerySet[TrackingLink]:
    return TrackingLink.objects.main().filter(enrollment=enrollment_id).in_use_first()[:1]


@kept_query
def deep_links_of(*, enrollment_id: int) -> QuerySet[TrackingLink]:
    """Return the active deep links of an enrollment, newest first."""
    links = TrackingLink.objects.deep().in_use().filter(enrollment=enrollment_id)
    return links.order_by("-created_at", "-pk")


def has_deep_links(enrollment_id: int) -> bool:
    """Return whether an enrollment has an active deep link."""
    return bool(_first_deep_link(enrollment_id=enrollment_id))


@kept_query
def _first_deep_link(*, enrollment_id: int) -> QuerySet[TrackingLink, Any]:
    links = TrackingLink.objects.deep().in_use().filter(enrollment=enrollment_id)
    return links.values_list("pk")[:1]


class ItemError(ValueError):
    """A code or link can't be given; `problems` says why by enrollment id.

    `had_before` has those of the codes that can be given once staff know that somebody had them.
    """

    def __init__(
        self, problems: Mapping[int, str], *, had_before: Mapping[int, str] | None = None
    ) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = dict(problems)
        self.had_before = dict(had_before or {})
