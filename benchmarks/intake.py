"""How fast orders are taken in: in batches, one by one over HTTP, and after a million others.

Two lines each. The first batches meet a database that has no statistics of its tables. Beside them,
a bare COPY writes as many rows. ORDERS_BEFORE in the environment is how many orders a brand has
when its next ones are measured (1,000,000), SECONDS how long each step over HTTP takes (10).

Compare what one web worker takes in: with two, all connections of a step may reach the same one,
as the workers share a socket, and the rate is then half of what it is at another time.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from typing import Any

from django.db import connection

from accounts.api_keys import create_api_key
from benchmarks.brand_with_members import BY, NOW, BrandWithMembers, make_brand
from benchmarks.figures import show, timed
from benchmarks.overload import SECONDS, percentiles, post
from benchmarks.sales_history import add_sales_history
from benchmarks.served import served
from core.tenancy import acting_for
from offers.models import Enrollment
from tracking.links.promo_codes import give_codes
from tracking.orders.reading import read_order
from tracking.orders.recording import record_orders

BATCH, BATCHES = 500, 20
MEMBERS = 50
ORDERS_BEFORE = int(os.environ.get("ORDERS_BEFORE", "1_000_000"))
CONNECTIONS = 32
WARM_SECONDS = 2.0
# No order is sent twice: one that is known already is answered in a part of the time.
FIRST_NUMBERS = itertools.count(0, 1_000_000)


def run() -> None:
    sample = with_codes(brand("intake"))
    rate = in_batches("fresh database, without statistics", sample)
    copy = BATCH * BATCHES / timed(copy_bare)
    show("  a bare COPY of as many orders and lines", f"{copy:,.0f} orders/s")
    show("  its rate as a multiple", f"{copy / rate:.1f}")
    over_http(sample, in_process=rate)
    large = brand("large")
    add_sales_history(large, members=MEMBERS, conversions=ORDERS_BEFORE)
    with_codes(large)
    again = in_batches(f"brand with {ORDERS_BEFORE:,} orders", large)
    show("  its rate beside the fresh database", f"{again / rate:.2f}")


def brand(slug: str) -> BrandWithMembers:
    return make_brand(slug, members=MEMBERS, first_names=MEMBERS)


def with_codes(sample: BrandWithMembers) -> BrandWithMembers:
    """Give every member the code IN and their number, in the place of the one they have."""
    with acting_for(sample.brand):
        enrollments = list(Enrollment.objects.order_by("pk"))
        codes = {enrollment.pk: f"IN{place}" for place, enrollment in enumerate(enrollments)}
        give_codes(codes=codes, enrollments=enrollments, by=BY, now=NOW)
    return sample


def order(name: str, number: int) -> dict[str, object]:
    line = {"product": "Glow", "quantity": 1, "unit_price": f"{5 + number % 90}.50"}
    return {
        "order_id": name,
        "ordered_at": "2026-11-20T11:00:00Z",
        "currency": "GBP",
        "promo_code": f"IN{number % MEMBERS}",
        "customer_id": f"c-{name}",
        "lines": [line | {"sku": "G"}, line | {"sku": "H"}],
    }


def in_batches(what: str, sample: BrandWithMembers) -> float:
    """Return orders a second."""
    numbers = range(BATCH * BATCHES)
    facts = [read_order(order(f"batch-{number}", number)) for number in numbers]

    def record() -> None:
        with acting_for(sample.brand):
            for begin in range(0, len(facts), BATCH):
                batch = facts[begin : begin + BATCH]
                record_orders(source="api", orders=batch, by=BY, now=NOW)

    rate = len(facts) / timed(record)
    show(f"{what}: batches of {BATCH}", f"{rate:,.0f} orders/s")
    return rate


def copy_bare() -> None:
    """Write as many rows with as many columns, without keys, indexes and triggers."""
    order_row = ("batch-1", "2026-11-20 11:00:00+00", "GBP", 1000, 1000, "paid", "c1", "IN1", "x")
    line_row = ("batch-1", "1", "G", "Glow", 1, 500)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE bare_orders (id text, at timestamptz, currency text, total bigint,"
            " earning bigint, paid text, customer text, code text, digest text)"
        )
        cursor.execute(
            "CREATE TEMP TABLE bare_lines (id text, line text, sku text, product text,"
            " quantity numeric, net bigint)"
        )
        for _ in range(BATCHES):
            with cursor.copy("COPY bare_orders FROM STDIN") as out:
                for _ in range(BATCH):
                    out.write_row(order_row)
            with cursor.copy("COPY bare_lines FROM STDIN") as out:
                for _ in range(2 * BATCH):
                    out.write_row(line_row)


def over_http(sample: BrandWithMembers, *, in_process: float) -> None:
    """Show the rates over HTTP; those of single orders also beside batches of this process."""
    with acting_for(sample.brand):
        key = create_api_key(label="shop", by=BY, now=NOW).secret
    connection.close()
    singles = [
        post("/api/v1/orders", json.dumps(order("single-{unique}", number)), key)
        for number in range(MEMBERS)
    ]
    many = [order(f"many-{{unique}}-{number}", number) for number in range(BATCH)]
    batch = post("/api/v1/orders", json.dumps({"orders": many}), key)
    for workers in (1, 2):
        with served(workers=workers, API_RATE="0") as port:
            batches = sent(port, [batch], connections=2 * workers, status=200)
            alone = sent(port, singles, connections=CONNECTIONS, status=201)
        show_rates(f"over HTTP, web workers {workers}", batches, alone, in_process)


def sent(port: int, requests: list[str], *, connections: int, status: int) -> dict[str, Any]:
    """Send for SECONDS, after WARM_SECONDS that do not count."""
    given = {"port": port, "connections": connections, "requests": requests, "status": status}
    for seconds in (WARM_SECONDS, SECONDS):
        answered = subprocess.run(
            [sys.executable, "-m", "benchmarks.order_load"],
            input=json.dumps(given | {"seconds": seconds, "first": next(FIRST_NUMBERS)}),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    found: dict[str, Any] = json.loads(answered.stdout)
    return found


def show_rates(
    where: str, batches: dict[str, Any], alone: dict[str, Any], in_process: float
) -> None:
    batch_rate = BATCH * len(batches["served"]) / batches["seconds"]
    single_rate = len(alone["served"]) / alone["seconds"]
    show(f"{where}: batches of {BATCH}", f"{batch_rate:,.0f} orders/s")
    show(f"  one by one at {CONNECTIONS} connections", f"{single_rate:,.0f} orders/s")
    show("  p50, p99; refused", f"{percentiles(alone['served'])}; {len(alone['refused'])}")
    cores = (found["cpu"] / found["seconds"] for found in (batches, alone))
    show("  of a core, their clients take", ", ".join(f"{part:.0%}" for part in cores))
    show("  beside the batches", f"{single_rate / batch_rate:.2f}")
    show("  beside those that went in without HTTP", f"{single_rate / in_process:.2f}")
