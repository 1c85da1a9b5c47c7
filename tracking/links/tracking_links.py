"""Make tracking links and deep links."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.audit_log import audit
from offers.models import Enrollment
from tracking.links.items import ItemError
from tracking.models import TrackingLink

# No characters that look alike.
SLUG_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # pragma: allowlist secret
SLUG_LENGTH = 8


@transaction.atomic
def give_links(
    *, enrollments: Iterable[Enrollment], by: Actor, now: datetime
) -> list[TrackingLink]:
    """Give a tracking link to every enrollment without an active one; return the new links."""
    rows = {row.pk: row for row in enrollments}
    links = TrackingLink.objects.main().in_use().filter(enrollment__in=list(rows))
    having = set(links.values_list("enrollment_id", flat=True))
    new = TrackingLink.objects.bulk_create(
        TrackingLink(enrollment=row, slug=new_slug(), created_at=now)
        for pk, row in rows.items()
        if pk not in having
    )
    audit.record_many(
        action="link.given", targets=[(row, {"slug": row.slug}) for row in new], by=by, now=now
    )
    return new


@transaction.atomic
def make_deep_link(
    *, enrollment: Enrollment, destination_url: str, by: Actor, now: datetime
) -> TrackingLink:
    """Return a deep link to one page of the shop. The same page again returns the same link.

    Raises ItemError when the offer allows no deep links, the enrollment is not active, or the page
    is not on an allowed domain.
    """
    offer = enrollment.offer
    if not (offer.gives_links and offer.deep_links_allowed):
        raise ItemError({enrollment.pk: _("this offer does not allow deep links")})
    if not enrollment.is_active:
        raise ItemError({enrollment.pk: _("you are not active in this offer")})
    if not offer.allows_host_of(destination_url) or len(destination_url) > 2000:
        problem = _("%(address)s is not an address of the shop") % {"address": destination_url}
        raise ItemError({enrollment.pk: problem})
    links = TrackingLink.objects.in_use().filter(enrollment=enrollment)
    link = links.filter(destination_url=destination_url).first()
    if link is None:
        link = TrackingLink.objects.create(
            enrollment=enrollment, slug=new_slug(), destination_url=destination_url, created_at=now
        )
        audit.record(action="link.given", target=link, by=by, now=now, slug=link.slug)
    return link


def new_slug() -> str:
    """Return a slug with about 40 random bits. A unique constraint refuses the rare repeat."""
    return "".join(secrets.choice(SLUG_ALPHABET) for _ in range(SLUG_LENGTH))
