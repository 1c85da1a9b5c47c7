"""Make tracking links and deep links; give them labels, and the slugs that people choose."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.audit_log import audit
from core.text import one_line
from offers.destinations import DestinationError, read_destination
from offers.models import Enrollment
from tracking.links.items import ItemError
from tracking.links.own_slugs import take_slug
from tracking.links.slug_text import SlugError
from tracking.models import MAX_LABEL, TrackingLink

# No characters that look alike.
SLUG_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # pragma: allowlist secret
SLUG_LENGTH = 8


class LinkError(ValueError):
    """A link can't have this label or slug. The message is a sentence; `field` names the value."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


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
    *,
    enrollment: Enrollment,
    destination_url: str,
    by: Actor,
    now: datetime,
    label: str = "",
    slug: str = "",
    by_member: bool = False,
) -> TrackingLink:
    """Return a deep link to one page of the shop. The same page again returns the same link.

    It gets the label and the slug unless they are empty. Raises ItemError when the offer allows no
    deep links, the enrollment is not active, or links may not lead to the page; LinkError as
    `change_link` does.
    """
    locked = Enrollment.objects.select_for_update(of=("self",)).select_related("offer")
    enrollment = locked.get(pk=enrollment.pk)  # of two at once, the second finds the first's link
    offer = enrollment.offer
    if not (offer.gives_links and offer.deep_links_allowed):
        raise ItemError({enrollment.pk: _("this offer does not allow deep links")})
    if not enrollment.is_active:
        raise ItemError({enrollment.pk: _("you are not active in this offer")})
    try:
        destination_url = read_destination(destination_url)
    except DestinationError as error:
        raise ItemError({enrollment.pk: str(error)}) from error
    if not offer.allows_host_of(destination_url):
        problem = _("%(address)s is not an address of the shop") % {"address": destination_url}
        raise ItemError({enrollment.pk: problem})
    links = TrackingLink.objects.in_use().filter(enrollment=enrollment)
    link = links.filter(destination_url=destination_url).first()
    if link is None:
        link = TrackingLink.objects.create(
            enrollment=enrollment, slug=new_slug(), destination_url=destination_url, created_at=now
        )
        audit.record(action="link.given", target=link, by=by, now=now, slug=link.slug)
    if label or slug:
        return change_link(
            link=link, label=label or None, slug=slug, by=by, now=now, by_member=by_member
        )
    return link


@transaction.atomic
def change_link(
    *,
    link: TrackingLink,
    by: Actor,
    now: datetime,
    label: str | None = None,
    slug: str = "",
    by_member: bool = False,
) -> TrackingLink:
    """Give a link another label, unless it is None, and another slug, unless that is empty.

    Earlier slugs go on leading there. Raises LinkError when the link is not in use, the label is
    longer than MAX_LABEL characters, members may not choose slugs in this offer, or the slug is
    not free.
    """
    row = (
        TrackingLink.objects.select_for_update(of=("self",))
        .select_related("enrollment__offer")
        .get(pk=link.pk)
    )
    if not row.is_in_use:
        raise LinkError("", _("This link is not in use any more."))
    if label is not None:
        _set_label(row, one_line(label), by=by, now=now)
    if slug and slug != row.slug:
        if by_member and not row.enrollment.offer.own_slugs_allowed:
            raise LinkError("slug", _("In this offer you can't choose the end of your link."))
        before = row.slug
        try:
            changed = take_slug(row, slug, by_member=by_member)
        except SlugError as error:
            raise LinkError("slug", str(error)) from error
        if changed:
            audit.record(
                action="link.slug_chosen", target=row, by=by, now=now, before=before, slug=row.slug
            )
    return row


def _set_label(link: TrackingLink, label: str, *, by: Actor, now: datetime) -> None:
    if len(label) > MAX_LABEL:
        message = _("A label has at most %(most)s characters.") % {"most": MAX_LABEL}
        raise LinkError("label", message)
    if label != link.label:
        link.label = label
        link.save(update_fields=["label"])
        audit.record(action="link.labelled", target=link, by=by, now=now)


def new_slug() -> str:
    """Return a slug with about 40 random bits. A unique constraint refuses the rare repeat."""
    return "".join(secrets.choice(SLUG_ALPHABET) for _ in range(SLUG_LENGTH))
