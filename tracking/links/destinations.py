"""Where tracking links lead, and when their clicks count: read for the caches of the redirect.

It reads over all brands, as the address of a link names none. What is made of it: `edge`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum

from core.batches import batches
from core.tenancy import across_brands
from offers.models import Offer, OfferStatus
from offers.selectors import project_names_of
from offers.utm import PROJECT, tagged
from tracking.links.click_lines import microseconds
from tracking.models import DailyTotal, LinkDomain, LinkSlug, TrackingLink

RECENT_DAYS = 7
Span = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Destination:
    """What a slug leads to. Times are in microseconds since 1970, UTC.

    `url` has the parameters of the offer's UTM template, and no click id. `other_url` is the
    offer's own page with them: for a deep link to a domain that is not allowed any more. Clicks
    count in `spans`, each from its first moment to before its second; None is no limit.
    """

    slug: str
    link_id: int
    brand_id: int
    url: str
    other_url: str
    domains: tuple[str, ...]
    spans: tuple[Span, ...]
    window_seconds: int


def destinations(slugs: Sequence[str]) -> list[Destination]:
    """Return those of the slugs, in lower case, that are slugs of a link."""
    with across_brands(reason="the address of a tracking link names no brand"):
        rows = list(
            LinkSlug.objects.filter(slug__in=slugs).select_related(
                "link__enrollment__offer", "link__enrollment__member", "brand"
            )
        )
        enrollments = [row.link.enrollment for row in rows]
        with_project = [row for row in enrollments if PROJECT in row.offer.utm_template]
        projects = project_names_of(with_project) if with_project else {}
    return [_destination(row, projects.get(row.link.enrollment_id, "")) for row in rows]


def link_hosts() -> dict[str, int]:
    """Return the brand of each host that is proven to be a brand's own for links."""
    with across_brands(reason="the address of a tracking link names no brand"):
        rows = LinkDomain.objects.filter(verified_at__isnull=False)
        return dict(rows.values_list("host", "brand_id"))


def slugs_by_use(*, now: datetime, limit: int, batch: int) -> Iterator[list[str]]:
    """Yield up to `limit` slugs of links in use, those clicked most in the last days first."""
    with across_brands(reason="the address of a tracking link names no brand"):
        recent = DailyTotal.objects.filter(
            day__gte=(now - timedelta(days=RECENT_DAYS)).date(), clicks__gt=0
        )
        used = recent.values_list("enrollment_id").annotate(all=Sum("clicks")).order_by("-all")
        enrollments = [pk for pk, _ in used[:limit]]
    given = 0
    for some in batches(enrollments, batch):
        with across_brands(reason="the address of a tracking link names no brand"):
            links = TrackingLink.objects.in_use().filter(enrollment__in=some)
            slugs = list(links.values_list("slug", flat=True)[: limit - given])
        yield from batches([slug.lower() for slug in slugs], batch)
        given += len(slugs)
    before = None
    while given < limit:
        with across_brands(reason="the address of a tracking link names no brand"):
            newest = TrackingLink.objects.in_use().order_by("-pk")
            if before is not None:
                newest = newest.filter(pk__lt=before)
            rows = list(newest.values_list("pk", "slug")[: min(batch, limit - given)])
        if not rows:
            return
        before, given = rows[-1][0], given + len(rows)
        yield [slug.lower() for _, slug in rows]


def _destination(row: LinkSlug, project: str) -> Destination:
    link, enrollment, offer = row.link, row.link.enrollment, row.link.enrollment.offer
    values = {
        "creator_name": str(enrollment.member),
        "member_id": str(enrollment.member_id),
        "offer_name": offer.name,
        "brand_name": row.brand.name,
        "project_name": project,
    }
    url = link.destination_url or offer.destination_url
    return Destination(
        slug=row.slug,
        link_id=link.pk,
        brand_id=row.brand_id,
        url=tagged(url, offer.utm_template, values),
        other_url=tagged(offer.destination_url, offer.utm_template, values),
        domains=tuple(offer.link_domains),
        spans=_spans(offer) if link.is_in_use else (),
        window_seconds=offer.click_window_days * 24 * 3600,
    )


def _spans(offer: Offer) -> tuple[Span, ...]:
    """When clicks on links of the offer count, as `Offer.counts_at` says."""
    ends = [_microseconds(offer.ends_at)]
    if offer.status != OfferStatus.ACTIVE:
        ends.append(_microseconds(offer.counting_changed_at))
    end = min((one for one in ends if one is not None), default=None)
    begin = _microseconds(offer.starts_at)
    spans: list[Span] = []
    for pause in sorted(offer.pauses, key=lambda pause: pause.lower):
        spans.append((begin, _microseconds(pause.lower)))
        begin = _microseconds(pause.upper)
    spans.append((begin, end))
    return tuple(span for span in spans if span[0] is None or span[1] is None or span[0] < span[1])


def _microseconds(moment: datetime | None) -> int | None:
    return None if moment is None else microseconds(moment)
