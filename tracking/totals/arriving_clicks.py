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
# The rows of a batch and what is there of its visitors are grouped together, not joined: no wrong
# estimate of the planner can make that slow. OFFSET 0 has it look up each visitor by the index.
COUNT_SOURCES = f"""
WITH visitors AS (
  SELECT DISTINCT brand_id, visitor, enrollment_id, day FROM arriving_click
  WHERE kind = 'visit' AND visitor IS NOT NULL
), found AS (
  SELECT brand_id, enrollment_id, day, visitor, dimension, value, 1 AS clicks
  FROM arriving_click arriving {sources_of_click("arriving")}
  WHERE kind = 'visit' AND {HAS_VALUE}
  UNION ALL
  SELECT visitors.brand_id, visitors.enrollment_id, visitors.day, visitors.visitor,
    source.dimension, source.value, 0
  FROM visitors JOIN accounts_brand brand ON brand.id = visitors.brand_id
  CROSS JOIN LATERAL (
    SELECT * FROM tracking_click
    WHERE brand_id = visitors.brand_id AND visitor = visitors.visitor
      AND enrollment_id = visitors.enrollment_id AND kind = 'visit'
      AND clicked_at BETWEEN %(first)s AND %(last)s
    OFFSET 0
  ) AS earlier
  {sources_of_click("earlier")}
  WHERE {HAS_VALUE} AND (earlier.clicked_at AT TIME ZONE brand.time_zone)::date = visitors.day
    AND NOT EXISTS (SELECT FROM arriving_click mine WHERE mine.id = earlier.id)
), pairs AS (
  SELECT brand_id, enrollment_id, day, visitor, dimension, value, sum(clicks) AS clicks,
    visitor IS NOT NULL AND min(clicks) = 1 AS is_new
  FROM found GROUP BY brand_id, enrollment_id, day, visitor, dimension, value
), counted AS (
  SELECT brand_id, enrollment_id, day, dimension, value, sum(clicks) AS clicks,
    count(*) FILTER (WHERE is_new) AS visitors, 0 AS robots, 0 AS inactive
  FROM pairs WHERE clicks > 0 GROUP BY brand_id, enrollment_id, day, dimension, value
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
