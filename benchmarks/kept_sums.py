"""Fill the kept sums from the facts, in a database whose rows came without the triggers."""

from __future__ import annotations

AUDIT_COUNTS = """
INSERT INTO accounts_auditcount (brand_id, kind, entries, is_folded)
SELECT brand_id, split_part(target, ':', 1), count(*), true FROM accounts_auditentry GROUP BY 1, 2
"""
LEDGERSUM_ROWS = """
INSERT INTO payouts_ledgersum (brand_id, enrollment_id, offer_id, member_id, currency,
  amount_minor, available_at, is_folded)
SELECT entry.brand_id, enrollment_id, offer_id, member_id, currency, sum(amount_minor),
  max(available_at), available_at <= now()
FROM payouts_ledgerentry entry JOIN offers_enrollment enrollment
  ON enrollment.brand_id = entry.brand_id AND enrollment.id = entry.enrollment_id
GROUP BY 1, 2, 3, 4, 5, available_at <= now(),
  CASE WHEN available_at > now() THEN available_at END
"""
CONVERSIONCOUNT_ROWS = """
INSERT INTO tracking_conversioncount (brand_id, offer_id, status, conversions, is_folded)
SELECT brand_id, offer_id, status, count(*), true FROM tracking_conversion GROUP BY 1, 2, 3
"""
OFFERDAY_ROWS = """
INSERT INTO tracking_offerday (brand_id, offer_id, day, clicks, conversions, pending, sales_minor,
  refunds_minor, commission_minor, pending_minor, pending_sales_minor, is_folded)
SELECT total.brand_id, offer_id, day, sum(clicks), sum(conversions), sum(pending),
  sum(sales_minor), sum(refunds_minor), sum(commission_minor), sum(pending_minor),
  sum(pending_sales_minor), true
FROM tracking_dailytotal total JOIN offers_enrollment enrollment
  ON enrollment.brand_id = total.brand_id AND enrollment.id = total.enrollment_id
GROUP BY 1, 2, 3
"""
MONTHTOTAL_ROWS = """
INSERT INTO tracking_monthtotal (brand_id, enrollment_id, month, clicks, conversions, pending,
  sales_minor, refunds_minor, commission_minor, pending_minor, pending_sales_minor, is_folded)
SELECT brand_id, enrollment_id, date_trunc('month', day)::date, sum(clicks), sum(conversions),
  sum(pending), sum(sales_minor), sum(refunds_minor), sum(commission_minor), sum(pending_minor),
  sum(pending_sales_minor), true
FROM tracking_dailytotal GROUP BY 1, 2, 3 ORDER BY 3, 1, 2
"""
SOLDSPAN_ROWS = """
INSERT INTO tracking_soldspan (brand_id, enrollment_id, first_day, last_day)
SELECT brand_id, enrollment_id, min(day), max(day)
FROM tracking_dailytotal WHERE conversions > 0 GROUP BY 1, 2
"""
FROM_THE_FACTS = (
    AUDIT_COUNTS,
    LEDGERSUM_ROWS,
    CONVERSIONCOUNT_ROWS,
    OFFERDAY_ROWS,
    MONTHTOTAL_ROWS,
    SOLDSPAN_ROWS,
)
