"""Recompute every kept total from the facts and name each difference. There are none.

Facts: order lines, applied refunds, clicks, statuses, terms. Kept: an order's total, a conversion's
sale, refunds and commission, the ledger, the daily totals, a payout's amount, a run's amount.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from accounts.models import Brand
from payouts.models import RUN_STATE_OF_PAYMENTS
from tracking.baskets import lines_where_they_matter
from tracking.click_earnings import COUNTED
from tracking.imports import batches
from tracking.models import Conversion
from tracking.settlement import settle_target
from tracking.totals import FIGURES

BATCH = 2_000
EVER = datetime(1970, 1, 1, tzinfo=UTC)

# Each query yields (what, id, kept, from the facts) for the rows where the two differ.
_ORDERS = """
SELECT 'order total', o.id, o.total_minor, coalesce(sum(l.net_minor), 0)::bigint
FROM tracking_order o
LEFT JOIN tracking_orderline l ON l.brand_id = o.brand_id AND l.order_id = o.id
WHERE o.brand_id = %(brand)s
GROUP BY o.id HAVING o.total_minor <> coalesce(sum(l.net_minor), 0)
"""
_SALES = """
SELECT 'conversion sale', c.id, c.sale_minor, o.total_minor
FROM tracking_conversion c JOIN tracking_order o ON o.brand_id = c.brand_id AND o.id = c.order_id
WHERE c.brand_id = %(brand)s AND c.sale_minor <> o.total_minor
"""
_REFUNDS = """
SELECT 'conversion refunds', c.id, c.refunded_minor, coalesce(sum(r.amount_minor), 0)::bigint
FROM tracking_conversion c
LEFT JOIN tracking_refund r
  ON r.brand_id = c.brand_id AND r.order_id = c.order_id AND r.state = 'applied'
WHERE c.brand_id = %(brand)s
GROUP BY c.id HAVING c.refunded_minor <> coalesce(sum(r.amount_minor), 0)
"""
_LEDGER = """
SELECT 'conversion ledger', c.id, coalesce(sum(e.amount_minor), 0)::bigint, c.commission_minor
FROM tracking_conversion c
LEFT JOIN payouts_ledgerentry e ON e.brand_id = c.brand_id AND e.conversion_id = c.id
WHERE c.brand_id = %(brand)s
GROUP BY c.id HAVING c.commission_minor <> coalesce(sum(e.amount_minor), 0)
"""
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
# What is on the way or paid holds its entries; what came back holds none.
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
# A draft's line is what its entries add up to; a confirmed one is its payment.
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
_DAILY = """
WITH facts AS (
  SELECT enrollment_id, (occurred_at AT TIME ZONE %(zone)s)::date AS day,
    0 AS clicks,
    count(*) FILTER (WHERE status = 'accepted') AS conversions,
    count(*) FILTER (WHERE status = 'pending') AS pending,
    sum(sale_minor) FILTER (WHERE status = 'accepted') AS sales,
    sum(refunded_minor) FILTER (WHERE status = 'accepted') AS refunds,
    sum(commission_minor) FILTER (WHERE status = 'accepted') AS commission,
    sum(earnable_minor) FILTER (WHERE status = 'pending') AS waiting
  FROM tracking_conversion WHERE brand_id = %(brand)s GROUP BY 1, 2
  UNION ALL
  SELECT enrollment_id, (clicked_at AT TIME ZONE %(zone)s)::date,
    count(*), 0, 0, 0, 0, 0, 0
  FROM tracking_click WHERE brand_id = %(brand)s AND counted GROUP BY 1, 2
  UNION ALL
  SELECT enrollment_id, day, 0, 0, 0, 0, 0, sum(amount_minor), 0
  FROM tracking_clickearning WHERE brand_id = %(brand)s AND amount_minor <> 0 GROUP BY 1, 2
), day_facts AS (
  SELECT enrollment_id, day, sum(clicks) AS clicks, sum(conversions) AS conversions,
    sum(pending) AS pending, coalesce(sum(sales), 0) AS sales,
    coalesce(sum(refunds), 0) AS refunds, coalesce(sum(commission), 0) AS commission,
    coalesce(sum(waiting), 0) AS waiting
  FROM facts GROUP BY 1, 2
), kept AS (SELECT * FROM tracking_dailytotal WHERE brand_id = %(brand)s)
SELECT 'day ' || coalesce(kept.day, day_facts.day) || ' of enrollment',
  coalesce(kept.enrollment_id, day_facts.enrollment_id),
  concat_ws(' ', kept.clicks, kept.conversions, kept.pending, kept.sales_minor,
    kept.refunds_minor, kept.commission_minor, kept.pending_minor),
  concat_ws(' ', day_facts.clicks, day_facts.conversions, day_facts.pending, day_facts.sales,
    day_facts.refunds, day_facts.commission, day_facts.waiting)
FROM kept FULL JOIN day_facts USING (enrollment_id, day)
WHERE (coalesce(kept.clicks, 0), coalesce(kept.conversions, 0), coalesce(kept.pending, 0),
    coalesce(kept.sales_minor, 0), coalesce(kept.refunds_minor, 0),
    coalesce(kept.commission_minor, 0), coalesce(kept.pending_minor, 0))
  IS DISTINCT FROM
  (coalesce(day_facts.clicks, 0), coalesce(day_facts.conversions, 0),
    coalesce(day_facts.pending, 0), coalesce(day_facts.sales, 0),
    coalesce(day_facts.refunds, 0), coalesce(day_facts.commission, 0),
    coalesce(day_facts.waiting, 0))
"""
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
# Clicks of today may still wait to be credited; more than there are can't be.
_CLICKS = f"""
SELECT 'clicks credited', c.id, c.clicks, coalesce(counted.clicks, 0)
FROM tracking_clickearning c
LEFT JOIN ({COUNTED}) AS counted (enrollment_id, day, terms_id, clicks)
  USING (enrollment_id, day, terms_id)
WHERE c.brand_id = %(brand)s AND c.clicks > coalesce(counted.clicks, 0)
"""  # noqa: S608
# What triggers keep: the sums of the daily totals, of the ledger, and of how many there are.
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
_ABOUT_SALES = (_ORDERS, _SALES, _REFUNDS, _LEDGER, _DAILY)
_KEPT_BY_TRIGGERS = (_OFFER_DAYS, _MONTHS, _SOLD_SPANS, _LEDGER_SUMS, _COUNTS)
_ABOUT_CLICKS = (_CLICK_LEDGER, _CLICK_EARNINGS, _CLICKS)
_ABOUT_PAYOUTS = (_PAYOUTS, _PAYOUT_LEDGER, _PAYOUT_ITEMS)
_ABOUT_RUNS = (_RUNS, _RUN_LINES, _RUN_PAYOUTS, _RUN_STATES)
QUERIES = (
    *_ABOUT_SALES,
    *_ABOUT_CLICKS,
    *_ABOUT_PAYOUTS,
    *_ABOUT_RUNS,
    *_KEPT_BY_TRIGGERS,
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A kept figure that is not what the facts say."""

    what: str
    id: int
    kept: Any
    computed: Any

    def __str__(self) -> str:
        return f"{self.what} {self.id}: kept {self.kept}, the facts say {self.computed}"


def differences(brand: Brand) -> Iterator[Difference]:
    """Every difference in the brand acted for."""
    values = {"brand": brand.pk, "zone": brand.time_zone, "since": EVER}
    for query in QUERIES:
        for row in _rows(query, values):
            yield Difference(*row)
    conversions = Conversion.objects.select_related("terms").order_by("pk").iterator(BATCH)
    for batch in batches(conversions, BATCH):
        yield from _wrong_commissions(batch)


def _wrong_commissions(conversions: Sequence[Conversion]) -> Iterator[Difference]:
    lines = lines_where_they_matter(conversions)
    for row in conversions:
        kept = row.commission_minor, row.earnable_minor
        settle_target(row, lines)
        computed = row.commission_minor, row.earnable_minor
        if kept != computed:
            yield Difference("conversion commission", row.pk, kept, computed)


def _rows(query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
