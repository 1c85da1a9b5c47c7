"""Compare the source totals with the clicks that are kept and with the conversions of clicks."""

from __future__ import annotations

from tracking.models import SOURCE_FIGURES
from tracking.totals.arriving_clicks import HAS_VALUE, sources_of_click

_CLICK_FIGURES = ("clicks", "visitors", "robots", "inactive")
_SUMS = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in SOURCE_FIGURES)
# Of days whose clicks were deleted after their time, what is kept is taken as it is.
_KEPT = ", ".join(
    f"CASE WHEN day >= %(kept_from)s THEN {name} ELSE 0 END AS {name}"
    if name in _CLICK_FIGURES
    else name
    for name in SOURCE_FIGURES
)


def _texts(table: str) -> str:
    return ", ".join(f"coalesce({table}.{name}, 0)" for name in SOURCE_FIGURES)


_SOURCES = f"""
WITH click AS (
  SELECT *, (clicked_at AT TIME ZONE %(zone)s)::date AS day
  FROM tracking_click WHERE brand_id = %(brand)s
), parts AS (
  SELECT enrollment_id, day, dimension, value, count(*) AS clicks,
    count(DISTINCT visitor) AS visitors, 0 AS robots, 0 AS inactive, 0 AS conversions,
    0 AS sales_minor, 0 AS commission_minor
  FROM click {sources_of_click("click")}
  WHERE kind = 'visit' AND {HAS_VALUE} AND day >= %(kept_from)s GROUP BY 1, 2, 3, 4
  UNION ALL
  SELECT enrollment_id, day, 'link', link_id::text, 0, 0,
    count(*) FILTER (WHERE kind <> 'inactive'), count(*) FILTER (WHERE kind = 'inactive'), 0, 0, 0
  FROM click WHERE kind <> 'visit' AND day >= %(kept_from)s GROUP BY 1, 2, link_id
  UNION ALL
  SELECT one.enrollment_id, (one.occurred_at AT TIME ZONE %(zone)s)::date, dimension, value,
    0, 0, 0, 0, 1, one.sale_minor - one.refunded_minor, one.commission_minor
  FROM tracking_conversionsource origin
  JOIN tracking_conversion one ON one.brand_id = origin.brand_id AND one.id = origin.conversion_id
  {sources_of_click("origin")}
  WHERE origin.brand_id = %(brand)s AND one.status = 'accepted' AND {HAS_VALUE}
    AND (origin.is_known OR source.dimension = 'link')
), facts AS (
  SELECT enrollment_id, day, dimension, value, {_SUMS} FROM parts GROUP BY 1, 2, 3, 4
), kept AS (
  SELECT enrollment_id, day, dimension, value, {_KEPT}
  FROM tracking_sourcetotal WHERE brand_id = %(brand)s
)
SELECT concat_ws(' ', dimension, quote_literal(value), 'on', day, 'of enrollment'), enrollment_id,
  concat_ws(' ', {_texts("kept")}), concat_ws(' ', {_texts("facts")})
FROM kept FULL JOIN facts USING (enrollment_id, day, dimension, value)
WHERE ({_texts("kept")}) IS DISTINCT FROM ({_texts("facts")})
"""  # noqa: S608
_ZEROS = ", ".join("0" for _ in SOURCE_FIGURES)
_NEGATIVE = ", ".join(f"-{name}" for name in SOURCE_FIGURES)
_ADDED = ", ".join(f"sum({name})" for name in SOURCE_FIGURES)
_OFFER_SOURCES = f"""
WITH moved AS (
  SELECT offer_id, day, dimension, value, {", ".join(SOURCE_FIGURES)}
  FROM tracking_offersource WHERE brand_id = %(brand)s
  UNION ALL
  SELECT enrollment.offer_id, total.day, total.dimension, total.value, {_NEGATIVE}
  FROM tracking_sourcetotal total JOIN offers_enrollment enrollment
    ON enrollment.brand_id = total.brand_id AND enrollment.id = total.enrollment_id
  WHERE total.brand_id = %(brand)s AND total.dimension <> 'link'
)
SELECT concat_ws(' ', dimension, quote_literal(value), 'on', day, 'of offer'), offer_id,
  concat_ws(' ', {_ADDED}) || ' too much', 'nothing'
FROM moved GROUP BY offer_id, day, dimension, value
HAVING ({_ADDED}) IS DISTINCT FROM ({_ZEROS})
"""  # noqa: S608
_LINKS = f"""
WITH moved AS (
  SELECT link_id, {", ".join(SOURCE_FIGURES)}
  FROM tracking_linktotal WHERE brand_id = %(brand)s
  UNION ALL
  SELECT value::bigint, {_NEGATIVE}
  FROM tracking_sourcetotal WHERE brand_id = %(brand)s AND dimension = 'link'
)
SELECT 'all days of link', link_id, concat_ws(' ', {_ADDED}) || ' too much', 'nothing'
FROM moved GROUP BY link_id HAVING ({_ADDED}) IS DISTINCT FROM ({_ZEROS})
"""  # noqa: S608
# An order and its click that were stored at the same moment find each other within seconds.
_WAITING = """
SELECT 'click of conversion', source.conversion_id, 'not found yet', click.click_id
FROM tracking_conversionsource source JOIN tracking_click click
  ON click.brand_id = source.brand_id AND click.click_id = source.click_id
  AND click.clicked_at >= source.clicked_at
  AND click.clicked_at < source.clicked_at + interval '1 second'
WHERE source.brand_id = %(brand)s AND NOT source.is_known
  AND source.recorded_at < now() - interval '10 minutes'
"""
SOURCE_QUERIES = (_SOURCES, _OFFER_SOURCES, _LINKS, _WAITING)
