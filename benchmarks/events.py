"""Deliveries of a shop: how fast they are stored at 50 a second over HTTP, and worked on.

The deliveries are Shopify's, each of another order, with a member's code. The web process is
the one of production with two workers; one process works on what was stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import statistics
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlsplit

from django.db import connection as database
from django.utils import timezone

from benchmarks.brand_with_members import BY, NOW, BrandWithMembers, make_brand
from benchmarks.figures import show, timed
from benchmarks.served import AS_PROXIED, served
from config.local.ports import HOST
from core.tenancy import acting_for
from integrations.connections import connect, webhook_address
from integrations.models import Connection, Event, EventState
from integrations.shops import shop_of
from integrations.working import work_events
from offers.models import Enrollment
from tracking.links.promo_codes import give_codes
from tracking.models import Conversion

SECONDS = float(os.environ.get("SECONDS", "10"))
RATE = int(os.environ.get("RATE", "50"))  # deliveries a second
WORKERS = 2
THREADS = 16  # connections of the sender
SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 # pragma: allowlist secret
CODE = "EVENTS15"
Delivery = tuple[bytes, dict[str, str]]
own = threading.local()  # the connection of a thread


def run() -> None:
    sample = make_brand("events", members=100, first_names=50)
    connection = prepare(sample)
    deliveries = [delivery(number) for number in range(int(SECONDS * RATE))]
    path = urlsplit(webhook_address(connection)).path
    database.close()
    os.environ["ACCESS_LOG"] = "off"  # a line for each delivery would hide the figures
    with served(workers=WORKERS) as port:
        warm_up(port, path, [delivery(10**6 + number) for number in range(50)])
        taken, statuses = send(port, path, deliveries)
    assert statuses == {200: len(deliveries)}, statuses
    parts = statistics.quantiles(taken, n=100)
    show("deliveries, workers of the web process", f"{len(deliveries):,}, {WORKERS}")
    show(f"stored at {RATE} a second: p50, p99", f"{parts[49]:.1f} ms, {parts[98]:.1f} ms")
    with acting_for(sample.brand):
        work(connection)


def prepare(sample: BrandWithMembers) -> Connection:
    entered = {
        "store": "bench.myshopify.com", "client_id": SECRET[::-1], "client_secret": SECRET,
    }  # fmt: skip
    with acting_for(sample.brand):
        enrollment = Enrollment.objects.order_by("pk")[0]
        give_codes(codes={enrollment.pk: CODE}, enrollments=[enrollment], by=BY, now=NOW)
        return connect(kind="shopify", entered=entered, by=BY, now=timezone.now())


def delivery(number: int) -> Delivery:
    """A new order: the shop's test order, but not marked as a test."""
    raw = shop_of("shopify").test_delivery(
        order_id=str(number), code=CODE, currency="GBP", secret=SECRET, now=timezone.now()
    )
    body = json.dumps(json.loads(raw.body) | {"test": False}).encode()
    signature = base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest())
    headers = {**raw.headers, **AS_PROXIED, "x-shopify-hmac-sha256": signature.decode()}
    return body, headers


def warm_up(port: int, path: str, deliveries: list[Delivery]) -> None:
    """The first requests of a process load what later ones find loaded."""
    for one in deliveries:
        post(port, path, one)


def send(port: int, path: str, deliveries: list[Delivery]) -> tuple[list[float], Counter[int]]:
    """Send them at RATE; returns the milliseconds of each, and how often each status came."""
    statuses: Counter[int] = Counter()
    taken = []
    with ThreadPoolExecutor(THREADS) as threads:
        begun, answers = time.perf_counter(), []
        for number, one in enumerate(deliveries):
            time.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
            answers.append(threads.submit(post, port, path, one))
        for answer in answers:
            milliseconds, status = answer.result()
            taken.append(milliseconds)
            statuses[status] += 1
    return taken, statuses


def post(port: int, path: str, one: Delivery) -> tuple[float, int]:
    body, headers = one
    if not hasattr(own, "connection"):
        own.connection = HTTPConnection(HOST, port, timeout=30)
    begun = time.perf_counter()
    own.connection.request("POST", path, body=body, headers=headers)
    answer = own.connection.getresponse()
    answer.read()
    return (time.perf_counter() - begun) * 1_000, answer.status


def work(connection: Connection) -> None:
    waiting = Event.objects.filter(state=EventState.WAITING).count()

    def all_of_them() -> None:
        while work_events(connection_id=connection.pk, now=timezone.now()):
            pass

    seconds = timed(all_of_them)
    states = Counter(Event.objects.values_list("state", flat=True))
    assert states == {"done": waiting}, states
    assert Conversion.objects.count() == waiting
    show("worked on by one process", f"{waiting / seconds:.0f} events/s")
