"""Compare the sums that triggers keep with the daily totals, the ledger and the counted rows."""

from __future__ import annotations

from tracking.models.totals import FIGURES

_SUMS = ", ".join(f"sum({name})" for name in FIGURES)
_SUMMED_DAYS = f"""
WITH moved AS (
  SELECT {{owner}} AS owner, {{moment}} AS moment, {", ".join(FIGURES)}
  FROM {{kept}} WHERE brand_id = %(brand)s
  UNION ALL
  SELECT {{owner}}, {{fact_moment}}, {", ".join(f"-{name}" for name in FIGURES)}
  FROM tracking_dailytotal total JOIN offers_enrollment enrollment
    ON enrollment.brand_id = total.brand_id AND enrollment.id = total.enrollment_id
  WHERE total.brand_id = %(brand)s
)
SELECT '{{moment}} ' || moment || ' of {{whose}}', owner,
  concat_ws(' ', {_SUMS}) || ' too much', 'nothing'
FROM moved GROUP BY owner, moment
HAVING ({_SUMS}) IS DISTINCT FROM ({", ".join("0" for _ in FIGURES)})
"""  # noqa: S608
_OFFER_DAYS = _SUMMED_DAYS.format(
    kept="tracking_offerday", owner="offer_id", whose="offer", moment="day", fact_moment="day"
)
_MONTHS = _SUMMED_DAYS.format(
    kept="tracking_monthtotal",
    owner="enrollment_id",
    whose="enrollment",
    moment="month",
    fact_moment="date_trunc('month', day)::date",
)
_SOLD_SPANS = """
WITH facts AS (
  SELECT enrollment_id, min(day) AS first_day, max(day) AS last_day FROM tracking_dailytotal
  WHERE brand_id = %(brand)s AND conversions > 0 GROUP BY 1
), kept AS (SELECT * FROM tracking_soldspan WHERE brand_id = %(brand)s)
SELECT 'days of sales of enrollment', coalesce(kept.enrollment_id, facts.enrollment_id),
  concat_ws(' ', kept.first_day, kept.last_day), concat_ws(' ', facts.first_day, facts.last_day)
FROM kept FULL JOIN facts USING (enrollment_id)
WHERE (kept.first_day, kept.last_day) IS DISTINCT FROM (facts.first_day, facts.last_day)
"""
_LEDGER_SUMS = """
WITH moved AS (
  SELECT enrollment_id, currency, amount_minor AS kept, 0 AS fact
  FROM payouts_ledgersum WHERE brand_id = %(brand)s
  UNION ALL
  SELECT enrollment_id, currency, 0, amount_minor
  FROM payouts_ledgerentry WHERE brand_id = %(brand)s
)
SELECT 'ledger sum in ' || currency || ' of enrollment', enrollment_id, sum(kept)::bigint,
  sum(fact)::bigint
FROM moved GROUP BY enrollment_id, currency HAVING sum(kept) <> sum(fact)
"""
_COUNTS = """
WITH moved AS (
  SELECT 'conversions ' || status || ' of offer' AS what, offer_id AS id, conversions AS kept,
    0 AS fact
  FROM tracking_conversioncount WHERE brand_id = %(brand)s
  UNION ALL
  SELECT 'conversions ' || status || ' of offer', offer_id, 0, 1
  FROM tracking_conversion WHERE brand_id = %(brand)s
  UNION ALL
  SELECT 'audit entries about ' || kind || ' of brand', brand_id, entries, 0
  FROM accounts_auditcount WHERE brand_id = %(brand)s
  UNION ALL
  SELECT 'audit entries about ' || split_part(target, ':', 1) || ' of brand', brand_id, 0, 1
  FROM accounts_auditentry WHERE brand_id = %(brand)s
)
SELECT what, id, sum(kept)::bigint, sum(fact)::bigint
FROM moved GROUP BY what, id HAVING sum(kept) <> sum(fact)
"""
KEPT_SUM_QUERIES = (_OFFER_DAYS, _MONTHS, _SOLD_SPANS, _LEDGER_SUMS, _COUNTS)
