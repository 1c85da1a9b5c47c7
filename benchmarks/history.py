"""A member's history of any length, multiplied by PostgreSQL from one real order.

Two years of orders, one in fifty rejected and one in fifty pending, and a payment for each month of
what was due by then. The foreign keys are known to be right, so they are not checked.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Sum

from accounts.actors import Actor
from core.db import refresh_statistics
from offers.models import Enrollment
from payouts.models import EntryKind, LedgerEntry, Payout, PayoutItem, PayoutState
from tracking.models import Conversion, DailyTotal, Order, PromoCode
from tracking.orders.reading import read_order
from tracking.orders.recording import record_order

BY = Actor.system("bench")
YEARS = 2
MONTH = timedelta(days=30)
MANY_ROWS = "SELECT setval(pg_get_serial_sequence(%s, 'id'), max(id)) FROM "
ORDERS = """
INSERT INTO tracking_order SELECT made.* FROM tracking_order o, generate_series(1, %(count)s) n,
LATERAL jsonb_populate_record(o, jsonb_build_object(
  'id', o.id + n, 'external_id', 'SHOP-' || n, 'ordered_at', %(now)s - n * %(step)s,
  'received_at', %(now)s - n * %(step)s, 'updated_at', %(now)s - n * %(step)s,
  'digest', md5(n::text))) made
WHERE o.id = %(order)s
"""
CONVERSIONS = """
INSERT INTO tracking_conversion SELECT made.*
FROM tracking_conversion c, generate_series(1, %(count)s) n,
LATERAL jsonb_populate_record(c, jsonb_build_object(
  'id', c.id + n, 'order_id', c.order_id + n, 'occurred_at', %(now)s - n * %(step)s,
  'payable_at', %(now)s - n * %(step)s + interval '14 days',
  'status', CASE n %% 50 WHEN 0 THEN 'rejected' WHEN 1 THEN 'pending' ELSE 'accepted' END,
  'decision', CASE n %% 50 WHEN 0 THEN 'rejected' WHEN 1 THEN 'pending' ELSE 'accepted' END,
  'reason', CASE n %% 50 WHEN 0 THEN 'Cancelled by the shop' ELSE '' END,
  'decision_reason', CASE n %% 50 WHEN 0 THEN 'Cancelled by the shop' ELSE '' END,
  'commission_minor', CASE WHEN n %% 50 < 2 THEN 0 ELSE c.commission_minor END)) made
WHERE c.id = %(conversion)s
"""
ENTRIES = """
INSERT INTO payouts_ledgerentry SELECT made.*
FROM payouts_ledgerentry e, generate_series(1, %(count)s) n,
LATERAL jsonb_populate_record(e, jsonb_build_object(
  'id', e.id + n, 'conversion_id', e.conversion_id + n, 'posted_at', %(now)s - n * %(step)s,
  'available_at', %(now)s - n * %(step)s + interval '14 days')) made
WHERE e.conversion_id = %(conversion)s AND n %% 50 > 1
"""
DAYS = """
INSERT INTO tracking_dailytotal AS total (brand_id, enrollment_id, day, clicks, conversions,
  pending, sales_minor, refunds_minor, commission_minor, pending_minor, pending_sales_minor)
SELECT brand_id, enrollment_id, (occurred_at AT TIME ZONE %(zone)s)::date, 0,
  count(*) FILTER (WHERE status = 'accepted'), count(*) FILTER (WHERE status = 'pending'),
  coalesce(sum(sale_minor) FILTER (WHERE status = 'accepted'), 0), 0, sum(commission_minor),
  coalesce(sum(earnable_minor) FILTER (WHERE status = 'pending'), 0),
  coalesce(sum(sale_minor - refunded_minor) FILTER (WHERE status = 'pending'), 0)
FROM tracking_conversion
WHERE enrollment_id = %(enrollment)s AND id > %(conversion)s GROUP BY 1, 2, 3
ON CONFLICT (brand_id, enrollment_id, day) DO UPDATE SET
  conversions = total.conversions + excluded.conversions, pending = excluded.pending,
  sales_minor = total.sales_minor + excluded.sales_minor, pending_minor = excluded.pending_minor,
  commission_minor = total.commission_minor + excluded.commission_minor,
  pending_sales_minor = excluded.pending_sales_minor
"""
ITEMS = """
INSERT INTO payouts_payoutitem (brand_id, payout_id, entry_id)
SELECT brand_id, %(payout)s, id FROM payouts_ledgerentry
WHERE enrollment_id = %(enrollment)s AND kind = 'commission'
  AND available_at >= %(since)s AND available_at < %(until)s
"""


def add_conversions(enrollment: Enrollment, conversions: int, *, now: datetime) -> None:
    """Add `conversions` to the enrollment, which has a code."""
    order_id, conversion_id = _first_order(enrollment, now=now)
    values: dict[str, Any] = {
        "now": now, "step": timedelta(days=365 * YEARS) / conversions, "count": conversions - 1,
        "order": order_id, "conversion": conversion_id, "enrollment": enrollment.pk,
        "zone": enrollment.brand.time_zone,
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in (ORDERS, CONVERSIONS, ENTRIES, DAYS):
            cursor.execute(statement, values)
        for model in (Order, Conversion, LedgerEntry):
            table = model._meta.db_table
            cursor.execute(f"{MANY_ROWS}{table}", [table])
        _pay_by_the_month(enrollment, now=now)
    refresh_statistics(Order, Conversion, LedgerEntry, PayoutItem, DailyTotal)
    with connection.cursor() as cursor:  # as autovacuum does on a live database
        cursor.execute("VACUUM tracking_conversion, payouts_ledgerentry, tracking_dailytotal")


def _first_order(enrollment: Enrollment, *, now: datetime) -> tuple[int, int]:
    code = PromoCode.objects.get(enrollment=enrollment).code
    line = {"sku": "GLOW-1", "product": "Glow set", "quantity": 1, "unit_price": "84.20"}
    facts = read_order(
        {"order_id": "SHOP-0", "ordered_at": (now - timedelta(minutes=5)).isoformat(),
         "currency": "GBP", "promo_code": code, "lines": [line]}
    )  # fmt: skip
    outcome = record_order(order=facts, source="shop", by=BY, now=now)
    assert outcome.conversion_id is not None
    row = Conversion.objects.get(pk=outcome.conversion_id)
    return row.order_id, row.pk


def _pay_by_the_month(enrollment: Enrollment, *, now: datetime) -> None:
    until = now - timedelta(days=365 * YEARS) + MONTH
    while until < now - MONTH:
        since = until - MONTH
        due = LedgerEntry.objects.filter(
            enrollment=enrollment, kind=EntryKind.COMMISSION, available_at__gte=since,
            available_at__lt=until,
        )  # fmt: skip
        amount = due.aggregate(sum=Sum("amount_minor"))["sum"]
        if amount:
            _pay(enrollment, amount, since=since, until=until)
        until += MONTH


def _pay(enrollment: Enrollment, amount: int, *, since: datetime, until: datetime) -> None:
    payout = Payout.objects.create(
        member=enrollment.member, currency="GBP", amount_minor=amount, state=PayoutState.PAID,
        reference=f"BACS {until:%Y-%m}", created_at=until, created_by="bench", settled_at=until,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            ITEMS,
            {"payout": payout.pk, "enrollment": enrollment.pk, "since": since, "until": until},
        )
    LedgerEntry.objects.create(
        enrollment=enrollment, kind=EntryKind.PAYOUT, amount_minor=-amount, currency="GBP",
        payout=payout, posted_at=until, available_at=until,
    )  # fmt: skip
