"""Where a brand's orders and refunds come from, for filters and forms."""

from __future__ import annotations

from django.db import connection
from django.db.models import Model

from core.tenancy import current_brand_id
from tracking.models import Order, Refund

MAX_SOURCES = 100  # in a filter
# One step along the index per source: DISTINCT would read every row.
_SOURCES = """
WITH RECURSIVE found (source) AS (
  SELECT min(source) FROM {table} WHERE brand_id = %(brand)s
  UNION ALL
  SELECT (
    SELECT min(later.source) FROM {table} later
    WHERE later.brand_id = %(brand)s AND later.source > found.source
  )
  FROM found WHERE found.source IS NOT NULL
)
SELECT source FROM found WHERE source IS NOT NULL LIMIT %(limit)s
"""


def sources_of_orders() -> list[str]:
    """Return where the brand's orders come from, in alphabetical order, at most MAX_SOURCES."""
    return _sources(Order)


def sources_of_refunds() -> list[str]:
    """Return the same of refunds, also of those whose order never came."""
    return _sources(Refund)


def _sources(model: type[Model]) -> list[str]:
    statement = _SOURCES.format(table=model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"brand": current_brand_id(), "limit": MAX_SOURCES})
        return [source for (source,) in cursor.fetchall()]
