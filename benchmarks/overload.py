"""More connections than can be served: how many are served and refused, how fast, and /healthz.

Half of the requests are a member's dashboard, half an order to the API, on the web process as
production has it. After each step, a bare granian answers "hello" to as many connections.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from django.db import connection

from accounts.api_keys import create_api_key
from benchmarks.brand_with_members import BY, NOW, make_brand
from benchmarks.figures import show
from benchmarks.served import AS_PROXIED, served
from config.local.ports import HOST, next_free
from core.tenancy import acting_for
from offers import dashboard_links
from offers.models import Enrollment
from tracking.links.promo_codes import give_codes

CONNECTIONS = [int(number) for number in os.environ.get("CONNECTIONS", "8 32 128 512").split()]
SECONDS = float(os.environ.get("SECONDS", "10"))
HEALTH_PAUSE = 0.05
WORKERS = 2
BARE_PORT = 8700
CODE = "OVER15"


def run() -> None:
    sample = make_brand("overload", members=100, first_names=50)
    with acting_for(sample.brand):
        enrollment = Enrollment.objects.order_by("pk")[0]
        give_codes(codes={enrollment.pk: CODE}, enrollments=[enrollment], by=BY, now=NOW)
        key = create_api_key(label="shop", by=BY, now=NOW).secret
        dashboard = urlsplit(dashboard_links.url_for(enrollment)).path
    order = {
        "order_id": "o-{unique}",
        "ordered_at": "2026-11-20T11:00:00Z",
        "currency": "GBP",
        "promo_code": CODE,
        "lines": [{"sku": "G", "product": "Glow", "quantity": 1, "unit_price": "10.00"}],
    }
    connection.close()
    show("seconds each, workers", f"{SECONDS:g}, {WORKERS}")
    with served(workers=WORKERS) as port, bare() as bare_port:
        for number in CONNECTIONS:
            body = json.dumps(order | {"order_id": f"{number}-{{unique}}"})
            requests = [get(dashboard), post("/api/v1/orders", body, key)]
            measure(number, port, bare_port, requests)


def measure(number: int, port: int, bare_port: int, requests: list[str]) -> None:
    """One step: the product with /healthz at the same time, then the bare server."""
    asked = start(port, requests, connections=number)
    health = start(port, [get("/healthz")], connections=1, pause=HEALTH_PAUSE)
    found, alive = result(asked), result(health)
    assert not alive["refused"]
    plain = result(start(bare_port, [get("/")], connections=number))
    show(
        f"{number} connections: served, refused, broken",
        f"{len(found['served']) / SECONDS:.0f}/s, {len(found['refused']) / SECONDS:.0f}/s,"
        f" {found['broken']}",
    )
    show("  served: p50, p99", percentiles(found["served"]))
    show("  refused: p50, p99", percentiles(found["refused"]))
    show("  /healthz: p50, p99", percentiles(alive["served"]))
    rate = f"{len(plain['served']) / SECONDS:.0f}/s"
    show("  bare granian: p50, p99, served", f"{percentiles(plain['served'])}, {rate}")


def percentiles(milliseconds: list[float]) -> str:
    if len(milliseconds) < 2:
        return "none"
    parts = statistics.quantiles(milliseconds, n=100)
    return f"{parts[49]:.0f} ms, {parts[98]:.0f} ms"


def start(
    port: int, requests: list[str], *, connections: int, pause: float = 0.0
) -> subprocess.Popen[str]:
    """Start sending requests in a separate process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.http_load"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    given = {
        "port": port,
        "connections": connections,
        "seconds": SECONDS,
        "pause": pause,
        "requests": requests,
    }
    process.stdin.write(json.dumps(given))
    process.stdin.close()
    return process


def result(process: subprocess.Popen[str]) -> dict[str, list[float]]:
    assert process.stdout is not None
    said = process.stdout.read()
    assert process.wait() == 0
    found: dict[str, list[float]] = json.loads(said)
    return found


def get(path: str) -> str:
    proxied = "".join(f"{name}: {value}\r\n" for name, value in AS_PROXIED.items())
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n{proxied}\r\n"


def post(path: str, body: str, key: str) -> str:
    proxied = "".join(f"{name}: {value}\r\n" for name, value in AS_PROXIED.items())
    return (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\n{proxied}Authorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )


@contextmanager
def bare() -> Iterator[int]:
    """granian with an application that does nothing, in as many workers."""
    port = next_free(BARE_PORT)
    server = [
        sys.executable, "-W", "ignore", "-m", "granian", "--interface", "wsgi", "--host", HOST,
        "--port", str(port), "--workers", str(WORKERS), "--blocking-threads", "4",
        "--log-level", "error", "benchmarks.bare:application",
    ]  # fmt: skip
    process = subprocess.Popen(server)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)
