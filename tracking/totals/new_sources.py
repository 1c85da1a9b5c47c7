"""Give the values that visitors chose numbers, as many as a member has on a day.

Anybody can follow a link with one sub-id after another, or say that they come from anywhere. What
is beyond MAX_SOURCES_A_DAY is counted as OTHER. The click's row keeps its own values, and names
the dimensions in which it was one too many: so its figures can be computed from it again, and an
order that comes with it counts as OTHER too.

Of two batches one is counted at a time (`count_alone`), so no two choose the same number.
"""

from __future__ import annotations

from django.db import connection

from tracking.models import MAX_SOURCES_A_DAY, OTHER, SUB_IDS

# Dimensions whose values visitors choose, and the column of a click that has the value.
CHOSEN_BY_VISITORS = (*((sub, sub) for sub in SUB_IDS), ("referrer", "referrer_host"))
_TABLE = """
CREATE TEMPORARY TABLE IF NOT EXISTS new_source (
  brand_id bigint NOT NULL, enrollment_id bigint NOT NULL, day date NOT NULL,
  dimension varchar(8) NOT NULL, value varchar(253) NOT NULL, number bigint NOT NULL
) ON COMMIT DELETE ROWS
"""
_EMPTY = "DELETE FROM new_source"
_SETS = ", ".join(f"({column})" for _, column in CHOSEN_BY_VISITORS)
_DIMENSION = " ".join(
    f"WHEN GROUPING({column}) = 0 THEN '{dimension}'" for dimension, column in CHOSEN_BY_VISITORS
)
_VALUE = "coalesce({})".format(", ".join(column for _, column in CHOSEN_BY_VISITORS))
_KEY = "brand_id, enrollment_id, day, dimension"
# The values with the most clicks of a batch come first.
_NUMBER = f"""
WITH arriving AS (
  SELECT brand_id, enrollment_id, day, CASE {_DIMENSION} END AS dimension, {_VALUE} AS value,
    count(*) AS clicks
  FROM arriving_click WHERE kind = 'visit'
  GROUP BY brand_id, enrollment_id, day, GROUPING SETS ({_SETS})
), new AS (
  SELECT * FROM arriving
  WHERE (value <> '' OR dimension = 'referrer') AND NOT EXISTS (
    SELECT FROM tracking_sourcetotal total
    WHERE total.brand_id = arriving.brand_id AND total.enrollment_id = arriving.enrollment_id
      AND total.dimension = arriving.dimension AND total.day = arriving.day
      AND total.value = arriving.value AND total.number IS NOT NULL
  )
), taken AS (
  SELECT {_KEY}, coalesce((
    SELECT max(total.number) FROM tracking_sourcetotal total
    WHERE total.brand_id = keys.brand_id AND total.enrollment_id = keys.enrollment_id
      AND total.dimension = keys.dimension AND total.day = keys.day
      AND total.number IS NOT NULL
  ), 0) AS last
  FROM (SELECT DISTINCT {_KEY} FROM new) AS keys
)
INSERT INTO new_source ({_KEY}, value, number)
SELECT {_KEY}, value, CASE WHEN value = '{OTHER}' THEN 0 ELSE last + row_number() OVER (
  PARTITION BY {_KEY} ORDER BY value = '{OTHER}', clicks DESC, value
) END
FROM new JOIN taken USING ({_KEY})
"""  # noqa: S608
_HAS_TOO_MANY = f"SELECT EXISTS (SELECT FROM new_source WHERE number > {MAX_SOURCES_A_DAY})"  # noqa: S608
_COUNTED = ", ".join(
    f"{column} = CASE WHEN '{dimension}' = ANY (one.dimensions) THEN '{OTHER}'"
    f" ELSE arriving_click.{column} END"
    for dimension, column in CHOSEN_BY_VISITORS
)
_ROWS = ", ".join(
    f"('{dimension}', arriving_click.{column})" for dimension, column in CHOSEN_BY_VISITORS
)
_MARK = f"""
WITH one AS (
  SELECT arriving_click.id, array_agg(source.dimension) AS dimensions
  FROM arriving_click CROSS JOIN LATERAL (VALUES {_ROWS}) AS source (dimension, value)
  JOIN new_source USING (brand_id, enrollment_id, day, dimension, value)
  WHERE kind = 'visit' AND number > {MAX_SOURCES_A_DAY}
  GROUP BY arriving_click.id
)
UPDATE arriving_click SET as_other = one.dimensions, {_COUNTED}
FROM one WHERE one.id = arriving_click.id
"""  # noqa: S608
_MARK_STORED = """
UPDATE tracking_click click SET as_other = arriving_click.as_other FROM arriving_click
WHERE click.brand_id = arriving_click.brand_id AND click.id = arriving_click.id
  AND click.clicked_at = arriving_click.clicked_at AND arriving_click.as_other IS NOT NULL
"""
_NUMBER_OTHER = f"""
WITH beyond AS (
  DELETE FROM new_source WHERE number > {MAX_SOURCES_A_DAY} RETURNING {_KEY}
)
INSERT INTO new_source ({_KEY}, value, number) SELECT DISTINCT {_KEY}, '{OTHER}', 0 FROM beyond
"""  # noqa: S608


def number_new_sources() -> None:
    """Number the values of `arriving_click` that their day has not yet, in `new_source`.

    In the clicks of all that are too many, here and in tracking_click, their dimensions are named.
    Call it after `count_alone`, when the clicks are stored.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)
        cursor.execute(_EMPTY)
        cursor.execute(_NUMBER)
        cursor.execute(_HAS_TOO_MANY)
        [(has_too_many,)] = cursor.fetchall()
        if has_too_many:
            cursor.execute(_MARK)
            cursor.execute(_MARK_STORED)
            cursor.execute(_NUMBER_OTHER)
