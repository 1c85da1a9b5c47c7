"""A brand's whole history, written by SQL: codes, links, sent mails, orders,
conversions, commissions, days, clicks, payments, and the audit log.
"""

from __future__ import annotations

from django.db import connection
from django.db.models import Model

from benchmarks.brand_with_members import BrandWithMembers, analyze
from benchmarks.kept_sums import FROM_THE_FACTS
from core.kept_sums import kept_sums
from core.tenancy import acting_for
from offers.models import Terms
from tracking.models import SoldSpan

DAYS = 360  # over which the orders are percentiles, the last of them today
# Rows are written day by day, as in reality, so those of one member are far apart. Every
# tenth is pending, every twentieth rejected; a sale is £5.00 to £104.99, a commission a tenth of
# it, held for two weeks. Everybody has a code and a link and was told of them. What was due two
# months ago is paid, each month's in one payment.
HISTORY = """
INSERT INTO tracking_promocode (brand_id, enrollment_id, code, status, created_at)
SELECT brand_id, id, 'CODE' || id, 'active', joined_at FROM offers_enrollment
WHERE brand_id = %(brand)s;

INSERT INTO tracking_trackinglink (brand_id, enrollment_id, slug, destination_url, status,
  created_at)
SELECT brand_id, id, 'link' || id, '', 'active', joined_at FROM offers_enrollment
WHERE brand_id = %(brand)s;

INSERT INTO notifications_campaign (brand_id, title, purpose, about, subject, body, html, text,
  from_name, reply_to, confirmation, state, recipients, confirmed_by, confirmed_at, finished_at)
VALUES (%(brand)s, 'Your codes', 'sales_tracking_items', 'offer:' || %(offer)s, 'Your code', '',
  '', '', 'bench', '', gen_random_uuid(), 'done', %(members)s, 'bench', now(), now());

INSERT INTO notifications_message (brand_id, public_id, campaign_id, recipient, about, purpose,
  to_address, to_name, values, state, attempts, due_at, reason, provider_id, settled_at)
SELECT enrollment.brand_id, gen_random_uuid(), campaign.id, 'member:' || member.id,
  'enrollment:' || enrollment.id, 'sales_tracking_items', member.email, '', '{}', 'accepted', 1,
  now(), '', '', now()
FROM offers_enrollment enrollment
JOIN affiliates_member member ON member.id = enrollment.member_id
JOIN notifications_campaign campaign ON campaign.brand_id = enrollment.brand_id
WHERE enrollment.brand_id = %(brand)s;

CREATE TEMPORARY TABLE add_conversions ON COMMIT DROP AS
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
  commissionable_minor, payment_status, is_test, revision, updated_at, customer_ref, promo_codes,
  click_id, digest, unattributed, received_at)
SELECT %(brand)s, 'bench', n::text, at, 'GBP', sale, sale, 'paid', false, 1, at, '', '{}', '', '',
  '', at FROM add_conversions;

INSERT INTO tracking_conversion (brand_id, order_id, enrollment_id, offer_id, member_id, terms_id,
  tier, promo_code, customer, decision, decision_reason, status, reason, evidence, why, claims,
  occurred_at, payable_at, currency, sale_minor, refunded_minor, commission_minor, earnable_minor,
  explanation)
SELECT %(brand)s, o.id, enrollment_id, %(offer)s, member_id, %(terms)s, 0, '', '', status,
  CASE status WHEN 'rejected' THEN 'No' ELSE '' END, status,
  CASE status WHEN 'rejected' THEN 'No' ELSE '' END, 'code', 'the order brought its code',
  '[{"evidence": "code", "words": "the code BENCH", "code": "BENCH"}]', at,
  at + interval '14 days', 'GBP', sale, 0,
  CASE status WHEN 'accepted' THEN sale / 10 ELSE 0 END,
  CASE status WHEN 'rejected' THEN 0 ELSE sale / 10 END, '[]'
FROM add_conversions JOIN tracking_order o ON o.brand_id = %(brand)s AND o.external_id = n::text;

INSERT INTO payouts_ledgerentry (brand_id, enrollment_id, kind, amount_minor, currency,
  conversion_id, note, posted_at, available_at)
SELECT brand_id, enrollment_id, 'commission', commission_minor, 'GBP', id, '', occurred_at,
  payable_at
FROM tracking_conversion WHERE brand_id = %(brand)s AND commission_minor > 0;

CREATE TEMPORARY TABLE owed ON COMMIT DROP AS
SELECT e.id AS entry_id, e.enrollment_id, n.member_id, e.amount_minor,
  date_trunc('month', e.available_at) AS month
FROM payouts_ledgerentry e JOIN offers_enrollment n ON n.id = e.enrollment_id
WHERE e.brand_id = %(brand)s AND e.available_at < date_trunc('month', now() - interval '60 days');

INSERT INTO payouts_payout (brand_id, public_id, member_id, currency, amount_minor, state,
  reference, reason, created_at, created_by, settled_at)
SELECT %(brand)s, gen_random_uuid(), member_id, 'GBP', sum(amount_minor), 'paid', 'bench', '',
  month + interval '1 month', 'bench', month + interval '1 month'
FROM owed GROUP BY member_id, month;

INSERT INTO payouts_payoutitem (brand_id, payout_id, entry_id)
SELECT %(brand)s, p.id, owed.entry_id FROM owed JOIN payouts_payout p ON p.brand_id = %(brand)s
  AND p.member_id = owed.member_id AND p.created_at = owed.month + interval '1 month';

INSERT INTO payouts_ledgerentry (brand_id, enrollment_id, kind, amount_minor, currency, payout_id,
  note, posted_at, available_at)
SELECT %(brand)s, n.id, 'payout', -p.amount_minor, 'GBP', p.id, '', p.created_at, p.created_at
FROM payouts_payout p JOIN offers_enrollment n ON n.brand_id = p.brand_id
  AND n.member_id = p.member_id WHERE p.brand_id = %(brand)s;

INSERT INTO accounts_auditentry (brand_id, at, actor, action, target, detail)
SELECT brand_id, received_at, 'api key:bench', 'order.recorded', 'order:' || id, '{}'
FROM tracking_order WHERE brand_id = %(brand)s;

INSERT INTO tracking_dailytotal (brand_id, enrollment_id, day, clicks, conversions, pending,
  sales_minor, refunds_minor, commission_minor, pending_minor, pending_sales_minor)
SELECT brand_id, enrollment_id, (occurred_at AT TIME ZONE 'Europe/London')::date, 3,
  count(*) FILTER (WHERE status = 'accepted'), count(*) FILTER (WHERE status = 'pending'),
  coalesce(sum(sale_minor) FILTER (WHERE status = 'accepted'), 0), 0, sum(commission_minor),
  coalesce(sum(earnable_minor) FILTER (WHERE status = 'pending'), 0),
  coalesce(sum(sale_minor - refunded_minor) FILTER (WHERE status = 'pending'), 0)
FROM tracking_conversion WHERE brand_id = %(brand)s GROUP BY 1, 2, 3 ORDER BY 3;
"""


def add_sales_history(sample: BrandWithMembers, *, members: int, conversions: int) -> None:
    """Add `conversions` to the brand's offer, evenly among its members.

    Foreign keys are not checked for each row, as in a bulk load.
    """
    with acting_for(sample.brand):
        terms = Terms.objects.get(offer=sample.offer)
    values = {
        "brand": sample.brand.pk,
        "offer": sample.offer.pk,
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
    _keep_sums()
    analyze()


def _keep_sums() -> None:
    """Fill the kept sums, because no trigger ran for these rows."""
    sums: list[type[Model]] = [*kept_sums(), SoldSpan]
    for model in sums:
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {model._meta.db_table}")
    for statement in FROM_THE_FACTS:
        with connection.cursor() as cursor:
            cursor.execute(statement)
