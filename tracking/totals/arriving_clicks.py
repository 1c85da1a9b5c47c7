"""Count a batch of clicks: daily totals and source totals, in a few statements for all of them.

The clicks are in the temporary table `arriving_click`, which tracking.links.storing fills, and in
tracking_click already. A visitor is counted once per enrollment, source and day in the brand's time
zone: what earlier batches hold of the same visitor is looked up. Most visitors are there for the
first time, with one click: all of its sources count them, and nothing has to be compared.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from tracking.models import OTHER, SUB_IDS

DAY = timedelta(days=1)
# Of two batches one is counted at a time: each has to see the visitors of the other.
LOCK = "SELECT pg_advisory_xact_lock(29810, 1)"
# Each dimension, the column of a click that has its value, and what makes that a text.
_SOURCES = (
    ("link", "link_id", "::text"),
    *((sub, sub, "") for sub in SUB_IDS),
    ("referrer", "referrer_host", ""),
    ("country", "country", ""),
    ("device", "device", ""),
)


def sources_of_click(click: str) -> str:
    """Return a join that gives each click of this table a row per `source`, also empty ones.

    `source` has the columns `dimension` and `value`, as the click is counted.
    """
    rows = ", ".join(
        f"('{dimension}', CASE WHEN '{dimension}' = ANY ({click}.as_other) THEN '{OTHER}'"
        f" ELSE {click}.{column}{cast} END)"
        for dimension, column, cast in _SOURCES
    )
    return f"CROSS JOIN LATERAL (VALUES {rows}) AS source (dimension, value)"


HAS_VALUE = "(source.value <> '' OR source.dimension = 'referrer')"
_COLUMNS = ", ".join(column for _, column, _ in _SOURCES)
_SETS = ", ".join(f"({column})" for _, column, _ in _SOURCES)
_DIMENSION = " ".join(
    f"WHEN GROUPING({column}) = 0 THEN '{dimension}'" for dimension, column, _ in _SOURCES
)
# All other columns of a grouping set are null.
_VALUE = "coalesce({})".format(", ".join(f"{column}{cast}" for _, column, cast in _SOURCES))
# Of who was here before, each source of the batch is looked up: the first earlier click that had it
# ends the search. So a visitor who follows a link all day long costs no more than others. OFFSET 0
# has PostgreSQL look up one source after another by the index, in place of joining all clicks.
COUNT_SOURCES = f"""
WITH visits AS MATERIALIZED (
  SELECT id, brand_id, enrollment_id, day, visitor, as_other, {_COLUMNS},
    count(*) OVER (PARTITION BY brand_id, visitor, enrollment_id, day) AS number
  FROM arriving_click WHERE kind = 'visit'
), known AS MATERIALIZED (
  SELECT visits.*, time_zone, visitor IS NOT NULL AND number = 1 AND NOT EXISTS (
    SELECT FROM tracking_click earlier
    WHERE earlier.brand_id = visits.brand_id AND earlier.visitor = visits.visitor
      AND earlier.enrollment_id = visits.enrollment_id AND earlier.kind = 'visit'
      AND earlier.clicked_at BETWEEN %(first)s AND %(last)s AND earlier.id <> visits.id
      AND (earlier.clicked_at AT TIME ZONE time_zone)::date = visits.day
  ) AS is_first_and_only
  FROM visits JOIN accounts_brand brand ON brand.id = visits.brand_id
), again AS MATERIALIZED (
  SELECT * FROM known WHERE visitor IS NOT NULL AND NOT is_first_and_only
), pairs AS (
  SELECT brand_id, enrollment_id, day, dimension, value
  FROM (
    SELECT DISTINCT brand_id, enrollment_id, day, time_zone, visitor, dimension, value
    FROM again {sources_of_click("again")}
    WHERE {HAS_VALUE}
  ) AS pair
  WHERE NOT EXISTS (
    SELECT FROM tracking_click earlier {sources_of_click("earlier")}
    WHERE earlier.brand_id = pair.brand_id AND earlier.visitor = pair.visitor
      AND earlier.enrollment_id = pair.enrollment_id AND earlier.kind = 'visit'
      AND earlier.clicked_at BETWEEN %(first)s AND %(last)s
      AND (earlier.clicked_at AT TIME ZONE pair.time_zone)::date = pair.day
      AND source.dimension = pair.dimension AND source.value = pair.value
      AND earlier.id NOT IN (SELECT id FROM again)
    OFFSET 0
  )
), sources AS (
  SELECT brand_id, enrollment_id, day, CASE {_DIMENSION} END AS dimension, {_VALUE} AS value,
    count(*) AS clicks, count(*) FILTER (WHERE is_first_and_only) AS visitors
  FROM known GROUP BY brand_id, enrollment_id, day, GROUPING SETS ({_SETS})
), counted AS (
  SELECT *, 0 AS robots, 0 AS inactive FROM sources AS source WHERE {HAS_VALUE}
  UNION ALL
  SELECT brand_id, enrollment_id, day, dimension, value, 0, count(*), 0, 0
  FROM pairs GROUP BY brand_id, enrollment_id, day, dimension, value
  UNION ALL
  SELECT brand_id, enrollment_id, day, 'link', link_id::text, 0, 0,
    count(*) FILTER (WHERE kind <> 'inactive'), count(*) FILTER (WHERE kind = 'inactive')
  FROM arriving_click WHERE kind <> 'visit' GROUP BY brand_id, enrollment_id, day, link_id
)
INSERT INTO tracking_sourcetotal AS total (brand_id, enrollment_id, day, dimension, value,
  number, clicks, visitors, robots, inactive, conversions, sales_minor, commission_minor)
SELECT brand_id, enrollment_id, day, dimension, value,
  number, sum(clicks), sum(visitors), sum(robots), sum(inactive), 0, 0, 0
FROM counted LEFT JOIN new_source USING (brand_id, enrollment_id, day, dimension, value)
GROUP BY brand_id, enrollment_id, day, dimension, value, number
ORDER BY brand_id, enrollment_id, day, dimension, value
ON CONFLICT (brand_id, enrollment_id, dimension, day, value) DO UPDATE SET
  number = coalesce(total.number, excluded.number),
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
    """Add the clicks of `arriving_click` to the totals, after `number_new_sources`.

    `first` and `last` are the times of its first and last click.
    """
    with connection.cursor() as cursor:
        cursor.execute(COUNT_SOURCES, {"first": first - DAY, "last": last + DAY})
        cursor.execute(COUNT_DAYS)
