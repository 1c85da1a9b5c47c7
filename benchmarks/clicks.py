"""Clicks into PostgreSQL beside a bare COPY of the same lines; figures of few and of many clicks.

BENCH_CLICKS (10,000,000 by default) says how many clicks the larger figures are of. They are made
by PostgreSQL itself, as many days and sources as the few.
"""

from __future__ import annotations

import os
import random
import statistics
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from benchmarks.brand_with_members import BY, BrandWithMembers, analyze, make_brand
from benchmarks.figures import Memory, show, timed
from core.kept_sums import fold_all
from core.tenancy import acting_for
from offers.models import Enrollment
from tracking.figures.by_source import links_of_offers, sources_of_enrollments, sources_of_offers
from tracking.figures.metrics import DateRange
from tracking.figures.top_products import top_products_of_offers
from tracking.links.click_lines import FIELDS, line_of
from tracking.links.click_stream import STREAM, ClickStream, client
from tracking.links.consuming import Consumer
from tracking.links.keeping import keep_ahead
from tracking.links.partitions import ensure_partitions, month_of
from tracking.links.tracking_links import give_links
from tracking.models import Click, Dimension, TrackingLink

NOW = datetime.now(UTC)
CLICKS, LINES = 200_000, 500
MEMBERS = 200
FEW = 10_000
MANY = int(os.environ.get("BENCH_CLICKS", "10000000"))
DAYS = 90
REPEATS = 15
REFERRERS = ("", "", "instagram.com", "youtube.com", "blog.example", "t.co", "news.example")
COUNTRIES = ("DE", "DE", "FR", "GB", "US", "")
DEVICES = ("phone", "phone", "computer", "tablet")
SUBS = ("", "", "story", "bio", "video", "mail")
AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"
FILL = """
INSERT INTO tracking_click (brand_id, link_id, enrollment_id, click_id, clicked_at, kind, visitor,
  referrer_host, sub1, country, device)
SELECT %(brand)s, link.id, link.enrollment_id, 'bench-' || number,
  %(now)s - number * make_interval(secs => %(step)s),
  CASE WHEN number %% 50 = 0 THEN 'robot' ELSE 'visit' END, hashint8extended(number / 2, 7),
  (%(referrers)s::text[])[1 + number %% 7], (%(subs)s::text[])[1 + number %% 6],
  (%(countries)s::text[])[1 + number %% 5], (%(devices)s::text[])[1 + number %% 4]
FROM generate_series(%(since)s, %(until)s) AS number
JOIN (SELECT id, enrollment_id, row_number() OVER (ORDER BY id) - 1 AS place
  FROM tracking_trackinglink WHERE brand_id = %(brand)s) AS link
  ON link.place = number / 11 %% %(members)s
"""
# A visitor is here once per source, so that counting takes no hours: the figures are only read.
COUNT = """
INSERT INTO tracking_sourcetotal (brand_id, enrollment_id, day, dimension, value, clicks, visitors,
  robots, inactive, conversions, sales_minor, commission_minor)
SELECT brand_id, enrollment_id, clicked_at::date, source.dimension, source.value, count(*),
  count(*) / 2, 0, 0, count(*) / 10, 1000 * count(*) / 10, 100 * count(*) / 10
FROM tracking_click CROSS JOIN LATERAL (VALUES ('link', link_id::text), ('sub1', sub1),
  ('referrer', referrer_host), ('country', country), ('device', device)
) AS source (dimension, value)
WHERE brand_id = %s AND (source.value <> '' OR source.dimension = 'referrer')
GROUP BY 1, 2, 3, 4, 5
"""


def run() -> None:
    """Print the consumer's speed, and the times of figures."""
    keep_ahead(now=timezone.now())
    ensure_partitions(month_of(NOW - timedelta(days=DAYS + 1)), month_of(NOW))
    store_and_count()
    few = filled("clicks-few", FEW)
    many = filled("clicks-many", MANY)
    fold_all(now=timezone.now())
    analyze()
    figures(few, many)


def with_links(slug: str) -> tuple[BrandWithMembers, list[TrackingLink]]:
    made = make_brand(slug, members=MEMBERS, first_names=50)
    with acting_for(made.brand):
        return made, give_links(
            enrollments=Enrollment.objects.select_related("offer"), by=BY, now=NOW
        )


def batches(links: list[TrackingLink]) -> list[bytes]:
    chance = random.Random(1)
    return [
        "".join(
            line_of(
                link_id=chance.choice(links).pk,
                click_id=f"{batch:06}{number:06}{chance.getrandbits(140):036x}",
                clicked_at=NOW - timedelta(milliseconds=chance.randrange(60_000)),
                kind="robot" if chance.random() < 0.05 else "visit",
                visitor=chance.randrange(CLICKS) * 7_919,
                user_agent=AGENT,
                referrer_host=chance.choice(REFERRERS),
                sub_ids=(chance.choice(SUBS),),
                country=chance.choice(COUNTRIES),
                device=chance.choice(DEVICES),
            )
            for number in range(LINES)
        ).encode()
        for batch in range(CLICKS // LINES)
    ]


def store_and_count() -> None:
    _, links = with_links("clicks-stored")
    made = batches(links)
    bare = timed(lambda: bare_copy(made))
    show("bare COPY into a table without any index", f"{CLICKS / bare:,.0f} clicks a second")
    with client(settings.CLICKS_URL, timeout=5) as valkey:
        for lines in made:
            valkey.xadd(STREAM, {"id": str(uuid.uuid4()), "lines": lines})
        consumer = Consumer(ClickStream(settings.CLICKS_URL, reader="bench", lease=30))
        consumer.round(waits=False)  # the first one makes its tables and caches
        left = int(valkey.xlen(STREAM)) * LINES
        memory = Memory()
        taken = timed(lambda: until_empty(consumer))
        assert valkey.xlen(STREAM) == 0
    speed = left / taken
    show("from the stream, stored once and counted", f"{speed:,.0f} clicks a second")
    show("", f"{speed / (CLICKS / bare):.2f} of a bare COPY; {memory.grown}")


def bare_copy(made: list[bytes]) -> None:
    names = ", ".join(f'"{name}"' for name in FIELDS)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_bare (LIKE tracking_click)")
        cursor.execute(
            "ALTER TABLE bench_bare DROP id, DROP brand_id, DROP enrollment_id,"
            " ALTER clicked_at TYPE bigint USING 0"
        )
        with cursor.copy(f"COPY bench_bare ({names}) FROM STDIN") as copy:
            for lines in made:
                copy.write(lines)


def until_empty(consumer: Consumer) -> None:
    while consumer.round(waits=False).batches:
        pass


def filled(slug: str, clicks: int) -> BrandWithMembers:
    """A brand with so many clicks on DAYS days, and their totals."""
    made, _ = with_links(slug)
    step = 500_000
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for since in range(0, clicks, step):
            cursor.execute(FILL, {
                "brand": made.brand.pk, "now": NOW, "step": DAYS * 86_400 / clicks,
                "since": since, "until": min(clicks, since + step) - 1, "members": MEMBERS,
                "referrers": list(REFERRERS), "subs": list(SUBS), "countries": list(COUNTRIES),
                "devices": list(DEVICES),
            })  # fmt: skip
        cursor.execute("SET session_replication_role = origin")
        cursor.execute(COUNT, [made.brand.pk])
    return made


def figures(few: BrandWithMembers, many: BrandWithMembers) -> None:
    period = DateRange((NOW - timedelta(days=29)).date(), NOW.date())
    asked: dict[str, Callable[[BrandWithMembers], object]] = {
        "referrers of an offer, 30 days": lambda made: sources_of_offers(
            [made.offer.pk], dimension=Dimension.REFERRER, period=period
        ),
        "sub-ids of an offer, all time": lambda made: sources_of_offers(
            [made.offer.pk], dimension=Dimension.SUB1
        ),
        "links of an offer, 30 days": lambda made: links_of_offers([made.offer.pk], period=period),
        "countries of a member, all time": lambda made: sources_of_enrollments(
            [Enrollment.objects.order_by("pk")[0].pk], dimension=Dimension.COUNTRY
        ),
        "newest 50 clicks": lambda made: list(Click.objects.order_by("-clicked_at", "-pk")[:50]),
        "top products": lambda made: top_products_of_offers([made.offer.pk], period=period),
    }
    for what, ask in asked.items():
        times: dict[str, list[float]] = {made.brand.slug: [] for made in (few, many)}
        for _ in range(REPEATS):
            for made in (few, many):
                with acting_for(made.brand):
                    times[made.brand.slug].append(timed(partial(ask, made)))
        small, large = (statistics.median(times[made.brand.slug][2:]) for made in (few, many))
        show(what, f"{large * 1000:.1f} ms at {MANY:,} clicks, {large / small:.2f} of {FEW:,}")
