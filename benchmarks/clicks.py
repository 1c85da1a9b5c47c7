"""Clicks into PostgreSQL beside a bare COPY of the same lines."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from benchmarks.brand_with_members import BY, make_brand
from benchmarks.figures import Memory, show, timed
from core.tenancy import acting_for
from offers.models import Enrollment
from tracking.links.click_lines import FIELDS, line_of
from tracking.links.click_stream import STREAM, ClickStream, client
from tracking.links.consuming import Consumer
from tracking.links.keeping import keep_ahead
from tracking.links.tracking_links import give_links
from tracking.models import TrackingLink

NOW = datetime.now(UTC)
CLICKS, LINES = 200_000, 500
MEMBERS = 200
REFERRERS = ("", "", "instagram.com", "youtube.com", "blog.example", "t.co", "news.example")
COUNTRIES = ("DE", "DE", "FR", "GB", "US", "")
DEVICES = ("phone", "phone", "computer", "tablet")
SUBS = ("", "", "story", "bio", "video", "mail")
AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"


def run() -> None:
    """Print the consumer's speed."""
    keep_ahead(now=timezone.now())
    store_and_count(links_of_members())


def links_of_members() -> list[TrackingLink]:
    sample = make_brand("clicks-stored", members=MEMBERS, first_names=50)
    with acting_for(sample.brand):
        return give_links(enrollments=Enrollment.objects.select_related("offer"), by=BY, now=NOW)


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


def store_and_count(links: list[TrackingLink]) -> None:
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
