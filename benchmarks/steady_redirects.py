"""Redirects at full speed for ten minutes: does memory stay flat, is each click stored?

The server has a core; the client, PostgreSQL, Valkey and the consumer have the others. What comes
faster than it is stored waits, so storing goes on after the last redirect. STEADY_SECONDS says how
long the redirects last.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from benchmarks.figures import show
from benchmarks.redirects import (
    DEPTH,
    ask,
    consumer,
    cores,
    memory_of,
    on_cores,
    requests_of_links,
    services_on,
    speed,
    stored,
    until_stored,
    worker_at,
)
from benchmarks.served import served

SECONDS = float(os.environ.get("STEADY_SECONDS", "600"))
SAMPLES = 10
MAX_STORING_SECONDS = 2 * SECONDS + 60


def run() -> None:
    requests = requests_of_links("steady")
    servers, others = cores()
    with (
        services_on(others),
        tempfile.TemporaryDirectory() as folder,
        consumer(),
        on_cores(servers),
        served(CLICKS_FOLDER=folder) as port,
        on_cores(others),
    ):
        measure(port, requests)


def measure(port: int, requests: list[str]) -> None:
    worker = worker_at(port)
    wanted = ask(port, requests, depth=1, seconds=2)["answered"]  # until all links are known
    memory: list[float] = []
    with sampled(worker, memory):
        found = ask(port, requests, depth=DEPTH, seconds=SECONDS)
    wanted += found["answered"]
    show("seconds, redirects a second", f"{found['seconds']:.0f}, {speed(found):,.0f}")
    show("megabytes of the worker", " ".join(f"{one:.0f}" for one in memory))
    begun_at, waiting = time.monotonic(), wanted - stored()
    until_stored(wanted, seconds=MAX_STORING_SECONDS)
    taken = time.monotonic() - begun_at
    show("clicks in PostgreSQL, of", f"{stored():,} of {wanted:,}")
    show("seconds until all were stored", f"{taken:.0f}, {waiting:,} waited")


@contextmanager
def sampled(worker: int, memory: list[float]) -> Iterator[None]:
    """Note the worker's memory SAMPLES times during the block."""
    is_over = Event()

    def note() -> None:
        while not is_over.wait(SECONDS / SAMPLES):
            memory.append(memory_of(worker))

    thread = Thread(target=note)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
