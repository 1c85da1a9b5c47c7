"""SQL statements for the lines of a payout run, because a run may have a million entries.

Call these functions in the transaction of a service. payouts.runs decides what is allowed. Every
statement filters by the current brand.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from core.db import refresh_statistics
from core.tenancy import current_brand_id
from payouts.models import EntryKind, Payout, PayoutItem, PayoutRun

MIN_PAYMENTS_TO_ANALYZE = 1_000  # so many new rows make the planner's statistics wrong

# Entries after their hold that no live payment pays, as in payouts.ledger._payable.
_PAYABLE = """
SELECT e.id, e.amount_minor, n.member_id
FROM payouts_ledgerentry e
JOIN offers_enrollment n ON n.brand_id = e.brand_id AND n.id = e.enrollment_id
WHERE e.brand_id = %(brand)s AND e.currency = %(currency)s
  AND e.kind IN ('commission', 'adjustment', 'write_off') AND e.available_at <= %(now)s
  AND NOT EXISTS (SELECT 1 FROM payouts_payoutitem i
    WHERE i.brand_id = e.brand_id AND i.entry_id = e.id AND i.released_at IS NULL)
"""
# One statement, so that entries and sums are of the same moment.
_DRAW_UP = f"""
WITH due AS MATERIALIZED (
  {_PAYABLE} AND n.member_id = ANY(%(members)s::bigint[])
), line AS (
  INSERT INTO payouts_payoutrunmember (brand_id, run_id, member_id, due_minor, is_left_out)
  SELECT %(brand)s, %(run)s, member_id, sum(amount_minor), sum(amount_minor) < %(least)s
  FROM due GROUP BY member_id HAVING sum(amount_minor) <> 0
  RETURNING id, member_id, is_left_out
)
INSERT INTO payouts_payoutrunentry (brand_id, line_id, entry_id)
SELECT %(brand)s, line.id, due.id FROM line JOIN due USING (member_id) WHERE NOT line.is_left_out
"""  # noqa: S608
_LINES = """
SELECT coalesce(sum(due_minor), 0)::bigint, count(*) FROM payouts_payoutrunmember
WHERE brand_id = %(brand)s AND run_id = %(run)s AND NOT is_left_out
"""
_NEXT_MEMBERS = """
SELECT id FROM affiliates_member
WHERE brand_id = %(brand)s AND id > %(after)s
  AND (%(members)s::bigint[] IS NULL OR id = ANY(%(members)s::bigint[]))
ORDER BY id LIMIT %(limit)s
"""
_NEXT_LINES = """
SELECT member_id FROM payouts_payoutrunmember
WHERE brand_id = %(brand)s AND run_id = %(run)s AND member_id > %(after)s
ORDER BY member_id LIMIT %(limit)s
"""
_FORGET_ENTRIES = """
DELETE FROM payouts_payoutrunentry d USING payouts_payoutrunmember l
WHERE d.brand_id = %(brand)s AND l.brand_id = d.brand_id AND l.id = d.line_id
  AND l.run_id = %(run)s
"""
_FORGET_LINES_OF = """
WITH line AS (
  SELECT id FROM payouts_payoutrunmember
  WHERE brand_id = %(brand)s AND run_id = %(run)s AND member_id = ANY(%(members)s::bigint[])
), entry AS (
  DELETE FROM payouts_payoutrunentry d USING line
  WHERE d.brand_id = %(brand)s AND d.line_id = line.id
)
DELETE FROM payouts_payoutrunmember l USING line WHERE l.brand_id = %(brand)s AND l.id = line.id
"""
# Rows are locked in id order, so that two runs with the same members don't deadlock.
_LOCK_MEMBERS = """
SELECT count(*) FROM (
  SELECT m.id FROM affiliates_member m
  JOIN payouts_payoutrunmember l ON l.brand_id = m.brand_id AND l.member_id = m.id
  WHERE l.brand_id = %(brand)s AND l.run_id = %(run)s AND NOT l.is_left_out
  ORDER BY m.id FOR NO KEY UPDATE OF m) locked
"""
# A line has changed when one of its entries was paid, or less is due than the line says.
_CHANGED = f"""
WITH due AS MATERIALIZED (
  {_PAYABLE} AND n.member_id IN (SELECT member_id FROM payouts_payoutrunmember
    WHERE brand_id = %(brand)s AND run_id = %(run)s)
), now_due AS (
  SELECT member_id, sum(amount_minor) AS due_minor FROM due GROUP BY member_id
), gone AS (
  SELECT DISTINCT d.line_id FROM payouts_payoutrunentry d
  JOIN payouts_payoutrunmember l ON l.brand_id = d.brand_id AND l.id = d.line_id
  WHERE d.brand_id = %(brand)s AND l.run_id = %(run)s
    AND NOT EXISTS (SELECT 1 FROM due WHERE due.id = d.entry_id)
)
SELECT l.member_id FROM payouts_payoutrunmember l
LEFT JOIN now_due ON now_due.member_id = l.member_id
WHERE l.brand_id = %(brand)s AND l.run_id = %(run)s AND NOT l.is_left_out
  AND (coalesce(now_due.due_minor, 0) < l.due_minor OR l.id IN (SELECT line_id FROM gone))
ORDER BY l.due_minor DESC, l.id
"""  # noqa: S608
# A payment is in processing if the member released details to this brand, else it waits.
_MAKE_PAYOUTS = """
INSERT INTO payouts_payout (public_id, brand_id, run_id, member_id, currency, amount_minor, state,
  release_id, reference, reason, created_at, created_by)
SELECT gen_random_uuid(), l.brand_id, l.run_id, l.member_id, %(currency)s, l.due_minor,
  CASE WHEN r.id IS NULL THEN 'pending_info' ELSE 'processing' END, r.id, '', '', %(now)s, %(by)s
FROM payouts_payoutrunmember l
JOIN affiliates_member m ON m.brand_id = l.brand_id AND m.id = l.member_id
LEFT JOIN payouts_detailsrelease r ON r.brand_id = l.brand_id AND r.creator_id = m.creator_id
  AND r.taken_back_at IS NULL
  AND EXISTS (SELECT 1 FROM payouts_payoutdetails d WHERE d.creator_id = r.creator_id)
WHERE l.brand_id = %(brand)s AND l.run_id = %(run)s AND NOT l.is_left_out ORDER BY l.id
"""
_MAKE_ITEMS = """
INSERT INTO payouts_payoutitem (brand_id, payout_id, entry_id)
SELECT p.brand_id, p.id, d.entry_id
FROM payouts_payout p
JOIN payouts_payoutrunmember l
  ON l.brand_id = p.brand_id AND l.run_id = p.run_id AND l.member_id = p.member_id
JOIN payouts_payoutrunentry d ON d.brand_id = l.brand_id AND d.line_id = l.id
WHERE p.brand_id = %(brand)s AND p.run_id = %(run)s
"""
_POST = """
INSERT INTO payouts_ledgerentry (brand_id, enrollment_id, kind, amount_minor, currency, payout_id,
  note, posted_at, available_at)
SELECT p.brand_id, e.enrollment_id, %(kind)s, %(sign)s * sum(e.amount_minor), p.currency, p.id,
  '', %(now)s, %(now)s
FROM payouts_payout p
JOIN payouts_payoutitem i ON i.brand_id = p.brand_id AND i.payout_id = p.id
JOIN payouts_ledgerentry e ON e.brand_id = i.brand_id AND e.id = i.entry_id
WHERE p.brand_id = %(brand)s AND p.run_id = %(run)s
  AND p.state IN ('processing', 'pending_info') AND i.released_at IS NULL
GROUP BY p.brand_id, p.id, p.currency, e.enrollment_id HAVING sum(e.amount_minor) <> 0
"""
_RELEASE_ITEMS = """
UPDATE payouts_payoutitem i SET released_at = %(now)s FROM payouts_payout p
WHERE i.brand_id = %(brand)s AND p.brand_id = i.brand_id AND p.id = i.payout_id
  AND p.run_id = %(run)s AND p.state IN ('processing', 'pending_info') AND i.released_at IS NULL
"""


def next_members(
    run: PayoutRun, *, chosen: Collection[int] | None, after: int, limit: int
) -> list[int]:
    """Return the next `limit` member ids above `after`, only `chosen` ones unless that is None."""
    among = None if chosen is None else sorted(chosen)
    rows = _rows(_NEXT_MEMBERS, run, members=among, after=after, limit=limit)
    return [member_id for (member_id,) in rows]


def next_lines(run: PayoutRun, *, after: int, limit: int) -> list[int]:
    """Return the next `limit` ids above `after` of members who have a line in the run."""
    return [pk for (pk,) in _rows(_NEXT_LINES, run, after=after, limit=limit)]


def draw_up(run: PayoutRun, *, member_ids: Sequence[int], now: datetime) -> None:
    """Replace the lines of these members with what is due to them at `now`.

    Entries are listed for members who reach the run's minimum; the others are left out.
    """
    values = {"now": now, "currency": run.currency, "members": list(member_ids)}
    _run(_FORGET_LINES_OF, run, members=list(member_ids))
    _run(_DRAW_UP, run, least=max(run.minimum_minor, 1), **values)


def sums(run: PayoutRun) -> tuple[int, int]:
    """Return the sum in minor units and the number of the lines that are not left out."""
    amount_minor, payments = _rows(_LINES, run)[0]
    return amount_minor, payments


def forget_entries(run: PayoutRun) -> None:
    """Delete the entries of a draft. Its lines stay."""
    _run(_FORGET_ENTRIES, run)


def lock_members(run: PayoutRun) -> None:
    """Lock the run's members, so that no other payment to them is made before the commit."""
    _rows(_LOCK_MEMBERS, run)


def changed_members(run: PayoutRun, *, now: datetime) -> list[int]:
    """Return ids of members whose line is more than is due now or has an entry paid since."""
    rows = _rows(_CHANGED, run, now=now, currency=run.currency)
    return [member_id for (member_id,) in rows]


def make_payouts(run: PayoutRun, *, by: str, now: datetime) -> None:
    """Make a payment for each line, with its items and ledger entries.

    It is in processing if the member released details to the brand; else it waits for details.
    """
    _run(_MAKE_PAYOUTS, run, currency=run.currency, by=by, now=now)
    _run(_MAKE_ITEMS, run)
    if run.payments >= MIN_PAYMENTS_TO_ANALYZE:
        refresh_statistics(Payout, PayoutItem)
    _run(_POST, run, kind=EntryKind.PAYOUT.value, sign=-1, now=now)
    forget_entries(run)


def give_back(run: PayoutRun, *, now: datetime) -> None:
    """Post back the amounts of the run's open payments, and release their entries."""
    _run(_POST, run, kind=EntryKind.PAYOUT_RETURNED.value, sign=1, now=now)
    _run(_RELEASE_ITEMS, run, now=now)


def _values(run: PayoutRun, values: dict[str, Any]) -> dict[str, Any]:
    return {"brand": current_brand_id(), "run": run.pk, **values}


def _run(statement: str, run: PayoutRun, **values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, _values(run, values))


def _rows(statement: str, run: PayoutRun, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, _values(run, values))
        return list(cursor.fetchall())
