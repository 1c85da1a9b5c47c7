"""A brand's whole history of orders, conversions, commissions, days and clicks, written by SQL."""

from __future__ import annotations

from django.db import connection

from benchmarks.crowd import Crowd, analyze
from core.tenancy import acting_for
from offers.models import Terms

DAYS = 360  # over which the orders are spread, the last of them today
# Rows of one member are written far apart, as time writes them. Every tenth is pending, every
# twentieth rejected; a sale is £5.00 to £104.99, a commission a tenth of it.
HISTORY = """
CREATE TEMPORARY TABLE sold ON COMMIT DROP AS
SELECT n, enrollment.id AS enrollment_id, enrollment.member_id,
  500 + (n * 7919) %% 10000 AS sale, now() - (%(days)s * 86400.0 * n / %(many)s) * interval '1 s'
    AS at,
  CASE WHEN n %% 10 = 0 THEN 'pending' WHEN n %% 20 = 1 THEN 'rejected' ELSE 'accepted' END
    AS status
FROM generate_series(0::bigint, %(many)s - 1) AS n
JOIN (SELECT id, member_id, row_number() OVER (ORDER BY id) - 1 AS place
  FROM offers_enrollment WHERE brand_id = %(brand)s) AS enrollment
  ON enrollment.place = (n * 104729) %% %(members)s;

INSERT INTO tracking_order (brand_id, source, external_id, ordered_at, currency, total_minor,
  customer_ref, promo_code, click_id, digest, unattributed, received_at)
SELECT %(brand)s, 'bench', n::text, at, 'GBP', sale, '', '', '', '', '', at FROM sold;

INSERT INTO tracking_conversion (brand_id, order_id, enrollment_id, offer_id, member_id, terms_id,
  tier, promo_code, customer, status, reason, evidence, why, claims, occurred_at, payable_at,
  currency, sale_minor, refunded_minor, commission_minor, earnable_minor, explanation)
SELECT %(brand)s, o.id, enrollment_id, %(offer)s, member_id, %(terms)s, 0, '', '', status,
  CASE status WHEN 'rejected' THEN 'No' ELSE '' END, 'code', 'the order brought its code',
  '[]', at, at, 'GBP', sale, 0, CASE status WHEN 'accepted' THEN sale / 10 ELSE 0 END,
  CASE status WHEN 'rejected' THEN 0 ELSE sale / 10 END, '[]'
FROM sold JOIN tracking_order o ON o.brand_id = %(brand)s AND o.external_id = n::text;

INSERT INTO payouts_ledgerentry (brand_id, enrollment_id, kind, amount_minor, currency,
  conversion_id, note, posted_at, available_at)
SELECT brand_id, enrollment_id, 'commission', commission_minor, 'GBP', id, '', occurred_at,
  payable_at
FROM tracking_conversion WHERE brand_id = %(brand)s AND commission_minor > 0;

INSERT INTO tracking_dailytotal (brand_id, enrollment_id, day, clicks, conversions, pending,
  sales_minor, refunds_minor, commission_minor, pending_minor)
SELECT brand_id, enrollment_id, (occurred_at AT TIME ZONE 'Europe/London')::date, 3,
  count(*) FILTER (WHERE status = 'accepted'), count(*) FILTER (WHERE status = 'pending'),
  coalesce(sum(sale_minor) FILTER (WHERE status = 'accepted'), 0), 0, sum(commission_minor),
  coalesce(sum(earnable_minor) FILTER (WHERE status = 'pending'), 0)
FROM tracking_conversion WHERE brand_id = %(brand)s GROUP BY 1, 2, 3;
"""


def sell(crowd: Crowd, *, members: int, conversions: int) -> None:
    """Give the crowd's offer so many conversions, evenly among its members.

    The foreign keys are not checked one by one while they are written: that is what a load does.
    """
    with acting_for(crowd.brand):
        terms = Terms.objects.get(offer=crowd.offer)
    values = {
        "brand": crowd.brand.pk,
        "offer": crowd.offer.pk,
        "terms": terms.pk,
        "members": members,
        "many": conversions,
        "days": DAYS,
    }
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in HISTORY.split(";\n"):
            if statement.strip():
                cursor.execute(statement, values)
        cursor.execute("COMMIT")
    analyze()
