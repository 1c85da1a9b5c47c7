"""The lines of a payout run, written inside PostgreSQL: a run may name a million entries.

Each function belongs inside the transaction of a service. None of them decides anything: what may
happen to a run stands in payouts.runs. Every statement names the brand acted for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from core.db import refresh_statistics
from core.tenancy import current_brand_id
from payouts.models import EntryKind, Payout, PayoutItem, PayoutRun

MIN_PAYMENTS_TO_ANALYZE = 1_000  # at once: the planner doesn't expect them until it is told

# Entries past their hold that no live payment pays: what payouts.ledger calls payable.
_PAYABLE = """
SELECT e.id, e.amount_minor, n.member_id
FROM payouts_ledgerentry e
JOIN offers_enrollment n ON n.brand_id = e.brand_id AND n.id = e.enrollment_id
WHERE e.brand_id = %(brand)s AND e.currency = %(currency)s
  AND e.kind IN ('commission', 'adjustment') AND e.available_at <= %(now)s
  AND NOT EXISTS (SELECT 1 FROM payouts_payoutitem i
    WHERE i.brand_id = e.brand_id AND i.entry_id = e.id AND i.released_at IS NULL)
"""
# One statement, so that the entries named and the sums are of one moment.
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
ORDER BY id LIMIT %(most)s
"""
_NEXT_LINES = """
SELECT member_id FROM payouts_payoutrunmember
WHERE brand_id = %(brand)s AND run_id = %(run)s AND member_id > %(after)s
ORDER BY member_id LIMIT %(most)s
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
# Taken in one order, so that two runs with members in common wait and don't deadlock.
_LOCK_MEMBERS = """
SELECT count(*) FROM (
  SELECT m.id FROM affiliates_member m
  JOIN payouts_payoutrunmember l ON l.brand_id = m.brand_id AND l.member_id = m.id
  WHERE l.brand_id = %(brand)s AND l.run_id = %(run)s AND NOT l.is_left_out
  ORDER BY m.id FOR NO KEY UPDATE OF m) locked
"""
# A line has changed when an entry of it was paid meanwhile, or less is due than it says.
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
# On the way is what its member released details for to this brand.
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
    run: PayoutRun, *, chosen: Collection[int] | None, after: int, most: int
) -> list[int]:
    """The next of the brand's members by id, among those `chosen` when that is not None."""
    among = None if chosen is None else sorted(chosen)
    rows = _rows(_NEXT_MEMBERS, run, members=among, after=after, most=most)
    return [member_id for (member_id,) in rows]


def next_lines(run: PayoutRun, *, after: int, most: int) -> list[int]:
    """The next members by id for whom the run was drawn up before, left out or not."""
    return [pk for (pk,) in _rows(_NEXT_LINES, run, after=after, most=most)]


def draw_up(run: PayoutRun, *, member_ids: Sequence[int], now: datetime) -> None:
    """Name those of the members who are due money, with the entries of those not left out.

    What the run said of them before is forgotten.
    """
    values = {"now": now, "currency": run.currency, "members": list(member_ids)}
    _run(_FORGET_LINES_OF, run, members=list(member_ids))
    _run(_DRAW_UP, run, least=max(run.minimum_minor, 1), **values)


def sums(run: PayoutRun) -> tuple[int, int]:
    """What the lines add up to without those left out, in minor units, and how many they are."""
    amount_minor, payments = _rows(_LINES, run)[0]
    return amount_minor, payments


def forget_entries(run: PayoutRun) -> None:
    """Take away the entries that a draft names; its lines stay readable."""
    _run(_FORGET_ENTRIES, run)


def lock_members(run: PayoutRun) -> None:
    """Wait until nobody else pays any of the run's members, and let nobody before the commit."""
    _rows(_LOCK_MEMBERS, run)


def changed_members(run: PayoutRun, *, now: datetime) -> list[int]:
    """The members whose line says more than is due now, or an entry that was paid since."""
    rows = _rows(_CHANGED, run, now=now, currency=run.currency)
    return [member_id for (member_id,) in rows]


def make_payouts(run: PayoutRun, *, by: str, now: datetime) -> None:
    """Make a payment of each line, with its items and its ledger entries: in processing, or waiting
    where the member has not released to the brand where to pay.
    """
    _run(_MAKE_PAYOUTS, run, currency=run.currency, by=by, now=now)
    _run(_MAKE_ITEMS, run)
    if run.payments >= MIN_PAYMENTS_TO_ANALYZE:
        refresh_statistics(Payout, PayoutItem)
    _run(_POST, run, kind=EntryKind.PAYOUT.value, sign=-1, now=now)
    forget_entries(run)


def give_back(run: PayoutRun, *, now: datetime) -> None:
    """Post back the money of the payments still open, and release their entries."""
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
