"""Find the clicks of conversions, in both directions: order before click, and click before order.

`record_sources` runs when a conversion is recorded, `add_arriving_clicks` when clicks are stored.
If both happen at the same moment, neither sees the other: `find_missed_clicks` looks again later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from core.db import update_rows
from core.tenancy import acting_for
from tracking.links import click_ids
from tracking.models import SUB_IDS, Click, Conversion, ConversionSource
from tracking.totals.conversion_sources import add_known_sources, came_by_click
from tracking.totals.daily import totals_of

FROM_CLICK = ["referrer_host", *SUB_IDS, "country", "device", "as_other"]
SECOND = timedelta(seconds=1)  # a click id holds whole seconds
MISSED_SINCE = timedelta(hours=1)
BATCH = 500
_ARRIVED = """
SELECT DISTINCT source.brand_id, source.id
FROM arriving_click arriving JOIN tracking_conversionsource source
  ON source.click_id = arriving.click_id AND source.brand_id = arriving.brand_id
WHERE NOT source.is_known ORDER BY 1, 2
"""
_MISSED = """
SELECT source.brand_id, source.id
FROM tracking_conversionsource source JOIN tracking_click click
  ON click.brand_id = source.brand_id AND click.click_id = source.click_id
  AND click.clicked_at >= source.clicked_at
  AND click.clicked_at < source.clicked_at + interval '1 second'
WHERE NOT source.is_known AND source.recorded_at >= %s
ORDER BY source.recorded_at LIMIT %s
"""


def record_sources(rows: Sequence[Conversion], *, now: datetime) -> dict[int, ConversionSource]:
    """Insert the sources of new conversions whose member's click is evidence; by conversion id."""
    sources = []
    for row in rows:
        read = click_ids.read(row.order.click_id) if came_by_click(row) else None
        if read is not None:
            sources.append(
                ConversionSource(
                    conversion=row,
                    link_id=read.link_id,
                    click_id=row.order.click_id,
                    clicked_at=read.clicked_at,
                    recorded_at=now,
                )
            )
    clicks = _clicks_of(sources)
    for source in sources:
        if click := clicks.get(source.click_id):
            _fill(source, click)
    ConversionSource.objects.insert_many(sources)
    return {source.conversion_id: source for source in sources}


def add_arriving_clicks() -> None:
    """Tell the conversions that wait for a click of `arriving_click` where they came from.

    For the transaction that stores these clicks; see tracking.links.storing.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ARRIVED)
        _fill_by_brand(cursor.fetchall())


def find_missed_clicks(*, now: datetime) -> int:
    """Do the same for the conversions of the last hour whose click is stored; return how many.

    It is for an order and a click that were stored at the same moment.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MISSED, [now - MISSED_SINCE, BATCH])
        found = cursor.fetchall()
    if found:
        with transaction.atomic():
            _fill_by_brand(sorted(found))
    return len(found)


def _fill_by_brand(found: Iterable[tuple[int, int]]) -> None:
    by_brand: dict[int, list[int]] = defaultdict(list)
    for brand_id, source_id in found:
        by_brand[brand_id].append(source_id)
    for brand_id, source_ids in by_brand.items():
        with acting_for(brand_id):
            _fill_waiting(source_ids)


def _fill_waiting(source_ids: Sequence[int]) -> None:
    waiting = ConversionSource.objects.select_for_update(no_key=True).filter(
        pk__in=source_ids, is_known=False
    )
    sources = list(waiting.order_by("pk"))
    clicks = _clicks_of(sources)
    known = [source for source in sources if source.click_id in clicks]
    for source in known:
        _fill(source, clicks[source.click_id])
    update_rows(known, [*FROM_CLICK, "is_known"])
    # Read after the locks: who changes a conversion's amounts locks its source too.
    of_conversion = {source.conversion_id: source for source in known}
    rows = list(Conversion.objects.filter(pk__in=of_conversion).order_by("pk"))
    add_known_sources(rows, [totals_of(row) for row in rows], of_conversion)


def _clicks_of(sources: Sequence[ConversionSource]) -> Mapping[str, Click]:
    """The stored clicks of these sources, by click id."""
    if not sources:
        return {}
    times = [source.clicked_at for source in sources]
    found = Click.objects.filter(
        click_id__in=[source.click_id for source in sources],
        clicked_at__gte=min(times),
        clicked_at__lt=max(times) + SECOND,
    )
    return {click.click_id: click for click in found.only("click_id", *FROM_CLICK)}


def _fill(source: ConversionSource, click: Click) -> None:
    for name in FROM_CLICK:
        setattr(source, name, getattr(click, name))
    source.is_known = True
