"""Post commission for counted clicks, each under the terms in force when it happened.

Celery beat credits clicks every few minutes. As in settlement, the difference is posted: what the
clicks of an enrollment, day and terms version should have earned by now, minus what is posted for
them. Crediting twice posts nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction

from accounts.models import Brand
from accounts.selectors import current_zone
from core.db import update_rows
from core.postgres.outages import defects_logged
from core.tenancy import acting_for, current_brand_id
from offers.models import Terms
from tracking.commissions.caps import apply_caps, cap_periods
from tracking.commissions.posting import post_clicks, post_followers
from tracking.commissions.tier_progress import lock_progress
from tracking.models import ClickEarning

LOOK_BACK = timedelta(days=3)  # no click is missed while Celery beat is down for less
LATEST = timedelta(days=37)  # clicks that waited on a web machine can come as late; see MAX_AGE
BATCH = 1_000
COUNTED = """
SELECT click.enrollment_id, (click.clicked_at AT TIME ZONE %(zone)s)::date AS day,
  terms.id, count(*)
FROM tracking_click click
JOIN offers_enrollment enrollment
  ON enrollment.brand_id = click.brand_id AND enrollment.id = click.enrollment_id
JOIN LATERAL (
  SELECT id, per_click_minor FROM offers_terms version
  WHERE version.brand_id = click.brand_id AND version.offer_id = enrollment.offer_id
  ORDER BY version.starts_at <= click.clicked_at DESC,
    CASE WHEN version.starts_at <= click.clicked_at THEN version.starts_at END DESC,
    version.starts_at
  LIMIT 1
) AS terms ON true
WHERE click.brand_id = %(brand)s AND click.kind = 'visit' AND click.clicked_at >= %(since)s
  AND terms.per_click_minor > 0
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _CountedClicks:
    """The number of clicks of one enrollment on one day under one terms version."""

    enrollment_id: int
    day: date
    terms: Terms
    clicks: int


def credit_for_all_brands(*, now: datetime, since: datetime | None = None) -> int:
    """Credit the clicks of every brand, as `credit_clicks` does; return the number of entries."""
    posted = 0
    for brand in Brand.objects.order_by("pk"):
        with acting_for(brand), defects_logged(logger, "clicks could not be credited"):
            posted += credit_clicks(now=now, since=since)
    return posted


def credit_clicks(*, now: datetime, since: datetime | None = None) -> int:
    """Post what the brand's clicks earned since `since` and is not posted yet.

    Returns the number of entries. `since` is LOOK_BACK before `now` by default.
    """
    if not Terms.objects.filter(per_click_minor__gt=0).exists():
        return 0
    counted = _counted(now - LOOK_BACK if since is None else since)
    batches = [counted[start : start + BATCH] for start in range(0, len(counted), BATCH)]
    return sum(_credit(batch, now=now) for batch in batches)


def _counted(since: datetime) -> list[_CountedClicks]:
    """Clicks from the start of the day of `since`, because earnings are per whole day."""
    zone = current_zone()
    midnight = datetime.combine(since.astimezone(zone).date(), time.min, tzinfo=zone)
    values: dict[str, Any] = {"zone": str(zone), "brand": current_brand_id(), "since": midnight}
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, values)
        rows = cursor.fetchall()
    versions = Terms.objects.select_related("offer").in_bulk({row[2] for row in rows})
    return [_CountedClicks(row[0], row[1], versions[row[2]], row[3]) for row in rows]


@transaction.atomic
def _credit(batch: Sequence[_CountedClicks], *, now: datetime) -> int:
    lock_progress({one.enrollment_id for one in batch})
    known = {
        (row.enrollment_id, row.day, row.terms_id): row
        for row in ClickEarning.objects.filter(
            enrollment__in={one.enrollment_id for one in batch}, day__in={one.day for one in batch}
        )
    }
    changed: list[tuple[ClickEarning, int]] = []
    for one in batch:
        row = known.get((one.enrollment_id, one.day, one.terms.pk)) or _new(one)
        if one.clicks > row.clicks:
            row.terms = one.terms
            changed.append((row, row.amount_minor))
            row.clicks = one.clicks
            row.amount_minor = one.clicks * one.terms.per_click_minor
    rows = [row for row, _ in changed]
    capped = cap_periods({row.terms.offer_id for row in rows})
    followers = apply_caps([], {}, capped=capped, clicks=rows)
    new = {row.pk for row in ClickEarning.objects.bulk_create(row for row in rows if not row.pk)}
    update_rows([row for row in rows if row.pk not in new], ["clicks", "amount_minor"])
    posted = post_clicks(changed, now=now)
    post_followers(followers, now=now)
    return posted


def _new(one: _CountedClicks) -> ClickEarning:
    return ClickEarning(
        enrollment_id=one.enrollment_id, day=one.day, terms=one.terms, clicks=0, amount_minor=0
    )
