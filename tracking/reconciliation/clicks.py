"""Compare click earnings with the clicks and the ledger."""

from __future__ import annotations

from tracking.commissions.click_earnings import COUNTED

_CLICK_LEDGER = """
SELECT 'clicks ledger', c.id, coalesce(sum(e.amount_minor), 0)::bigint, c.amount_minor
FROM tracking_clickearning c
LEFT JOIN payouts_ledgerentry e ON e.brand_id = c.brand_id AND e.click_earning_id = c.id
WHERE c.brand_id = %(brand)s
GROUP BY c.id HAVING c.amount_minor <> coalesce(sum(e.amount_minor), 0)
"""
# A cap may leave less than the clicks are worth, never more.
_CLICK_EARNINGS = """
SELECT 'clicks earning', c.id, c.amount_minor, c.clicks * t.per_click_minor
FROM tracking_clickearning c JOIN offers_terms t ON t.brand_id = c.brand_id AND t.id = c.terms_id
WHERE c.brand_id = %(brand)s AND (c.amount_minor > c.clicks * t.per_click_minor
  OR (t.cap_minor IS NULL AND c.amount_minor < c.clicks * t.per_click_minor))
"""
# Today's clicks may not be credited yet, but never more clicks than there are.
_CLICKS = f"""
SELECT 'clicks credited', c.id, c.clicks, coalesce(counted.clicks, 0)
FROM tracking_clickearning c
LEFT JOIN ({COUNTED}) AS counted (enrollment_id, day, terms_id, clicks)
  USING (enrollment_id, day, terms_id)
WHERE c.brand_id = %(brand)s AND c.clicks > coalesce(counted.clicks, 0)
  AND c.day >= %(kept_from)s
"""  # noqa: S608
CLICK_QUERIES = (_CLICK_LEDGER, _CLICK_EARNINGS, _CLICKS)
