"""Send a shop's history to the API as single calls: each order and each refund in its own request.

Many at once and in a shuffled sequence, as a shop's own workers send them; refunds may come before
their orders.
"""

from __future__ import annotations

import csv
import http.client
import json
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

from django.db import connection

from accounts.api_keys import create_api_key
from accounts.models import Brand
from benchmarks.brand_with_members import BY, NOW
from benchmarks.figures import timed
from benchmarks.independent import opened
from benchmarks.served import AS_PROXIED, served
from config.local.ports import HOST
from core.tenancy import acting_for

CONNECTIONS = 32
Call = tuple[str, dict[str, Any]]


def send_as_single_calls(brand: str, orders: str, refunds: str) -> tuple[int, float]:
    """Return how many calls were made, and the seconds they took."""
    with acting_for(Brand.objects.get(slug=brand)):
        key = create_api_key(label="shop", by=BY, now=NOW).secret
    connection.close()
    calls = [*order_calls(orders), *refund_calls(refunds)]
    Random(3).shuffle(calls)
    with served(workers=2) as port:
        seconds = timed(lambda: send_all(port, key, calls))
    return len(calls), seconds


def order_calls(path: str) -> list[Call]:
    found: dict[str, dict[str, Any]] = {}
    with opened(path) as file:
        for row in csv.DictReader(file):
            order = found.setdefault(
                row["order_id"],
                {
                    "order_id": row["order_id"],
                    "ordered_at": row["ordered_at"],
                    "currency": row["currency"],
                    "customer_id": row["customer_id"],
                    "promo_code": row["discount_code"],
                    "lines": [],
                },
            )
            line = {name: row[name] for name in ("sku", "product", "quantity", "unit_price")}
            order["lines"].append(line)
    return [("/api/v1/orders", order) for order in found.values()]


def refund_calls(path: str) -> list[Call]:
    with opened(path) as file:
        return [("/api/v1/refunds", dict(row)) for row in csv.DictReader(file)]


def send_all(port: int, key: str, calls: Sequence[Call]) -> None:
    left, lock = iter(calls), threading.Lock()

    def shared() -> Iterator[Call]:
        while True:
            with lock:
                call = next(left, None)
            if call is None:
                return
            yield call

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        for sent in [threads.submit(send, port, key, shared()) for _ in range(CONNECTIONS)]:
            sent.result()


def send(port: int, key: str, calls: Iterator[Call]) -> None:
    """Send calls over one connection; again what was refused because the server is busy."""
    line = http.client.HTTPConnection(HOST, port, timeout=60)
    headers = {
        **AS_PROXIED, "Content-Type": "application/json", "Authorization": f"Bearer {key}",
    }  # fmt: skip
    for path, body in calls:
        status = 503
        while status == 503:
            line.request("POST", path, json.dumps(body), headers)
            answer = line.getresponse()
            said, status = answer.read(), answer.status
            if status == 503:
                time.sleep(0.1)
        assert status in {200, 201, 202}, (status, said, body)
    line.close()
