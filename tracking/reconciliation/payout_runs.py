"""Compare payout runs and their lines with their payouts and entries."""

from __future__ import annotations

from payouts.models import RUN_STATE_OF_PAYMENTS

_RUNS = """
WITH lines AS (
  SELECT run_id, coalesce(sum(due_minor), 0) AS amount, count(*) AS payments
  FROM payouts_payoutrunmember WHERE brand_id = %(brand)s AND NOT is_left_out GROUP BY 1
)
SELECT 'run', r.id, concat_ws(' ', r.amount_minor, r.payments),
  concat_ws(' ', coalesce(lines.amount, 0), coalesce(lines.payments, 0))
FROM payouts_payoutrun r LEFT JOIN lines ON lines.run_id = r.id
WHERE r.brand_id = %(brand)s AND (r.amount_minor, r.payments)
  IS DISTINCT FROM (coalesce(lines.amount, 0), coalesce(lines.payments, 0))
"""
# A draft's line is the sum of its entries; a confirmed run's line is its payment.
_RUN_LINES = """
SELECT 'run line', l.id, l.due_minor, coalesce(sum(e.amount_minor), 0)::bigint
FROM payouts_payoutrunmember l
JOIN payouts_payoutrun r ON r.brand_id = l.brand_id AND r.id = l.run_id AND r.state = 'draft'
LEFT JOIN payouts_payoutrunentry d ON d.brand_id = l.brand_id AND d.line_id = l.id
LEFT JOIN payouts_ledgerentry e ON e.brand_id = d.brand_id AND e.id = d.entry_id
WHERE l.brand_id = %(brand)s AND NOT l.is_left_out
GROUP BY l.id HAVING l.due_minor <> coalesce(sum(e.amount_minor), 0)
"""
_RUN_PAYOUTS = """
SELECT 'run payment', l.id, l.due_minor, coalesce(p.amount_minor, 0)
FROM payouts_payoutrunmember l
JOIN payouts_payoutrun r ON r.brand_id = l.brand_id AND r.id = l.run_id
  AND r.confirmed_at IS NOT NULL
LEFT JOIN payouts_payout p
  ON p.brand_id = l.brand_id AND p.run_id = l.run_id AND p.member_id = l.member_id
WHERE l.brand_id = %(brand)s AND NOT l.is_left_out
  AND l.due_minor <> coalesce(p.amount_minor, 0)
"""
_RUN_STATE = " ".join(
    f"WHEN bool_or(state = '{state.value}') THEN '{of_run.value}'"
    for state, of_run in RUN_STATE_OF_PAYMENTS.items()
)
_RUN_STATES = f"""
WITH facts AS (
  SELECT run_id, CASE {_RUN_STATE} END AS state
  FROM payouts_payout WHERE brand_id = %(brand)s AND run_id IS NOT NULL GROUP BY 1
)
SELECT 'run state', r.id, r.state, facts.state
FROM payouts_payoutrun r JOIN facts ON facts.run_id = r.id
WHERE r.brand_id = %(brand)s AND r.state IS DISTINCT FROM facts.state
"""  # noqa: S608
PAYOUT_RUN_QUERIES = (_RUNS, _RUN_LINES, _RUN_PAYOUTS, _RUN_STATES)
