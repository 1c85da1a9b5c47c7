"""Every list of the API with a million rows, beside the same list with ten thousand.

Orders, clicks and conversions are as many as CONVERSIONS says, members, codes and links as many as
MEMBERS, and the small brand has FEW_CONVERSIONS and FEW_MEMBERS. One member has a tenth of all, and
of each state there are a few rows, the oldest. Both brands are asked in turn. The ratio is that of
the fastest answers, as all else is the machine; where that is busy, the blocks that PostgreSQL
looks at tell more. Each list must need the same number of queries.
`MEMBERS=2000 CONVERSIONS=20000 python -m benchmarks api_lists` is quick.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from accounts.api_keys import create_api_key
from benchmarks.brand_with_members import BY, NOW, BrandWithMembers, analyze, make_brand
from benchmarks.figures import show, timed
from benchmarks.sales_history import add_sales_history
from core.public_ids import IdKind, public_id
from core.tenancy import acting_for
from tracking.links.partitions import ensure_partitions, month_of

MEMBERS = int(os.environ.get("MEMBERS", "100000"))
CONVERSIONS = int(os.environ.get("CONVERSIONS", "1000000"))
FEW_MEMBERS = int(os.environ.get("FEW_MEMBERS", str(min(MEMBERS, 10_000))))
FEW_CONVERSIONS = int(os.environ.get("FEW_CONVERSIONS", str(min(CONVERSIONS, 10_000))))
ROUNDS = int(os.environ.get("ROUNDS", "15"))
FIRST_NAMES = 50
MAX_RATIO, MAX_QUERIES = 1.2, 6
CLICK_PAUSE = timedelta(seconds=20)  # between two clicks
# Of the heavy member, and of others. @deep: a page among the oldest tenth of the rows.
LISTS = {
    "/orders": ("", "@deep", "unattributed=true", "unattributed=true&brought=code",
                "unattributed=true&source=bench",
                "unattributed=true&search=lost-7&limit=10"),
    "/refunds": ("", "@deep", "order={order}", "to_check=true&limit=2",
                "to_check=true&outcome=in-part&limit=2",
                 "to_check=true&search=00&limit=2"),
    "/revisions": ("order={order}",),
    "/clicks": ("", "@deep", "enrollment={heavy}", "enrollment={light}&limit=1"),
    "/conversions": ("", "@deep", "status=pending", "status=rejected", "status=undecided",
                     "evidence=code", "evidence=click", "offer={offer}", "member={heavy_member}",
                     "member={light_member}&limit=1", "enrollment={heavy}",
                     "enrollment={heavy}&status=pending&limit=1", "offer={offer}&status=rejected",
                     "search=m77@&limit=1", "search=nobody"),
    "/members": ("", "@deep", "search=m77@", "search=nobody", "tag=vip",
                 "owner=none", "offer={offer}", "offer=none"),
    "/offers": ("", "status=active", "search=all"),
    "/enrollments": ("", "@deep", "member={light_member}", "offer={offer}", "status=active",
                     "status=inactive", "status=removed", "offer={offer}&status=inactive"),
    "/codes": ("", "@deep", "enrollment={light}", "code=code7", "status=active",
               "status=inactive"),
    "/links": ("", "@deep", "enrollment={light}", "status=active", "status=inactive"),
    "/questions": ("", "@deep", "state=open", "state=refused", "member={heavy_member}",
                   "search=nobody"),
    "/payouts": ("", "@deep", "state=paid", "state=failed", "member={light_member}&limit=1",
                 "search=nobody"),
    "/payout-runs": ("", "state=draft"),
}  # fmt: skip
# Words that ten or a hundred times as many rows of the longer list have. So few have them in the
# shorter one that an index is best; of the longer one, the newest rows are compared.
FREQUENT = {
    "/conversions": ("search=77", "search=Name7&limit=1"),
    "/members": ("search=Name7", "search=m77"),
    "/questions": ("search=Name7&limit=1",),
    "/payouts": ("search=Name7&limit=1",),
}
MORE = """
UPDATE affiliates_member
SET joined_at = now() - interval '1 year' + (id - %(first)s) * interval '1 s'
WHERE brand_id = %(brand)s;

UPDATE offers_enrollment e SET joined_at = m.joined_at FROM affiliates_member m
WHERE e.brand_id = %(brand)s AND m.id = e.member_id;

UPDATE tracking_promocode c SET created_at = e.joined_at FROM offers_enrollment e
WHERE c.brand_id = %(brand)s AND e.id = c.enrollment_id;

UPDATE tracking_trackinglink c SET created_at = e.joined_at FROM offers_enrollment e
WHERE c.brand_id = %(brand)s AND e.id = c.enrollment_id;

UPDATE tracking_conversion SET enrollment_id = %(heavy)s, member_id = %(heavy_member)s
WHERE brand_id = %(brand)s AND order_id %% 10 = 0;

UPDATE tracking_conversion SET evidence = 'click' WHERE id IN (
  SELECT id FROM tracking_conversion WHERE brand_id = %(brand)s ORDER BY occurred_at LIMIT 20);

INSERT INTO tracking_click (brand_id, link_id, enrollment_id, click_id, clicked_at, kind,
  user_agent, referrer_host)
SELECT brand_id, %(link)s + CASE n %% 10 WHEN 0 THEN 0 ELSE n %% %(members)s END,
  %(heavy)s + CASE n %% 10 WHEN 0 THEN 0 ELSE n %% %(members)s END,
  gen_random_uuid(), now() - n * interval '20 s', 'visit', 'Firefox', ''
FROM generate_series(1, %(many)s) n, tracking_trackinglink l WHERE l.id = %(link)s;

INSERT INTO tracking_order (brand_id, source, external_id, ordered_at, currency, total_minor,
  commissionable_minor, payment_status, is_test, revision, updated_at, customer_ref, promo_codes,
  click_id, digest, unattributed, received_at)
SELECT brand_id, source, 'lost-' || n, ordered_at - n * interval '2 s', currency, total_minor,
  commissionable_minor, payment_status, is_test, revision, updated_at, '',
  CASE n %% 2 WHEN 0 THEN '{}' ELSE '{NOBODYS}' END::text[], '', '', 'unknown_code',
  received_at - n * interval '2 s'
FROM generate_series(1, %(some)s) n, tracking_order o WHERE o.id = %(order)s;

INSERT INTO tracking_refund (brand_id, source, external_id, order_external_id, order_id, parts,
  asked_minor, amount_minor, currency, refunded_at, state, reason, digest, received_at)
SELECT brand_id, source, 'r' || id, external_id, id, '[]', 100, 100, currency, ordered_at,
  'applied', CASE id %% 500 WHEN 0 THEN 'more_than_left' ELSE '' END, '', received_at
FROM tracking_order WHERE brand_id = %(brand)s AND (id %% 10 = 0 OR id = %(order)s);

INSERT INTO tracking_orderrevision (brand_id, order_id, number, contents, digest, updated_at,
  received_at)
SELECT brand_id, id, 1, '{}', '', updated_at, received_at FROM tracking_order
WHERE brand_id = %(brand)s AND (id %% 4 = 0 OR id = %(order)s);

INSERT INTO tracking_question (brand_id, enrollment_id, order_reference, ordered_on, note, asked_at,
  state, answer, answered_by, answered_at)
SELECT brand_id, enrollment_id, order_id::text, occurred_at, '', occurred_at,
  CASE order_id %% 100 WHEN 0 THEN 'open' ELSE 'refused' END,
  CASE order_id %% 100 WHEN 0 THEN '' ELSE 'No' END,
  CASE order_id %% 100 WHEN 0 THEN '' ELSE 'bench' END,
  CASE order_id %% 100 WHEN 0 THEN NULL ELSE occurred_at END
FROM tracking_conversion WHERE brand_id = %(brand)s AND order_id %% 20 < 2;

UPDATE offers_enrollment SET status = 'inactive', deactivated_at = now() WHERE id IN (
  SELECT id FROM offers_enrollment WHERE brand_id = %(brand)s AND id > %(heavy)s
  ORDER BY joined_at LIMIT 20);

UPDATE tracking_promocode SET status = 'inactive', deactivated_at = now() WHERE id IN (
  SELECT id FROM tracking_promocode WHERE brand_id = %(brand)s ORDER BY created_at LIMIT 20);

UPDATE tracking_trackinglink SET status = 'inactive', deactivated_at = now() WHERE id IN (
  SELECT id FROM tracking_trackinglink WHERE brand_id = %(brand)s ORDER BY created_at LIMIT 20);

INSERT INTO affiliates_membertag (brand_id, member_id, tag)
SELECT brand_id, id, 'vip' FROM affiliates_member WHERE brand_id = %(brand)s ORDER BY id LIMIT 20;

UPDATE payouts_payout SET state = 'failed', reason = 'bench' WHERE id IN (
  SELECT id FROM payouts_payout WHERE brand_id = %(brand)s ORDER BY created_at LIMIT 20)
"""
FIRST = """
SELECT e.id, e.member_id, l.id, o.id FROM offers_enrollment e
JOIN tracking_trackinglink l ON l.enrollment_id = e.id
CROSS JOIN LATERAL (SELECT id FROM tracking_order WHERE brand_id = e.brand_id
  ORDER BY received_at DESC LIMIT 1) o
WHERE e.brand_id = %s ORDER BY e.id LIMIT 1
"""


@dataclass
class Shop:
    """Asks for lists of one brand; `ids` are what filters name."""

    key: str
    ids: dict[str, str]
    client: Client = field(default_factory=Client)

    def ask(self, path: str, query: str) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = self.client.get(f"/api/v1{path}?{query}", headers=headers)
        assert answer.status_code == 200, (path, query, answer.content)
        return answer.json()

    def query(self, path: str, query: str) -> str:
        """The query for this brand; @deep: a page behind a cursor, among the oldest tenth."""
        if query != "@deep":
            return query.format(**self.ids)
        table, column = DEEP[path]
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {column} FROM {table} WHERE brand_id = %s ORDER BY {column}"  # noqa: S608
                f" OFFSET (SELECT count(*) / 10 FROM {table} WHERE brand_id = %s) LIMIT 1",
                [self.brand_id, self.brand_id],
            )
            moment = cursor.fetchall()[0][0].isoformat().replace("+00:00", "Z")
        before = f"created_before={moment}&limit=20"
        return f"{before}&cursor={self.ask(path, before)['next_cursor'] or ''}"

    @property
    def brand_id(self) -> int:
        return int(self.ids["brand"])


DEEP = {
    "/orders": ("tracking_order", "received_at"),
    "/refunds": ("tracking_refund", "received_at"),
    "/clicks": ("tracking_click", "clicked_at"),
    "/conversions": ("tracking_conversion", "occurred_at"),
    "/members": ("affiliates_member", "joined_at"),
    "/enrollments": ("offers_enrollment", "joined_at"),
    "/codes": ("tracking_promocode", "created_at"),
    "/links": ("tracking_trackinglink", "created_at"),
    "/questions": ("tracking_question", "asked_at"),
    "/payouts": ("payouts_payout", "created_at"),
}


@override_settings(ALLOWED_HOSTS=["*"], SECURE_SSL_REDIRECT=False, API_RATE=0)
def run() -> None:
    shops = (
        _shop("tenthousand", members=FEW_MEMBERS, conversions=FEW_CONVERSIONS),
        _shop("million", members=MEMBERS, conversions=CONVERSIONS),
    )
    analyze()
    show(
        "members, conversions",
        f"{MEMBERS:,}, {CONVERSIONS:,} against {FEW_MEMBERS:,}, {FEW_CONVERSIONS:,}",
    )
    slower = [
        f"{path}?{query}"
        for path, queries in LISTS.items()
        for query in queries
        if not _compare(path, query, shops)
    ]
    show(f"lists above {MAX_RATIO}", ", ".join(slower) or "none")
    show("words that more of the rows have", "")
    for path, queries in FREQUENT.items():
        for query in queries:
            _compare(path, query, shops)


def _shop(slug: str, *, members: int, conversions: int) -> Shop:
    sample = make_brand(slug, members=members, first_names=FIRST_NAMES)
    add_sales_history(sample, members=members, conversions=conversions)
    ids = _add_more(sample, members=members, conversions=conversions)
    with acting_for(sample.brand):
        return Shop(create_api_key(label="bench", by=BY, now=NOW).secret, ids)


def _add_more(sample: BrandWithMembers, *, members: int, conversions: int) -> dict[str, str]:
    """Add what sales alone do not bring, and return the ids that filters name."""
    brand = sample.brand.pk
    with connection.cursor() as cursor:
        cursor.execute(FIRST, [brand])
        [(heavy, heavy_member, link, order)] = cursor.fetchall()
        values = {
            "brand": brand, "members": members, "many": conversions, "some": conversions // 50,
            "heavy": heavy, "heavy_member": heavy_member, "link": link, "order": order,
            "first": heavy_member,
        }  # fmt: skip
        now = timezone.now()
        ensure_partitions(month_of(now - conversions * CLICK_PAUSE), month_of(now))
        cursor.execute("BEGIN")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in MORE.split(";\n"):
            cursor.execute(statement, values)
        cursor.execute("COMMIT")
    rows = {
        "heavy": (IdKind.ENROLLMENT, heavy),
        "light": (IdKind.ENROLLMENT, heavy + 50),
        "heavy_member": (IdKind.MEMBER, heavy_member),
        "light_member": (IdKind.MEMBER, heavy_member + 50),
        "offer": (IdKind.OFFER, sample.offer.pk),
        "order": (IdKind.ORDER, order),
    }
    shown = {
        name: public_id(kind, brand_id=brand, row_id=row_id)
        for name, (kind, row_id) in rows.items()
    }
    return {**shown, "brand": str(brand)}


def _compare(path: str, query: str, shops: tuple[Shop, Shop]) -> bool:
    """Print both times, their ratio, the rows and the queries; return whether that is well."""
    asked = [(shop, shop.query(path, query)) for shop in shops]
    rows = [len(shop.ask(path, own)["data"]) for shop, own in asked]
    queries, blocks = [], []
    for shop, own in asked:
        with CaptureQueriesContext(connection) as captured:
            shop.ask(path, own)
        queries.append(len(captured))
        blocks.append(_blocks([one["sql"] for one in captured]))
    assert queries[0] == queries[1] <= MAX_QUERIES, (path, query, queries)
    seconds: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for number, (shop, own) in enumerate(asked):
            seconds[number].append(timed(lambda: shop.ask(path, own)))  # noqa: B023
    few, many = min(seconds[0]), min(seconds[1])
    ratio = many / few
    show(
        f"{path}?{query}"[:52],
        f"{ratio:.2f}  ({few * 1_000:.1f} ms, {many * 1_000:.1f} ms; {rows[0]}, {rows[1]} rows;"
        f" {blocks[0]}, {blocks[1]} blocks; {queries[1]} queries)",
    )
    return ratio <= MAX_RATIO


def _blocks(statements: Sequence[str]) -> int:
    """How many blocks of 8 kB PostgreSQL looks at. It is the same on a busy machine."""
    found = 0
    for statement in statements:
        if statement.startswith("SELECT"):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}")
                [(plan,)] = cursor.fetchall()
            top = plan[0]["Plan"]
            found += top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    return int(found)
