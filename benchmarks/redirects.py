"""Redirects of tracking links, each click recorded, beside the same server's bare redirect.

Both web servers have one worker, on one core; the clients, PostgreSQL, Valkey and the consumer of
clicks have the other cores. The rounds alternate. On two cores, more clicks come at full speed than
one core stores beside its clients: how long they wait is shown too. Then redirects come at half of
that speed, for their times, and for how long the last click takes into PostgreSQL; the bare server
gets as many, to tell what the machine adds to the times. The processor's time of each worker says
the same as the speeds, and also on a machine with other work. REDIRECT_SECONDS says how long each
round is, REDIRECT_ROUNDS how many there are.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from benchmarks.brand_with_members import BY, NOW, make_brand
from benchmarks.figures import show
from benchmarks.served import served, wait_for
from config.local.ports import HOST, reserve
from core.tenancy import acting_for
from offers.models import Enrollment
from tests.own_processes import children_of
from tracking.links.click_stream import client
from tracking.links.tracking_links import give_links

SECONDS = float(os.environ.get("REDIRECT_SECONDS", "5"))
ROUNDS = int(os.environ.get("REDIRECT_ROUNDS", "5"))
LINKS, BROWSERS = 1_000, 200
CONNECTIONS, DEPTH = 8, 32
STORED_SECONDS = 120.0  # that clicks may take to be stored; two are the goal
FIRST_PORT = 8_990
REQUEST = (
    "GET /r/{slug} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    "User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 19_{browser} like Mac OS X) "
    "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1\r\n"
    "Accept: text/html,application/xhtml+xml\r\nAccept-Language: en-GB,en;q=0.9\r\n"
    "Accept-Encoding: gzip, deflate, br\r\nReferer: https://social.example/\r\n"
    "X-Forwarded-For: 198.51.100.{browser}\r\nX-Forwarded-Proto: https\r\n\r\n"
)


def run() -> None:
    requests = requests_of_links("redirects")
    servers, others = cores()
    with (
        services_on(others),
        tempfile.TemporaryDirectory() as folder,
        consumer(),
        on_cores(servers),
        served(CLICKS_FOLDER=folder) as port,
        bare() as bare_port,
        on_cores(others),
    ):
        measure(port, bare_port, requests)


def requests_of_links(slug: str) -> list[str]:
    """Make a brand with LINKS links; return a request for each."""
    sample = make_brand(slug, members=LINKS, first_names=50)
    with acting_for(sample.brand):
        links = give_links(enrollments=Enrollment.objects.all(), by=BY, now=NOW)
    connection.close()
    return [
        REQUEST.format(slug=link.slug, browser=number % BROWSERS)
        for number, link in enumerate(links)
    ]


def measure(port: int, bare_port: int, requests: list[str]) -> None:
    worker = worker_at(port)
    wanted = ask(port, requests, depth=1, seconds=2)["answered"]  # until all links are known
    before = memory_of(worker)
    ours, bares = [], []
    our_work, bare_work = Work(worker), Work(worker_at(bare_port))
    for _ in range(ROUNDS):
        with bare_work.measured() as found:
            found |= ask(bare_port, requests, depth=DEPTH, seconds=SECONDS)
        bares.append(speed(found))
        with our_work.measured() as found:
            found |= ask(port, requests, depth=DEPTH, seconds=SECONDS)
        ours.append(speed(found))
        wanted += found["answered"]
    show("redirects a second, recorded", f"{statistics.median(ours):,.0f}")
    show("a bare redirect of the same server", f"{statistics.median(bares):,.0f}")
    ratios = [one / other for one, other in zip(ours, bares, strict=True)]
    show("ratio of each round (goal: 0.7)", " ".join(f"{ratio:.2f}" for ratio in ratios))
    show("median of the ratios", f"{statistics.median(ratios):.2f}")
    each = [work.seconds / work.answered for work in (our_work, bare_work)]
    texts = [f"{seconds * 1e6:.1f}" for seconds in each]
    show("processor's microseconds of each, recorded and bare", " and ".join(texts))
    show("ratio of these", f"{each[1] / each[0]:.2f}")
    begun_at, waiting = time.monotonic(), wanted - stored()
    until_stored(wanted)
    taken = time.monotonic() - begun_at
    show("seconds until their clicks were stored", f"{taken:.1f}, {waiting:,} waited")
    rate = statistics.median(ours) / 2
    at_half(bare_port, requests, rate).show("bare")
    half = at_half(port, requests, rate)
    ended_at = time.monotonic()
    wanted += half.answered
    until_stored(wanted)
    taken = time.monotonic() - ended_at
    half.show("recorded")
    show("clicks in PostgreSQL, of", f"{stored():,} of {wanted:,}")
    show("seconds after the last answer (goal: 2)", f"{taken:.1f}")
    show("megabytes of the worker, before and after", f"{before:.0f}, {memory_of(worker):.0f}")


@dataclass(frozen=True)
class HalfLoad:
    """How long answers took at half of the full speed, in seconds, the shortest first.

    `waited` is for how much of `lasted` a thread of the worker could have run and had no core: it
    tells what other work on the machine did to the times.
    """

    times: list[float]
    waited: float
    lasted: float

    @property
    def answered(self) -> int:
        return len(self.times)

    def show(self, what: str) -> None:
        last = self.answered - 1
        places = [min(last, int(self.answered * share / 100)) for share in (50, 99, 99.9)]
        texts = " ".join(f"{self.times[place] * 1_000:.2f}" for place in places)
        show(f"milliseconds at half of that, {what}: p50 p99 p99.9", texts)
        waited = f"{self.waited:.1f} of {self.lasted:.1f}"
        show("  seconds in which the worker waited for its core", waited)


def at_half(port: int, requests: list[str], rate: float) -> HalfLoad:
    worker = worker_at(port)
    before = waited_for_core(worker)
    found = ask(port, requests, rate=rate, seconds=SECONDS)
    waited = waited_for_core(worker) - before
    return HalfLoad(sorted(found["times"]), waited, found["seconds"])


def waited_for_core(worker: int) -> float:
    """Seconds that all threads of a process were ready to run and did not (Linux' sched-stats)."""
    threads = Path(f"/proc/{worker}/task").glob("*/schedstat")
    return sum(int(one.read_text().split()[1]) for one in threads) / 1e9


def until_stored(wanted: int, *, seconds: float = STORED_SECONDS) -> None:
    """Wait until so many clicks are in PostgreSQL, or for so long. Counting takes a sixth of it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        begun_at = time.monotonic()
        if stored() >= wanted:
            return
        time.sleep(max(0.05, 5 * (time.monotonic() - begun_at)))


class Work:
    """How long a worker kept the processor busy, for how many answers."""

    def __init__(self, worker: int) -> None:
        self._stat = Path(f"/proc/{worker}/stat")
        self.seconds, self.answered = 0.0, 0

    @contextmanager
    def measured(self) -> Iterator[dict[str, Any]]:
        """Add what happens in the block, which puts the client's findings into the dictionary."""
        found: dict[str, Any] = {}
        before = self._busy()
        yield found
        self.seconds += self._busy() - before
        self.answered += found["answered"]

    def _busy(self) -> float:
        """Seconds of all its threads, in user mode and in the system (proc(5))."""
        fields = self._stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask(port: int, requests: list[str], **how: Any) -> dict[str, Any]:
    """Run the client; every answer has to be a redirect."""
    given = {"port": port, "connections": CONNECTIONS, "requests": requests, **how}
    if "rate" in how:
        given["connections"] = CONNECTIONS * 8
    client = [sys.executable, "-m", "benchmarks.pipelined"]
    told = subprocess.run(
        client, input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    found: dict[str, Any] = json.loads(told.stdout)
    assert found["answered"] == found["redirects"], found
    return found


def speed(found: dict[str, Any]) -> float:
    return float(found["answered"] / found["seconds"])


def stored() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tracking_click")
        [(count,)] = cursor.fetchall()
    connection.close()
    return int(count)


def cores() -> tuple[set[int], set[int]]:
    """One core for the web servers, and the others."""
    every = sorted(os.sched_getaffinity(0))
    return {every[-1]}, set(every[:-1]) or {every[-1]}


@contextmanager
def on_cores(chosen: set[int]) -> Iterator[None]:
    """What is started in the block runs on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, chosen)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def services_on(chosen: set[int]) -> Iterator[None]:
    """Have PostgreSQL and Valkey, which run already, on these cores during the block."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [(own,)] = cursor.fetchall()
    postgres = int(Path(f"/proc/{own}/stat").read_text().rpartition(")")[2].split()[1])
    with client(settings.CLICKS_URL, timeout=5) as stream:
        valkey = int(stream.info("server")["process_id"])
    before = os.sched_getaffinity(postgres)
    move((postgres, valkey), chosen)
    try:
        yield
    finally:
        move((postgres, valkey), before)


def move(services: tuple[int, ...], cores: set[int]) -> None:
    """Move processes with their threads and children to these cores."""
    for process in (*services, *(child for one in services for child in children_of(one))):
        with suppress(OSError):  # it has ended
            if Path(f"/proc/{process}/comm").read_text().startswith(("postgres", "valkey")):
                for thread in Path(f"/proc/{process}/task").iterdir():
                    os.sched_setaffinity(int(thread.name), cores)


@contextmanager
def consumer() -> Iterator[None]:
    """Store clicks, on all cores but the last."""
    with on_cores(cores()[1]):
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "django", "store_clicks"], env=os.environ
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


@contextmanager
def bare() -> Iterator[int]:
    """granian with an application that only redirects; yields its port."""
    port = next(port for port in range(FIRST_PORT, FIRST_PORT + 100) if reserve(port))
    process = subprocess.Popen(
        [
            sys.executable, "-m", "granian", "--interface", "asgi", "--http", "1", "--no-ws",
            "--workers", "1", "--host", HOST, "--port", str(port), "--log-level", "warning",
            "--backpressure", "2000", "benchmarks.bare_redirect:application",
        ]
    )  # fmt: skip
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def worker_at(port: int) -> int:
    """The pid of the worker of the web server on that port, a child of ours."""
    for pid in children_of(os.getpid()):
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if str(port).encode() in command:
            return children_of(pid)[0]
    raise AssertionError("there is no web server")


def memory_of(pid: int) -> float:
    """Megabytes that the process has in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6
