"""Give codes and links to enrollments in one transaction, and deactivate them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from offers.models import Enrollment
from tracking.links.items import ItemError
from tracking.links.promo_codes import give_codes
from tracking.links.tracking_links import give_links, make_deep_link
from tracking.models import PromoCode, TrackingLink, out_of_use


@transaction.atomic
def generate_items(
    *,
    enrollments: Sequence[Enrollment],
    codes: Mapping[int, str],
    links: bool,
    by: Actor,
    now: datetime,
    deep_links: Mapping[int, str] | None = None,
    may_reuse: Collection[str] = (),
) -> tuple[list[PromoCode], list[TrackingLink]]:
    """Give `codes` (by enrollment id) and, with `links`, tracking links: all of them or none.

    `deep_links` are addresses in the shop by enrollment id; each becomes a deep link. `may_reuse`
    are codes that others had before. Raises ItemError as `give_codes` and `make_deep_link` do, and
    when an enrollment is not active.
    """
    ids = [row.pk for row in enrollments]
    # Locked in id order, so that a second click on the same button waits for the first.
    rows = list(
        Enrollment.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
    )
    idle = [row for row in rows if not row.is_active]
    if idle:
        raise ItemError({row.pk: "is not active in this offer" for row in idle})
    given = []
    if codes:
        given = give_codes(codes=codes, enrollments=rows, by=by, now=now, may_reuse=may_reuse)
    made = give_links(enrollments=rows, by=by, now=now) if links else []
    by_id = {row.pk: row for row in rows}
    for pk, url in (deep_links or {}).items():
        made.append(make_deep_link(enrollment=by_id[pk], destination_url=url, by=by, now=now))
    return given, made


@transaction.atomic
def deactivate_items(*, enrollment: Enrollment, by: Actor, now: datetime) -> None:
    """Deactivate an enrollment's codes and links. Earlier orders stay attributed."""
    for model in (PromoCode, TrackingLink):
        model.objects.in_use().filter(enrollment=enrollment).update(**out_of_use(now))
    audit.record(action="items.deactivated", target=enrollment, by=by, now=now)
