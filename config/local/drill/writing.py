"""Orders that keep coming while the database is dumped, recorded by the product itself."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import IO

from config.local.drill.connecting import Connection
from config.local.folders import CHECKOUT, LocalServiceError

SOURCE = "restore-drill"
HEADER = "order_id,ordered_at,currency,customer_id,discount_code,sku,product,quantity,unit_price\n"
WAIT_SECONDS = 300
_COUNT = "SELECT count(*) FROM tracking_order WHERE source = %s"
# Any code that is in use in a running offer; the brand with the most of them.
_WHOSE = """
SELECT b.slug, b.currency, min(c.code) FROM tracking_promocode c
JOIN accounts_brand b ON b.id = c.brand_id WHERE c.status = 'active'
GROUP BY b.id ORDER BY count(*) DESC, b.id LIMIT 1
"""


def orders_so_far(connection: Connection) -> int:
    """How many orders of the drill a database holds."""
    row = connection.execute(_COUNT, [SOURCE]).fetchone()
    assert row is not None  # noqa: S101
    return int(row[0])


def wait_for_an_order(connection: Connection, *, after: int) -> None:
    """Until there are more than `after`. Raises LocalServiceError when none comes."""
    deadline = time.monotonic() + WAIT_SECONDS
    while orders_so_far(connection) <= after:
        if time.monotonic() > deadline:
            raise LocalServiceError("No more orders are being recorded.")
        time.sleep(0.05)


@contextmanager
def orders_coming_in(
    connection: Connection, *, before: int, environment: Mapping[str, str]
) -> Iterator[None]:
    """Have `manage.py import_orders` record orders during the block, and `before` of it.

    `connection` leads to the database that `environment` names, and commits by itself. The number
    of each order begins with the time, so a second drill's orders are new ones. Raises
    LocalServiceError.
    """
    found = connection.execute(_WHOSE).fetchone()
    if found is None:
        raise LocalServiceError("The database has no brand with a promo code to record orders for.")
    slug, currency, code = found
    importer = subprocess.Popen(
        [sys.executable, "manage.py", "import_orders", "/dev/stdin",
         "--brand", slug, "--source", SOURCE],
        cwd=CHECKOUT.root,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    assert importer.stdin is not None  # noqa: S101
    assert importer.stdout is not None  # noqa: S101
    is_over = threading.Event()
    feeder = threading.Thread(
        target=_feed, args=(importer.stdin, is_over, currency, code), daemon=True
    )
    already = orders_so_far(connection)
    feeder.start()
    try:
        deadline = time.monotonic() + WAIT_SECONDS
        while orders_so_far(connection) < already + before:
            if importer.poll() is not None or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        else:
            yield
    finally:
        is_over.set()
        feeder.join()
        with importer.stdout as said:
            output = said.read()
        importer.wait()
    if importer.returncode != 0:
        raise LocalServiceError(f"Orders could not be recorded.\n{output}".rstrip())


def _feed(lines: IO[str], is_over: threading.Event, currency: str, code: str) -> None:
    started = datetime.now(UTC)
    with suppress(BrokenPipeError), lines:
        lines.write(HEADER)
        for number in itertools.count():
            if is_over.is_set():
                return
            lines.write(
                f"{started:%Y%m%dT%H%M%S%f}-{number},{started.isoformat()},{currency},"
                f"customer-{number % 500},{code},SKU{number % 40},Product,1,{number % 90 + 10}\n"
            )
