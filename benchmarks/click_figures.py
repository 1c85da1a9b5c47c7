"""Figures of few and of many clicks and conversions: the times, and that the queries are as many.

BENCH_CLICKS (10,000,000 by default) and BENCH_CONVERSIONS (1,000,000) say how many the larger
brand has; the smaller one has 10,000 of both. Both have as many members, links, days and sources,
each used: so only the number of clicks and conversions differs. PostgreSQL itself makes the rows.
The multiple is of the processor's time, of this process and of PostgreSQL's: so it says the same on
a machine with other work.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.brand_with_members import BrandWithMembers, analyze, make_brand
from benchmarks.figures import show, timed
from benchmarks.sales_history import add_sales_history
from core.kept_sums import fold_all
from core.tenancy import acting_for
from offers.models import Enrollment
from tracking.figures.by_source import (
    figures_of_links,
    links_of_enrollments,
    links_of_offers,
    sources_of_enrollments,
    sources_of_offers,
)
from tracking.figures.metrics import ALL_TIME, DateRange, figures_of_offers, offers_totals_by_day
from tracking.figures.top_products import top_products_of_offers
from tracking.links.partitions import ensure_partitions, month_of
from tracking.models import Click, Dimension, TrackingLink

NOW = datetime.now(UTC)
FEW = 10_000
MANY_CLICKS = int(os.environ.get("BENCH_CLICKS", "10000000"))
MANY_CONVERSIONS = int(os.environ.get("BENCH_CONVERSIONS", "1000000"))
MEMBERS = 101  # no multiple of the number of sources, so each link meets each of them
DAYS = 90  # of clicks; 10,000 clicks are then one of each link on each day
REPEATS, WARM = 42, 2
REFERRERS = ("", "", "instagram.com", "youtube.com", "blog.example", "t.co", "news.example")
COUNTRIES = ("DE", "US", "FR", "GB", "")
DEVICES = ("phone", "phone", "computer", "tablet")
SUBS = ("", "", "story", "bio", "video", "mail")
FILL = """
INSERT INTO tracking_click (brand_id, link_id, enrollment_id, click_id, clicked_at, kind, visitor,
  referrer_host, sub1, country, device)
SELECT %(brand)s, link.id, link.enrollment_id, 'bench-' || lpad(number::text, 42, '0'),
  %(now)s - number * make_interval(secs => %(step)s),
  CASE WHEN number %% 50 = 0 THEN 'robot' ELSE 'visit' END, hashint8extended(number / 2, 7),
  (%(referrers)s::text[])[1 + number %% 7], (%(subs)s::text[])[1 + number %% 6],
  (%(countries)s::text[])[1 + number %% 5], (%(devices)s::text[])[1 + number %% 4]
FROM generate_series(0, %(clicks)s - 1) AS number
JOIN (SELECT id, enrollment_id, row_number() OVER (ORDER BY id) - 1 AS place
  FROM tracking_trackinglink WHERE brand_id = %(brand)s) AS link
  ON link.place = number %% %(members)s
"""
# A visitor is here once per source, so that counting takes no hours: the figures are only read.
COUNT = """
INSERT INTO tracking_sourcetotal (brand_id, enrollment_id, day, dimension, value, number, clicks,
  visitors, robots, inactive, conversions, sales_minor, commission_minor)
SELECT %(brand)s, enrollment_id, day, dimension, value,
  CASE WHEN dimension IN ('sub1', 'referrer') THEN
    row_number() OVER (PARTITION BY enrollment_id, day, dimension ORDER BY value) END,
  clicks, clicks / 2, 0, 0, clicks / 10, 1000 * clicks / 10, 100 * clicks / 10
FROM (
  SELECT enrollment_id, clicked_at::date AS day, count(*) AS clicks,
    coalesce(link_id::text, sub1, referrer_host, country, device) AS value,
    CASE GROUPING(link_id, sub1, referrer_host, country, device) WHEN 15 THEN 'link'
      WHEN 23 THEN 'sub1' WHEN 27 THEN 'referrer' WHEN 29 THEN 'country' ELSE 'device' END
      AS dimension
  FROM tracking_click WHERE brand_id = %(brand)s
  GROUP BY enrollment_id, clicked_at::date,
    GROUPING SETS (link_id, sub1, referrer_host, country, device)
) AS counted
WHERE value <> '' OR dimension = 'referrer'
"""
LINES = """
INSERT INTO tracking_orderline (brand_id, order_id, position, line_id, sku, product, collections,
  quantity, net_minor, refunded_minor, is_commissionable)
SELECT brand_id, id, 1, '1', 'sku-' || id %% 40, 'Product ' || id %% 40, '{}', 1, total_minor, 0,
  true
FROM tracking_order WHERE brand_id = %(brand)s
"""


def run() -> None:
    """Print the times of figures."""
    ensure_partitions(month_of(NOW - timedelta(days=DAYS + 1)), month_of(NOW))
    few = with_sales("clicks-few", FEW)
    many = with_sales("clicks-many", MANY_CONVERSIONS)
    with without_indexes("tracking_click"):
        for made, clicks in ((few, FEW), (many, MANY_CLICKS)):
            taken = timed(partial(add_clicks, made, clicks))
            show(f"making {clicks:,} clicks", f"{taken:.0f} s")
    analyze()
    for made in (few, many):
        with connection.cursor() as cursor:
            cursor.execute(COUNT, {"brand": made.brand.pk})
    fold_all(now=timezone.now())
    analyze()
    compare(few, many)


def with_sales(slug: str, conversions: int) -> BrandWithMembers:
    """A brand with so many conversions of its members, each with a link and one product."""
    made = make_brand(slug, members=MEMBERS, first_names=50)
    taken = timed(partial(add_sales_history, made, members=MEMBERS, conversions=conversions))
    show(f"making {conversions:,} conversions", f"{taken:.0f} s")
    with unchecked() as execute:
        execute(LINES, {"brand": made.brand.pk})
    return made


def add_clicks(made: BrandWithMembers, clicks: int) -> None:
    values = {
        "brand": made.brand.pk, "now": NOW, "step": DAYS * 86_400 / clicks, "clicks": clicks,
        "members": MEMBERS, "referrers": list(REFERRERS), "subs": list(SUBS),
        "countries": list(COUNTRIES), "devices": list(DEVICES),
    }  # fmt: skip
    with unchecked() as execute:
        execute(FILL, values)


@contextmanager
def unchecked() -> Iterator[Callable[..., object]]:
    """Execute statements without triggers and foreign keys, as a bulk load does."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield cursor.execute
        cursor.execute("SET session_replication_role = origin")


@contextmanager
def without_indexes(table: str) -> Iterator[None]:
    """Drop the table's indexes and unique constraints for the block, and make them after it."""
    constraints = (
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %s::regclass AND contype IN ('p', 'u')"
    )
    indexes = (
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = %s::regclass AND NOT indisunique"
    )
    with connection.cursor() as cursor:
        cursor.execute(constraints, [table])
        kept = cursor.fetchall()
        cursor.execute(indexes, [table])
        made = cursor.fetchall()
        for name, _ in kept:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for name, _ in made:
            cursor.execute(f"DROP INDEX {name}")
        yield
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for name, definition in kept:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
        for _, definition in made:
            cursor.execute(definition.replace(" ON ONLY ", " ON "))


def compare(few: BrandWithMembers, many: BrandWithMembers) -> None:
    month = DateRange((NOW - timedelta(days=29)).date(), NOW.date())
    asked: dict[str, Callable[[BrandWithMembers], object]] = {
        "referrers of an offer, 30 days": partial(of_offer, Dimension.REFERRER, month),
        "countries of an offer, all time": partial(of_offer, Dimension.COUNTRY, ALL_TIME),
        "sub-ids of an offer, all time": partial(of_offer, Dimension.SUB1, ALL_TIME),
        "links of an offer, 30 days": lambda made: links_of_offers([made.offer.pk], period=month),
        "links of an offer, all time": lambda made: links_of_offers([made.offer.pk]),
        "links of a member, all time": lambda made: links_of_enrollments([one_of(made)]),
        "figures of 50 links, all time": lambda made: figures_of_links(
            dict.fromkeys(TrackingLink.objects.order_by("pk").values_list("pk", flat=True)[:50], "")
        ),
        "countries of a member, all time": lambda made: sources_of_enrollments(
            [one_of(made)], dimension=Dimension.COUNTRY
        ),
        "newest 50 clicks": lambda made: list(Click.objects.order_by("-clicked_at", "-pk")[:50]),
        "newest 50 clicks of a member": lambda made: list(
            Click.objects.filter(enrollment=one_of(made)).order_by("-clicked_at")[:50]
        ),
        "figures of an offer, 30 days": lambda made: figures_of_offers(
            {made.offer.pk: "GBP"}, members={made.offer.pk: MEMBERS}, period=month
        ),
        "days of an offer, 30 days": lambda made: offers_totals_by_day(
            [made.offer.pk], period=month
        ),
        "top products, all time": lambda made: top_products_of_offers([made.offer.pk]),
    }
    show("", f"{MANY_CLICKS:,} clicks and {MANY_CONVERSIONS:,} conversions, beside {FEW:,} of both")
    for what, ask in asked.items():
        times: dict[str, list[float]] = {made.brand.slug: [] for made in (few, many)}
        works: dict[str, list[float]] = {made.brand.slug: [] for made in (few, many)}
        numbers = {made.brand.slug: queries(partial(ask, made), made) for made in (few, many)}
        for _ in range(REPEATS):
            for made in (few, many):
                with acting_for(made.brand):
                    before = busy_seconds()
                    times[made.brand.slug].append(timed(partial(ask, made)))
                    works[made.brand.slug].append(busy_seconds() - before)
        small, large = (statistics.median(works[made.brand.slug][WARM:]) for made in (few, many))
        taken = statistics.median(times[many.brand.slug][WARM:])
        [number] = set(numbers.values())  # as many queries for both
        show(
            what, f"{taken * 1000:.1f} ms, {large / small:.2f} of the few (at most 1.2); {number}"
            f" {'query' if number == 1 else 'queries'}",
        )  # fmt: skip


def busy_seconds() -> float:
    """How long this process and its PostgreSQL backend have kept a processor busy (proc(5))."""
    assert connection.connection is not None
    backend = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return time.process_time() + int(backend.read_text().split()[0]) / 1e9


def of_offer(dimension: Dimension, period: DateRange, made: BrandWithMembers) -> object:
    return sources_of_offers([made.offer.pk], dimension=dimension, period=period)


def one_of(made: BrandWithMembers) -> int:
    """The first enrollment. It is asked for once with each figure that needs it."""
    return Enrollment.objects.order_by("pk").values_list("pk", flat=True)[0]


def queries(ask: Callable[[], object], made: BrandWithMembers) -> int:
    with acting_for(made.brand), CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured)
