"""A search reads few rows of a long list: those that may match, or the first ones of many.

Each list is read with FEW rows, and with MANY: PostgreSQL reads no more of the longer one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from affiliates.selectors import members
from core.tenancy import acting_for
from offers.models import Terms
from offers.selectors import in_offer
from payouts.selectors import payouts
from tests.cast import Cast
from tracking.figures.conversion_list import conversions
from tracking.figures.refunds_to_check import refunds_to_check
from tracking.figures.unattributed_orders import unattributed_orders
from tracking.questions.selectors import questions

FEW, MANY = 1_500, 6_000
A_PAGE = 51
MAX_READ = 700  # rows of all tables together
# Everybody is Common, one in four hundred is Rare, and one is Single and in no offer. However long
# the lists are, the same members are Idle: nothing is theirs.
IDLE = 600
FILL = """
INSERT INTO affiliates_member (brand_id, email, first_name, last_name, version, joined_at)
SELECT %(brand)s, 'i' || n || '@example.org', 'Idle', 'I' || n, 1, now() - interval '1 year'
FROM generate_series(1, CASE %(after)s WHEN 0 THEN %(idle)s ELSE 0 END) n;

INSERT INTO affiliates_member (brand_id, email, first_name, last_name, version, joined_at)
SELECT %(brand)s, 'm' || n || '@example.org', 'Common',
  CASE WHEN n = 5 THEN 'Single' WHEN n %% 400 = 0 THEN 'Rare' || n ELSE 'L' || n END, 1,
  now() - n * interval '1 s'
FROM generate_series(%(after)s + 1, %(until)s) n;

INSERT INTO offers_enrollment (brand_id, public_id, member_id, offer_id, status, link_version,
  joined_at, pauses)
SELECT brand_id, gen_random_uuid(), id, %(offer)s, 'active', 1, joined_at, '{}'
FROM affiliates_member
WHERE first_name = 'Common' AND last_name <> 'Single' AND NOT is_enrolled;

INSERT INTO tracking_order (brand_id, source, external_id, ordered_at, currency, total_minor,
  commissionable_minor, payment_status, is_test, revision, updated_at, customer_ref, promo_codes,
  click_id, digest, unattributed, received_at)
SELECT %(brand)s, kind, kind || n || CASE n %% 400 WHEN 0 THEN '-R' ELSE '-L' END, at, 'GBP', 1, 1,
  'paid', false, 1, at, '', CASE n %% 400 WHEN 0 THEN '{RARE}' ELSE '{COMMON}' END::text[], '', '',
  CASE kind WHEN 'lost' THEN 'unknown_code' ELSE '' END, at
FROM generate_series(%(after)s + 1, %(until)s) n, (VALUES ('lost'), ('sold')) AS kinds (kind),
  LATERAL (SELECT now() - n * interval '1 s' AS at) AS moments;

INSERT INTO tracking_conversion (brand_id, order_id, enrollment_id, offer_id, member_id, terms_id,
  tier, promo_code, customer, decision, decision_reason, status, reason, evidence, why, claims,
  occurred_at, payable_at, currency, sale_minor, refunded_minor, commission_minor, earnable_minor,
  explanation)
SELECT o.brand_id, o.id, e.id, e.offer_id, e.member_id, %(terms)s, 0, '', '', 'accepted', '',
  'accepted', '', 'code', '', '[]', o.ordered_at, o.ordered_at, 'GBP', 1, 0, 0, 0, '[]'
FROM tracking_order o JOIN affiliates_member m
  ON m.brand_id = o.brand_id AND m.email = 'm' || split_part(substr(o.external_id, 5), '-', 1)
    || '@example.org'
JOIN offers_enrollment e ON e.brand_id = m.brand_id AND e.member_id = m.id
WHERE o.source = 'sold' AND NOT EXISTS (SELECT FROM tracking_conversion WHERE order_id = o.id);

INSERT INTO tracking_refund (brand_id, source, external_id, order_external_id, parts, amount_minor,
  currency, refunded_at, state, reason, digest, received_at)
SELECT brand_id, source, 'r' || id, external_id, '[]', 0, 'GBP', ordered_at, 'parked', '', '',
  received_at
FROM tracking_order o WHERE source = 'lost' AND NOT EXISTS (
  SELECT FROM tracking_refund WHERE order_external_id = o.external_id);

INSERT INTO tracking_question (brand_id, enrollment_id, order_reference, ordered_on, note, asked_at,
  state, answer, answered_by)
SELECT e.brand_id, e.id, o.external_id, o.ordered_at, '', o.ordered_at, 'open', '', ''
FROM tracking_conversion c JOIN offers_enrollment e ON e.id = c.enrollment_id
JOIN tracking_order o ON o.id = c.order_id
WHERE NOT EXISTS (SELECT FROM tracking_question WHERE enrollment_id = e.id);

INSERT INTO payouts_payout (brand_id, public_id, member_id, currency, amount_minor, state,
  reference, reason, created_at, created_by)
SELECT brand_id, gen_random_uuid(), member_id, 'GBP', 1, 'paid',
  CASE id %% 400 WHEN 0 THEN 'from bank' ELSE 'in cash' END, '', occurred_at, 'x'
FROM tracking_conversion c
WHERE NOT EXISTS (SELECT FROM payouts_payout WHERE member_id = c.member_id);
"""
TABLES = (
    "affiliates_member", "offers_enrollment", "tracking_order", "tracking_conversion",
    "tracking_refund", "tracking_question", "payouts_payout",
)  # fmt: skip
Find = Callable[[], QuerySet[Any]]
LISTS: dict[str, Find] = {
    "members, all": lambda: _newest(members(search="common"), "joined_at"),
    "members, one": lambda: _newest(members(search="single"), "joined_at"),
    "members, by two letters": lambda: _newest(members(search="qz"), "joined_at"),
    "members, nobody": lambda: _newest(members(search="common nobody"), "joined_at"),
    "members, in no offer": lambda: _newest(in_offer(members(), None), "joined_at"),
    "conversions, of all": lambda: conversions(search="common"),
    "conversions, of one": lambda: conversions(search="m77@"),
    "conversions, of nobody": lambda: conversions(search="nobody"),
    "conversions, of many without": lambda: conversions(search="idle"),
    "conversions, all numbers": lambda: conversions(search="sold"),
    "conversions, one number": lambda: conversions(search="sold77-L"),
    "questions, of all": lambda: questions(search="common"),
    "questions, of one": lambda: questions(search="m77@"),
    "questions, of nobody": lambda: questions(search="nobody"),
    "questions, all numbers": lambda: questions(search="sold"),
    "questions, one number": lambda: questions(search="d77-"),
    "payouts, of all": lambda: payouts(search="common"),
    "payouts, of one": lambda: payouts(search="m77@"),
    "payouts, of nobody": lambda: payouts(search="nobody"),
    "payouts, of many without": lambda: payouts(search="idle"),
    "payouts, all references": lambda: payouts(search="cash"),
    "refunds, all": lambda: refunds_to_check(search="lost"),
    "refunds, one": lambda: refunds_to_check(search="t77-"),
    "refunds, none": lambda: refunds_to_check(search="nothing"),
    "orders, all": lambda: unattributed_orders(search="lost"),
    "orders, one": lambda: unattributed_orders(search="lost77-l"),
    "orders, a code": lambda: unattributed_orders(search="commo"),
    "orders, none": lambda: unattributed_orders(search="nothing"),
}


def test_a_longer_list_is_searched_by_reading_no_more_of_it(cast: Cast) -> None:
    after = 0
    read: dict[int, dict[str, int]] = {}
    for until in (FEW, MANY):
        with acting_for(cast.juniper):
            _fill(cast, after=after, until=until)
            read[until] = {name: _rows_read(find) for name, find in LISTS.items()}
        after = until

    too_many = {
        name: (read[FEW][name], rows)
        for name, rows in read[MANY].items()
        if rows > max(MAX_READ, read[FEW][name] * 1.2)
    }
    assert too_many == {}


def _newest(found: QuerySet[Any], column: str) -> QuerySet[Any]:
    return found.order_by(f"-{column}", "-pk")


def _fill(cast: Cast, *, after: int, until: int) -> None:
    terms = Terms.objects.get(offer=cast.glow).pk
    values = {
        "brand": cast.juniper.pk, "offer": cast.glow.pk, "terms": terms,
        "after": after, "until": until, "idle": IDLE,
    }  # fmt: skip
    with connection.cursor() as cursor:
        for statement in FILL.split(";\n"):
            if statement.strip():
                cursor.execute(statement, values)
        cursor.execute(f"ANALYZE {', '.join(TABLES)}")


def _rows_read(find: Find) -> int:
    """How many rows PostgreSQL reads of tables for the first page, with all its queries."""
    with CaptureQueriesContext(connection) as asked:
        list(find().select_related(None)[:A_PAGE])
    read = 0
    for query in asked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query['sql']}")
            [(plan,)] = cursor.fetchall()
        read += _read_by(plan[0]["Plan"])
    return read


def _read_by(node: dict[str, Any]) -> int:
    own = 0
    if "Relation Name" in node:
        kept_and_not = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
        own = round(sum(node.get(name, 0) for name in kept_and_not) * node["Actual Loops"])
    return own + sum(_read_by(part) for part in node.get("Plans", []))
