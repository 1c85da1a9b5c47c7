"""How long clicks are kept, and what is made ahead of them: partitions and visitors' keys.

A brand says how many months it keeps its clicks. Older ones are deleted in slices, and a month's
partition is dropped when no brand keeps it any more. Figures stay.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from django.db import OperationalError, connection, models, transaction

from accounts.models import Brand
from tracking.links.partitions import (
    drop_partition,
    make_partitions_ahead,
    month_after,
    month_of,
    months_kept,
    partition_name,
)
from tracking.links.visitor_keys import renew_visitor_keys
from tracking.models import ClickBatch, RefusedClicks

logger = logging.getLogger(__name__)

BATCHES_KEPT = timedelta(days=40)  # longer than tracking.links.storing.MAX_AGE
REFUSED_KEPT = timedelta(days=90)
SLICE = 10_000  # rows that one statement deletes
MAX_SLICES = 200  # of one run
_DELETE = """
DELETE FROM {table} WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM {table} WHERE brand_id = %s AND clicked_at < %s LIMIT %s))
"""


def keep_ahead(*, now: datetime) -> None:
    """Make the partitions and visitors' keys that will be needed; delete old keys."""
    make_partitions_ahead(now=now)
    renew_visitor_keys(now=now)


def kept_since(brand: Brand, *, now: datetime) -> datetime:
    """Return since when a brand's clicks are kept: the beginning of a day in UTC."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    month = month_after(month_of(today), -brand.clicks_kept_months)
    last_day = (month_after(month) - timedelta(days=1)).day
    return today.replace(year=month.year, month=month.month, day=min(today.day, last_day))


def delete_old_clicks(*, now: datetime) -> int:
    """Delete what no brand keeps any more; return how many rows were deleted one by one.

    One run deletes at most MAX_SLICES slices; the next one goes on. Ids of old batches and old
    refused lines go too.
    """
    _note_what_goes(now=now)
    _drop_whole_months(now=now)
    deleted = _delete_rows(Brand.objects.order_by("pk"), now=now)
    ClickBatch.objects.filter(stored_at__lt=now - BATCHES_KEPT).delete()
    RefusedClicks.objects.filter(refused_at__lt=now - REFUSED_KEPT).delete()
    return deleted


def _note_what_goes(*, now: datetime) -> None:
    """Write it down before anything is deleted: totals of such days can't be compared any more."""
    for brand in Brand.objects.order_by("pk"):
        since = kept_since(brand, now=now)
        before = models.Q(clicks_complete_since=None) | models.Q(clicks_complete_since__lt=since)
        Brand.objects.filter(before, pk=brand.pk).update(clicks_complete_since=since)


def _drop_whole_months(*, now: datetime) -> None:
    longest = Brand.objects.aggregate(longest=models.Max("clicks_kept_months"))["longest"] or 0
    first_kept = month_after(month_of(now), -longest)
    for month in months_kept():
        if month < first_kept:
            try:
                drop_partition(month)
            except OperationalError as error:  # somebody used the table; the next run tries again
                logger.warning("The clicks of %s are still there: %s", month, error)


def _delete_rows(brands: Iterable[Brand], *, now: datetime) -> int:
    months, deleted, slices = months_kept(), 0, 0
    for brand in brands:
        since = kept_since(brand, now=now)
        for month in [month for month in months if month <= since.date()]:
            while slices < MAX_SLICES:
                number = _delete_slice(brand.pk, month, since)
                deleted += number
                slices += number > 0  # so that brands without old clicks keep no other one waiting
                if number < SLICE:
                    break
    return deleted


@transaction.atomic
def _delete_slice(brand_id: int, month: date, since: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_DELETE.format(table=partition_name(month)), [brand_id, since, SLICE])
        return int(cursor.rowcount)
