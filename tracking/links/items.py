"""Sales Tracking Items: a member's code, link and dashboard link in one offer. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet

from offers import dashboard_links
from offers.models import Enrollment
from tracking.models import PromoCode, TrackingLink


@dataclass(frozen=True, slots=True)
class Items:
    """What a member shares in one offer. None: not given (yet), or not in use any more."""

    promo_code: str | None
    tracking_link: str | None
    dashboard_link: str

    @property
    def short_link(self) -> str:
        """The tracking link without its host, where space is short."""
        return urlsplit(self.tracking_link or "").path


def link_url(slug: str) -> str:
    """The full address of a tracking link."""
    return f"{settings.BASE_URL}/r/{slug}"


def items_of(enrollments: Sequence[Enrollment]) -> dict[int, Items]:
    """The Sales Tracking Items of each enrollment, by id."""
    codes, slugs = codes_and_slugs([row.pk for row in enrollments])
    return {
        row.pk: Items(
            promo_code=codes.get(row.pk),
            tracking_link=link_url(slugs[row.pk]) if row.pk in slugs else None,
            dashboard_link=dashboard_links.url_for(row),
        )
        for row in enrollments
    }


def codes_and_slugs(
    enrollment_ids: Sequence[int] | QuerySet[Any, Any],
) -> tuple[dict[int, str], dict[int, str]]:
    """The code in use and the slug of the link in use of each enrollment that has one, by id.

    For very many enrollments give a query of their ids, which PostgreSQL answers by itself.
    """
    codes = PromoCode.objects.in_use().filter(enrollment__in=enrollment_ids)
    links = TrackingLink.objects.main().in_use().filter(enrollment__in=enrollment_ids)
    return (
        dict(codes.values_list("enrollment_id", "code")),
        dict(links.values_list("enrollment_id", "slug")),
    )


@dataclass(frozen=True, slots=True)
class OwnItems:
    """The code and link of one enrollment, in use or not any more; None: never given."""

    promo_code: PromoCode | None
    tracking_link: TrackingLink | None


def own_items(enrollment_id: int) -> OwnItems:
    """What is in use, else what was used last."""
    codes = PromoCode.objects.filter(enrollment=enrollment_id)
    links = TrackingLink.objects.main().filter(enrollment=enrollment_id)
    return OwnItems(
        promo_code=codes.in_use_first().first(), tracking_link=links.in_use_first().first()
    )


def deep_links_of(enrollment_id: int) -> QuerySet[TrackingLink]:
    """The active deep links of an enrollment, newest first."""
    links = TrackingLink.objects.deep().in_use().filter(enrollment=enrollment_id)
    return links.order_by("-created_at", "-pk")


class ItemError(ValueError):
    """A code or link can't be given; `problems` says why by enrollment id."""

    def __init__(self, problems: Mapping[int, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = dict(problems)
