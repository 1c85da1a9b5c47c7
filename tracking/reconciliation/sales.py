"""Compare orders, conversions and daily totals with order lines, refunds, clicks and the ledger.

Each query returns (what, id, kept value, value from the facts) where the two values differ.
`differences` compares the amounts of converted orders.
"""

from __future__ import annotations

_ORDERS = """
SELECT 'order total', o.id, o.total_minor, coalesce(sum(l.net_minor), 0)::bigint
FROM tracking_order o
LEFT JOIN tracking_orderline l ON l.brand_id = o.brand_id AND l.order_id = o.id
WHERE o.brand_id = %(brand)s
GROUP BY o.id HAVING o.total_minor <> coalesce(sum(l.net_minor), 0)
"""
_EARNING = """
SELECT 'order lines that earn commission', o.id, o.commissionable_minor,
  coalesce(sum(l.net_minor) FILTER (WHERE l.is_commissionable), 0)::bigint
FROM tracking_order o
LEFT JOIN tracking_orderline l ON l.brand_id = o.brand_id AND l.order_id = o.id
WHERE o.brand_id = %(brand)s
GROUP BY o.id HAVING o.commissionable_minor
  <> coalesce(sum(l.net_minor) FILTER (WHERE l.is_commissionable), 0)
"""
_SALES = """
SELECT 'sales of conversions of order', o.id, sum(c.sale_minor)::bigint, o.commissionable_minor
FROM tracking_conversion c JOIN tracking_order o ON o.brand_id = c.brand_id AND o.id = c.order_id
WHERE c.brand_id = %(brand)s
GROUP BY o.id HAVING sum(c.sale_minor) <> o.commissionable_minor AND bool_and(c.rate IS NULL)
"""
_SHARES = """
SELECT 'shares before conversion', c.id, c.shares_before_bp, coalesce(sum(o.share_bp), 0)::bigint
FROM tracking_conversion c
LEFT JOIN tracking_conversion o ON o.brand_id = c.brand_id AND o.order_id = c.order_id
  AND o.enrollment_id < c.enrollment_id
WHERE c.brand_id = %(brand)s AND c.share_bp < 10000
GROUP BY c.id HAVING c.shares_before_bp <> coalesce(sum(o.share_bp), 0)
"""
_STATUS = """
SELECT 'conversion status', c.id, c.status, expected.status
FROM tracking_conversion c
JOIN tracking_order o ON o.brand_id = c.brand_id AND o.id = c.order_id
CROSS JOIN LATERAL (SELECT CASE
  WHEN c.share_bp = 0 THEN 'rejected'
  WHEN o.is_test OR o.cancelled_at IS NOT NULL OR o.payment_status = 'voided' THEN 'rejected'
  WHEN o.payment_status = 'pending' AND c.decision <> 'rejected' THEN 'pending'
  WHEN c.is_held AND c.decision = 'accepted' THEN 'pending'
  ELSE c.decision END AS status) expected
WHERE c.brand_id = %(brand)s AND c.status <> expected.status
"""
_REFUNDED_LINES = """
SELECT 'refunds of order', o.id, coalesce(line.refunded, 0)::bigint, coalesce(back.minor, 0)::bigint
FROM tracking_order o
LEFT JOIN (SELECT order_id, sum(refunded_minor) AS refunded FROM tracking_orderline
  WHERE brand_id = %(brand)s GROUP BY 1) line ON line.order_id = o.id
LEFT JOIN (SELECT order_id, sum(amount_minor) AS minor FROM tracking_refund
  WHERE brand_id = %(brand)s AND state = 'applied' GROUP BY 1) back ON back.order_id = o.id
WHERE o.brand_id = %(brand)s AND coalesce(line.refunded, 0) <> coalesce(back.minor, 0)
"""
_REFUNDS = """
SELECT 'refunds of conversions of order', c.order_id, c.refunded,
  coalesce(sum(l.refunded_minor), 0)::bigint
FROM (SELECT brand_id, order_id, sum(refunded_minor)::bigint AS refunded FROM tracking_conversion
  WHERE brand_id = %(brand)s GROUP BY 1, 2 HAVING bool_and(rate IS NULL)) c
LEFT JOIN tracking_orderline l
  ON l.brand_id = c.brand_id AND l.order_id = c.order_id AND l.is_commissionable
GROUP BY c.order_id, c.refunded HAVING c.refunded <> coalesce(sum(l.refunded_minor), 0)
"""
_LEDGER = """
SELECT 'conversion ledger', c.id, coalesce(sum(e.amount_minor), 0)::bigint, c.commission_minor
FROM tracking_conversion c
LEFT JOIN payouts_ledgerentry e ON e.brand_id = c.brand_id AND e.conversion_id = c.id
WHERE c.brand_id = %(brand)s
GROUP BY c.id HAVING c.commission_minor <> coalesce(sum(e.amount_minor), 0)
"""
_DAILY = """
WITH facts AS (
  SELECT enrollment_id, (occurred_at AT TIME ZONE %(zone)s)::date AS day,
    0 AS clicks,
    count(*) FILTER (WHERE status = 'accepted') AS conversions,
    count(*) FILTER (WHERE status = 'pending') AS pending,
    sum(sale_minor) FILTER (WHERE status = 'accepted') AS sales,
    sum(refunded_minor) FILTER (WHERE status = 'accepted') AS refunds,
    sum(commission_minor) FILTER (WHERE status = 'accepted') AS commission,
    sum(earnable_minor) FILTER (WHERE status = 'pending') AS waiting,
    sum(sale_minor - refunded_minor) FILTER (WHERE status = 'pending') AS waiting_sales
  FROM tracking_conversion WHERE brand_id = %(brand)s GROUP BY 1, 2
  UNION ALL
  SELECT enrollment_id, (clicked_at AT TIME ZONE %(zone)s)::date,
    count(*), 0, 0, 0, 0, 0, 0, 0
  FROM tracking_click WHERE brand_id = %(brand)s AND kind = 'visit'
    AND (clicked_at AT TIME ZONE %(zone)s)::date >= %(kept_from)s
  GROUP BY 1, 2
  UNION ALL
  SELECT enrollment_id, day, 0, 0, 0, 0, 0, sum(amount_minor), 0, 0
  FROM tracking_clickearning WHERE brand_id = %(brand)s AND amount_minor <> 0 GROUP BY 1, 2
), day_facts AS (
  SELECT enrollment_id, day, sum(clicks) AS clicks, sum(conversions) AS conversions,
    sum(pending) AS pending, coalesce(sum(sales), 0) AS sales,
    coalesce(sum(refunds), 0) AS refunds, coalesce(sum(commission), 0) AS commission,
    coalesce(sum(waiting), 0) AS waiting, coalesce(sum(waiting_sales), 0) AS waiting_sales
  FROM facts GROUP BY 1, 2
), kept AS (
  SELECT enrollment_id, day, conversions, pending, sales_minor, refunds_minor, commission_minor,
    pending_minor, pending_sales_minor,
    -- Where clicks were deleted after their time, what is kept is taken as it is.
    CASE WHEN day >= %(kept_from)s THEN clicks ELSE 0 END AS clicks
  FROM tracking_dailytotal WHERE brand_id = %(brand)s
)
SELECT 'day ' || coalesce(kept.day, day_facts.day) || ' of enrollment',
  coalesce(kept.enrollment_id, day_facts.enrollment_id),
  concat_ws(' ', kept.clicks, kept.conversions, kept.pending, kept.sales_minor,
    kept.refunds_minor, kept.commission_minor, kept.pending_minor, kept.pending_sales_minor),
  concat_ws(' ', day_facts.clicks, day_facts.conversions, day_facts.pending, day_facts.sales,
    day_facts.refunds, day_facts.commission, day_facts.waiting, day_facts.waiting_sales)
FROM kept FULL JOIN day_facts USING (enrollment_id, day)
WHERE (coalesce(kept.clicks, 0), coalesce(kept.conversions, 0), coalesce(kept.pending, 0),
    coalesce(kept.sales_minor, 0), coalesce(kept.refunds_minor, 0),
    coalesce(kept.commission_minor, 0), coalesce(kept.pending_minor, 0),
    coalesce(kept.pending_sales_minor, 0))
  IS DISTINCT FROM
  (coalesce(day_facts.clicks, 0), coalesce(day_facts.conversions, 0),
    coalesce(day_facts.pending, 0), coalesce(day_facts.sales, 0),
    coalesce(day_facts.refunds, 0), coalesce(day_facts.commission, 0),
    coalesce(day_facts.waiting, 0), coalesce(day_facts.waiting_sales, 0))
"""
# By its own evidence no order from while a member was away is credited to them, once that is known.
_AWAY = """
SELECT 'member of conversion', c.id, c.enrollment_id, 'away then'
FROM offers_enrollment e
JOIN tracking_conversion c ON c.brand_id = e.brand_id AND c.enrollment_id = e.id
JOIN tracking_order o ON o.brand_id = c.brand_id AND o.id = c.order_id
WHERE e.brand_id = %(brand)s AND (e.deactivated_at IS NOT NULL OR e.pauses <> '{}')
  AND c.evidence <> 'by_hand' AND c.status <> 'rejected'
  AND EXISTS (
    SELECT FROM unnest(e.pauses || tstzrange(coalesce(e.deactivated_at, 'infinity'), NULL)) away
    WHERE away @> c.occurred_at AND o.received_at >= lower(away))
"""
# It would be looked at again, and credited a second time.
_CREDITED = """
SELECT 'why nobody is credited for order', o.id, o.unattributed, ''
FROM tracking_order o
WHERE o.brand_id = %(brand)s AND o.unattributed <> '' AND EXISTS (
  SELECT FROM tracking_conversion c WHERE c.brand_id = o.brand_id AND c.order_id = o.id)
"""
SALES_QUERIES = (
    _ORDERS, _EARNING, _SALES, _SHARES, _STATUS, _REFUNDED_LINES, _REFUNDS, _LEDGER, _DAILY,
    _AWAY, _CREDITED,
)  # fmt: skip
