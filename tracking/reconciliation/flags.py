"""Compare what is held for review with the open flags, and the counts of flags with the flags."""

from __future__ import annotations

# A conversion that waits to be looked at may be held or released by that.
_HELD = """
SELECT 'whether held for review, conversion', c.id, c.is_held, expected.is_held
FROM tracking_conversion c
LEFT JOIN tracking_flaghold hold ON hold.brand_id = c.brand_id AND hold.offer_id = c.offer_id
CROSS JOIN LATERAL (SELECT EXISTS (
  SELECT FROM tracking_flag flag
  WHERE flag.brand_id = c.brand_id AND flag.conversion_id = c.id AND flag.state = 'open'
    AND (flag.kind = ANY (hold.kinds) OR 'all' = ANY (hold.kinds))) AS is_held) expected
WHERE c.brand_id = %(brand)s AND c.is_held <> expected.is_held AND NOT EXISTS (
  SELECT FROM tracking_flagcheck waiting
  WHERE waiting.brand_id = c.brand_id AND waiting.conversion_id = c.id)
"""
_COUNTS = """
WITH moved AS (
  SELECT kind, state, flags AS kept, 0 AS fact FROM tracking_flagcount WHERE brand_id = %(brand)s
  UNION ALL
  SELECT kind, state, 0, 1 FROM tracking_flag WHERE brand_id = %(brand)s
)
SELECT state || ' flags of kind ' || kind || ' of brand', %(brand)s, sum(kept)::bigint,
  sum(fact)::bigint
FROM moved GROUP BY kind, state HAVING sum(kept) <> sum(fact)
"""
FLAG_QUERIES = (_HELD, _COUNTS)
