"""Compare payouts with the ledger entries that they pay."""

from __future__ import annotations

_PAYOUTS = """
SELECT 'payout amount', p.id, p.amount_minor,
  coalesce((SELECT sum(e.amount_minor) FROM payouts_payoutitem i
    JOIN payouts_ledgerentry e ON e.brand_id = i.brand_id AND e.id = i.entry_id
    WHERE i.brand_id = p.brand_id AND i.payout_id = p.id), 0)::bigint
FROM payouts_payout p
WHERE p.brand_id = %(brand)s AND p.amount_minor <>
  coalesce((SELECT sum(e.amount_minor) FROM payouts_payoutitem i
    JOIN payouts_ledgerentry e ON e.brand_id = i.brand_id AND e.id = i.entry_id
    WHERE i.brand_id = p.brand_id AND i.payout_id = p.id), 0)
"""
_PAYOUT_LEDGER = """
SELECT 'payout ledger', p.id, coalesce(sum(e.amount_minor), 0)::bigint,
  CASE WHEN p.state IN ('failed', 'cancelled') THEN 0 ELSE -p.amount_minor END
FROM payouts_payout p
LEFT JOIN payouts_ledgerentry e ON e.brand_id = p.brand_id AND e.payout_id = p.id
WHERE p.brand_id = %(brand)s
GROUP BY p.id HAVING coalesce(sum(e.amount_minor), 0) <>
  CASE WHEN p.state IN ('failed', 'cancelled') THEN 0 ELSE -p.amount_minor END
"""
# A payment on the way or paid holds its entries; a failed or cancelled one holds none.
_PAYOUT_ITEMS = """
SELECT 'payout entries held', p.id, coalesce(sum(e.amount_minor), 0)::bigint,
  CASE WHEN p.state IN ('failed', 'cancelled') THEN 0 ELSE p.amount_minor END
FROM payouts_payout p
LEFT JOIN payouts_payoutitem i
  ON i.brand_id = p.brand_id AND i.payout_id = p.id AND i.released_at IS NULL
LEFT JOIN payouts_ledgerentry e ON e.brand_id = i.brand_id AND e.id = i.entry_id
WHERE p.brand_id = %(brand)s
GROUP BY p.id HAVING coalesce(sum(e.amount_minor), 0) <>
  CASE WHEN p.state IN ('failed', 'cancelled') THEN 0 ELSE p.amount_minor END
"""
PAYOUT_QUERIES = (_PAYOUTS, _PAYOUT_LEDGER, _PAYOUT_ITEMS)
