"""Give codes and links to enrollments in one transaction, and deactivate them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from core.references import Reference
from core.text import one_line
from notifications.services import restate_waiting_mails
from offers.models import Enrollment
from tracking.links.items import ItemError
from tracking.links.promo_codes import give_codes, suggest_and_lock
from tracking.links.slug_text import SlugError, read_slug
from tracking.links.tracking_links import LinkError, change_link, give_links, make_deep_link
from tracking.models import PromoCode, TrackingLink, out_of_use


@transaction.atomic
def generate_items(
    *,
    enrollments: Sequence[Enrollment],
    codes: Mapping[int, str | None],
    links: bool,
    by: Actor,
    now: datetime,
    deep_links: Mapping[int, str] | None = None,
    may_reuse: Collection[str] = (),
    seen: Mapping[int, str] | None = None,
) -> tuple[list[PromoCode], list[TrackingLink]]:
    """Give `codes` (by enrollment id) and, with `links`, tracking links: all of them or none.

    A code of None is the next free one of the offer's naming pattern, which can't be refused for
    belonging to somebody. `deep_links` are addresses in the shop by enrollment id; each becomes a
    deep link. `may_reuse` and `seen` are as for `give_codes`. Raises ItemError as `give_codes` and
    `make_deep_link` do, and when an enrollment is not active.
    """
    rows = _locked([row.pk for row in enrollments])
    idle = [row for row in rows if not row.is_active]
    if idle:
        raise ItemError({row.pk: "is not active in this offer" for row in idle})
    given = []
    if codes:
        given = give_codes(
            codes=_chosen(codes, rows),
            enrollments=rows,
            by=by,
            now=now,
            may_reuse=may_reuse,
            seen=seen,
        )
    made = give_links(enrollments=rows, by=by, now=now) if links else []
    by_id = {row.pk: row for row in rows}
    for pk, url in (deep_links or {}).items():
        made.append(make_deep_link(enrollment=by_id[pk], destination_url=url, by=by, now=now))
    return given, made


def _locked(ids: Sequence[int]) -> list[Enrollment]:
    """Lock enrollments in id order, so that a second click on a button waits for the first."""
    rows = Enrollment.objects.select_for_update(of=("self",)).select_related("member", "offer")
    return list(rows.filter(pk__in=ids).order_by("pk"))


def _chosen(codes: Mapping[int, str | None], rows: Sequence[Enrollment]) -> dict[int, str]:
    """Return the codes with a suggestion in the place of each None."""
    said = {pk: code for pk, code in codes.items() if code is not None}
    lacking = [row for row in rows if row.pk in codes and row.pk not in said]
    suggested = suggest_and_lock(enrollments=lacking, but=said.values()) if lacking else {}
    found = said | suggested
    return {pk: found[pk] for pk in codes}


@transaction.atomic
def make_links(
    *,
    enrollments: Sequence[Enrollment],
    destination_url: str | None,
    label: str,
    slug: str,
    by: Actor,
    now: datetime,
) -> list[TrackingLink]:
    """Give tracking links to those who have none, or make deep links, with this label and slug.

    All of them or none. A link that was there before stays as it is: it is returned where a label
    or slug is asked for, and LinkError is raised if it has another one. Raises LinkError too for
    one slug of several links, and ItemError as `generate_items` does.
    """
    if slug and len(enrollments) > 1:
        raise LinkError("slug", "Only one link can have this slug: name one enrollment.")
    try:
        slug = read_slug(slug) if slug else ""
    except SlugError as error:
        raise LinkError("slug", str(error)) from error
    locked = _locked([row.pk for row in enrollments])
    in_use = TrackingLink.objects.in_use().filter(enrollment__in=locked)
    before = {link.pk: link for link in in_use.select_related("enrollment__member")}
    url = destination_url
    _, made = generate_items(
        enrollments=locked,
        codes={},
        links=url is None,
        deep_links={} if url is None else {row.pk: url for row in enrollments},
        by=by,
        now=now,
    )
    if not (label or slug):
        return made
    if url is None:
        made += [link for link in before.values() if not link.destination_url]
    for link in made:
        if link.pk in before:
            _check_named(before[link.pk], label=label, slug=slug)
    told: dict[str, Any] = {"label": label or None, "slug": slug, "by": by, "now": now}
    return [link if link.pk in before else change_link(link=link, **told) for link in made]


def _check_named(link: TrackingLink, *, label: str, slug: str) -> None:
    """Raise LinkError unless a link has this label and slug. Empty ones are not asked for."""
    for field, wanted in (("label", one_line(label)), ("slug", slug)):
        has = getattr(link, field)
        if wanted and wanted != has:
            words = f"the {field} {has}" if has else f"no {field}"
            message = (
                f"{link.enrollment.member} has this link already, with {words}: change the link."
            )
            raise LinkError(field, message)


@transaction.atomic
def deactivate_items(*, enrollment: Enrollment, by: Actor, now: datetime) -> None:
    """Deactivate an enrollment's codes and links. Earlier orders stay attributed."""
    for model in (PromoCode, TrackingLink):
        model.objects.in_use().filter(enrollment=enrollment).update(**out_of_use(now))
    audit.record(action="items.deactivated", target=enrollment, by=by, now=now)
    restate_waiting_mails(
        {Reference.to(enrollment): {"promo_code": "", "tracking_link": ""}},
        reason="The member's code and link ended.",
        now=now,
    )
