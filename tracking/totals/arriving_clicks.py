"""Count a batch of clicks: daily totals and source totals, in a few statements for all of them.

The clicks are in the temporary table `arriving_click`, which tracking.links.storing fills, and in
tracking_click already. A visitor is counted once per enrollment, source and day in the brand's time
zone: what earlier batches hold of the same visitor is looked up.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from tracking.models import SUB_IDS

DAY = timedelta(days=1)
# Of two batches one is counted at a time: each has to see the visitors of the other.
LOCK = "SELECT pg_advisory_xact_lock(29810, 1)"


def sources_of_click(click: str) -> str:
    """Return a join that gives each click of this table a row per `source`, also empty ones.

    `source` has the columns `dimension` and `value`.
    """
    subs = ", ".join(f"('{sub}', {click}.{sub})" for sub in SUB_IDS)
    return f"""
    CROSS JOIN LATERAL (VALUES
      ('link', {click}.link_id::text), {subs}, ('referrer', {click}.referrer_host),
      ('country', {click}.country), ('device', {click}.device)
    ) AS source (dimension, value)
    """


HAS_VALUE = "(source.value <> '' OR source.dimension = 'referrer')"
COUNT_SOURCES = f"""
WITH sources AS (
  SELECT brand_id, enrollment_id, day, visitor, dimension, value, count(*) AS clicks
  FROM arriving_click arriving {sources_of_click("arriving")}
  WHERE kind = 'visit' AND {HAS_VALUE}
  GROUP BY brand_id, enrollment_id, day, visitor, dimension, value
), visitors AS (
  SELECT DISTINCT brand_id, visitor, enrollment_id, day FROM arriving_click
  WHERE kind = 'visit' AND visitor IS NOT NULL
), known AS (
  SELECT DISTINCT visitors.*, source.dimension, source.value
  FROM visitors JOIN accounts_brand brand ON brand.id = visitors.brand_id
  JOIN tracking_click earlier ON earlier.brand_id = visitors.brand_id
    AND earlier.visitor = visitors.visitor AND earlier.enrollment_id = visitors.enrollment_id
    AND earlier.kind = 'visit' AND earlier.clicked_at BETWEEN %(first)s AND %(last)s
    AND (earlier.clicked_at AT TIME ZONE brand.time_zone)::date = visitors.day
  {sources_of_click("earlier")}
  WHERE {HAS_VALUE} AND earlier.id NOT IN (SELECT id FROM arriving_click)
), counted AS (
  SELECT brand_id, enrollment_id, day, dimension, value, sum(clicks) AS clicks,
    count(visitor) - count(known.visitor) AS visitors, 0 AS robots, 0 AS inactive
  FROM sources LEFT JOIN known USING (brand_id, enrollment_id, day, visitor, dimension, value)
  GROUP BY brand_id, enrollment_id, day, dimension, value
  UNION ALL
  SELECT brand_id, enrollment_id, day, 'link', link_id::text, 0, 0,
    count(*) FILTER (WHERE kind <> 'inactive'), count(*) FILTER (WHERE kind = 'inactive')
  FROM arriving_click WHERE kind <> 'visit' GROUP BY brand_id, enrollment_id, day, link_id
)
INSERT INTO tracking_sourcetotal AS total (brand_id, enrollment_id, day, dimension, value,
  clicks, visitors, robots, inactive, conversions, sales_minor, commission_minor)
SELECT brand_id, enrollment_id, day, dimension, value,
  sum(clicks), sum(visitors), sum(robots), sum(inactive), 0, 0, 0
FROM counted
GROUP BY brand_id, enrollment_id, day, dimension, value
ORDER BY brand_id, enrollment_id, day, dimension, value
ON CONFLICT (brand_id, enrollment_id, dimension, day, value) DO UPDATE SET
  clicks = total.clicks + excluded.clicks,
  visitors = total.visitors + excluded.visitors,
  robots = total.robots + excluded.robots,
  inactive = total.inactive + excluded.inactive
"""  # noqa: S608
# `excluded.changes` is the column's default, 1.
COUNT_DAYS = """
INSERT INTO tracking_dailytotal AS total (brand_id, enrollment_id, day, clicks, conversions,
  pending, sales_minor, refunds_minor, commission_minor, pending_minor)
SELECT brand_id, enrollment_id, day, count(*), 0, 0, 0, 0, 0, 0
FROM arriving_click WHERE kind = 'visit'
GROUP BY brand_id, enrollment_id, day ORDER BY brand_id, enrollment_id, day
ON CONFLICT (brand_id, enrollment_id, day) DO UPDATE SET
  clicks = total.clicks + excluded.clicks, changes = total.changes + excluded.changes
"""


def count_alone() -> None:
    """Wait until no other transaction counts clicks; others wait until this one ends."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK)


def count_arriving_clicks(*, first: datetime, last: datetime) -> None:
    """Add the clicks of `arriving_click` to the totals, after `count_alone`.

    `first` and `last` are the times of its first and last click.
    """
    with connection.cursor() as cursor:
        cursor.execute(COUNT_SOURCES, {"first": first - DAY, "last": last + DAY})
        cursor.execute(COUNT_DAYS)
