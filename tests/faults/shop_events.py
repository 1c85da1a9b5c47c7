"""Deliveries of three shops, shuffled and repeated, while web and worker are killed.

`python -m tests.faults.shop_events`: EVENTS says how many (10,000), EVENTS_SEED which, EVENTS_KILLS
how often something is killed (30). A brand first hears everything in order and once. Another brand
gets the same deliveries one to five times each, in any order, over HTTP; its web process and its
workers are killed meanwhile. Both must have the same orders, refunds, commissions and ledger.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from config.local.ports import HOST
from tests.faults.shop_history import connected, history, picture, sellers
from tests.own_processes import ROOT, children_of, send, until
from tests.ports import own_port

if TYPE_CHECKING:  # they need Django, which is set up once the servers are there
    from tests.integrations.real.outbox import Posted
from tests.integrations.real.shops import RealShop

SENDERS = 6
WORKERS = 2
PAUSE_SECONDS = 0.1  # before a delivery that was not taken is sent again
MAX_TIMES = 5  # that a delivery is sent
BATCH = 50
LEASE = {"WORK_LEASE": "1"}  # an event that a worker died with is free again after three times that


@dataclass
class Web:
    """The web process, which is killed whole and started again."""

    environment: Mapping[str, str]
    port: int = field(default_factory=own_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["-W", "ignore", "-m", "config.web", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env={**self.environment, "WEB_WORKERS": "1"}
        )

    def kill(self) -> None:
        assert self.process is not None
        send(signal.SIGKILL, self.process.pid, *children_of(self.process.pid))
        self.process.wait()

    def post(self, posted: Posted) -> int:
        """Return the status of the answer, 0 if none came."""
        connection = HTTPConnection(HOST, self.port, timeout=30)
        try:
            connection.request("POST", urlsplit(posted.url).path, posted.body, dict(posted.headers))
            return connection.getresponse().status
        except (OSError, HTTPException):
            return 0
        finally:
            connection.close()


class CeleryWorker:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = {**environment, **LEASE, "CELERY_SKIP_CHECKS": "1"}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            "-W", "ignore", "-m", "celery", "--quiet", "-A", "config", "worker", "--pool=solo",
            "--loglevel=CRITICAL", "--without-mingle", "--without-gossip",
        ]  # fmt: skip
        self.process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=self.environment)

    def kill(self) -> None:
        assert self.process is not None
        send(signal.SIGKILL, self.process.pid)
        self.process.wait()


@dataclass
class Figures:
    """What a run did; `differences` names the parts of the picture that are not the same."""

    events: int = 0
    deliveries: int = 0
    orders: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    reconciled: int = 0  # differences that `reconcile` finds
    differences: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def is_well(self) -> bool:
        return not self.differences and not self.reconciled and set(self.states) == {"done"}


class ShopEvents:
    """One run. `environment` leads child processes to the servers that this process uses."""

    def __init__(
        self, environment: Mapping[str, str], *, events: int, kills: int, chance: Random
    ) -> None:
        from tests.integrations.real.shops import ShopifyShop, StripeAccount, WooShop

        begun = datetime.now(UTC) - timedelta(days=1)
        self.shops: list[RealShop] = [ShopifyShop(begun), WooShop(begun), StripeAccount(begun)]
        self.environment, self.events, self.kills = environment, events, kills
        self.chance, self.figures = chance, Figures()
        self.kept: list[tuple[RealShop, Posted]] = []

    def run(self) -> Figures:
        from django.conf import settings

        from core.tenancy import acting_for
        from integrations import working
        from tests.integrations.real.shops import running
        from tracking.reconciliation.differences import differences

        in_order, shuffled = sellers("inorder"), sellers("shuffled")
        base = _setting(settings, "BASE_URL", "http://127.0.0.1")
        # What a worker was told of that died is found at once, and not after ten seconds.
        soon = _setting(working, "LOST_MESSAGE_AFTER", timedelta(seconds=1))
        in_place = running(*self.shops)
        with base, soon, in_place as stand_ins, _setting(settings, "STAND_INS", stand_ins):
            with _timed(self.figures, "in order"), acting_for(in_order):
                expected = self._in_order()
            with acting_for(shuffled):
                self._shuffled(stand_ins)
                found = picture()
                self.figures.reconciled = len(list(differences(shuffled)))
        self.figures.orders = len(found["orders"])
        self.figures.differences = [
            f"{name}: {[*_first_difference(expected[name], found[name])]}"
            for name in expected
            if expected[name] != found[name]
        ]
        return self.figures

    def _in_order(self) -> dict[str, Any]:
        """Everything happens, and is received and worked on at once."""
        from integrations.connections import disconnect
        from integrations.models import Event, EventOrigin
        from integrations.receiving import Receipt, receive_delivery
        from integrations.shop import RawDelivery
        from integrations.working import work_events
        from tests.cast import SYSTEM
        from tests.integrations.real.outbox import Outbox

        shops: dict[str, RealShop] = {}

        def take(posted: Posted) -> int:
            public_id = posted.url.rstrip("/").rpartition("/")[2]
            now = datetime.now(UTC)
            headers = {name.lower(): value for name, value in posted.headers.items()}
            received = receive_delivery(
                public_id=public_id,  # type: ignore[arg-type]  # Django takes the text of a UUID
                raw=RawDelivery(headers, posted.body),
                network="",
                now=now,
                origin=EventOrigin.DELIVERED,
            )
            assert received.receipt is Receipt.STORED, received
            assert received.event is not None
            event = Event.objects.get(pk=received.event)
            work_events(connection_id=event.connection_id, now=now)
            self.kept.append((shops[public_id], posted))
            return 200

        with Outbox(take).taking():
            connections = {shop.kind: connected(shop) for shop in self.shops}
            shops |= {str(connections[shop.kind].public_id): shop for shop in self.shops}
            for act in history(self.shops, self.chance):
                act()
                if len(self.kept) >= self.events:
                    break
            expected = picture()
            for one in connections.values():
                disconnect(connection=one, by=SYSTEM, now=datetime.now(UTC))
        self.figures.events = len(self.kept)
        return expected

    def _shuffled(self, stand_ins: Mapping[str, str]) -> None:
        from integrations.credentials import secret_of

        with _pings_unsent():
            connections = {shop.kind: connected(shop) for shop in self.shops}
        self.secrets = {kind: secret_of(one) for kind, one in connections.items()}
        self.paths = {kind: f"/webhooks/{one.public_id}/" for kind, one in connections.items()}
        named = ",".join(f"{host}={where}" for host, where in stand_ins.items())
        environment = {**self.environment, "STAND_INS": named, "LOG_LEVEL": "CRITICAL"}
        self.web = Web(environment)
        self.workers = [CeleryWorker(environment) for _ in range(WORKERS)]
        times = [one for one in self.kept for _ in range(self.chance.randint(1, MAX_TIMES))]
        self.chance.shuffle(times)
        self.figures.deliveries = len(times)
        processes: list[Web | CeleryWorker] = [self.web, *self.workers]
        for process in processes:
            process.start()
        try:
            with _timed(self.figures, "shuffled"):
                self._deliver_and_kill(times)
        finally:
            for process in processes:
                process.kill()

    def _deliver_and_kill(self, times: list[tuple[RealShop, Posted]]) -> None:
        from integrations.models import Event, EventState
        from integrations.working import sweep_events

        waits_for = Event.objects.filter(state=EventState.WAITING)
        taken = [0]
        lock = threading.Lock()

        def deliver(one: tuple[RealShop, Posted]) -> None:
            while True:
                status = self.web.post(self._as_sent_now(*one))
                with lock:
                    self.figures.statuses[status] += 1
                if status == 200:
                    with lock:
                        taken[0] += 1
                    return
                threading.Event().wait(PAUSE_SECONDS)

        # Of all that is to be sent, and of all that is to be worked on.
        steps = len(times) + self._stored(times)
        kill_at = sorted(self.chance.sample(range(steps), self.kills))
        with ThreadPoolExecutor(SENDERS) as senders:
            sent = [senders.submit(deliver, one) for one in times]

            def is_done() -> bool:
                done = Event.objects.exclude(state=EventState.WAITING).count()
                if kill_at and taken[0] + done >= kill_at[0]:
                    kill_at.pop(0)
                    self._kill_one()
                sweep_events(now=datetime.now(UTC))
                return all(one.done() for one in sent) and not waits_for.exists() and not kill_at

            def progress() -> object:
                return taken[0], waits_for.count()

            until(is_done, "deliveries are not worked on", every=0.3, progress=progress)
        for one in sent:
            one.result()
        self.figures.states = Counter(Event.objects.values_list("state", flat=True))

    def _stored(self, times: list[tuple[RealShop, Posted]]) -> int:
        """How many events will be stored: of WooCommerce a repeat is another one."""
        nameless = [one for shop, one in times if shop.kind == "woocommerce"]
        return len(nameless) + len([one for shop, one in self.kept if shop.kind != "woocommerce"])

    def _kill_one(self) -> None:
        is_web = self.figures.kills.total() % 3 == 1
        victim = self.web if is_web else self.chance.choice(self.workers)
        victim.kill()
        victim.start()
        self.figures.kills["web" if is_web else "worker"] += 1

    def _as_sent_now(self, shop: RealShop, posted: Posted) -> Posted:
        """The delivery as the shop sends it to the brand that hears everything shuffled."""
        from tests.integrations.real.outbox import Posted as Made

        headers = shop.signature(posted.body, self.secrets[shop.kind])
        return Made(self.paths[shop.kind], {**posted.headers, **headers}, posted.body)


def _first_difference(expected: list[Any], found: list[Any]) -> Iterator[str]:
    for one in expected:
        if one not in found:
            yield f"expected {one}"
            break
    for one in found:
        if one not in expected:
            yield f"found {one}"
            break


@contextmanager
def _setting(settings: Any, name: str, value: object) -> Iterator[None]:
    before = getattr(settings, name)
    setattr(settings, name, value)
    try:
        yield
    finally:
        setattr(settings, name, before)


@contextmanager
def _pings_unsent() -> Iterator[None]:
    from tests.integrations.real.outbox import Outbox

    with Outbox(lambda posted: 200).taking():
        yield


@contextmanager
def _timed(figures: Figures, name: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    figures.seconds[name] = round(time.monotonic() - begun, 1)


def main() -> int:
    from tests.own_servers import start_own_servers

    events = int(os.environ.get("EVENTS", "10000"))
    kills = int(os.environ.get("EVENTS_KILLS", "30"))
    seed = int(os.environ.get("EVENTS_SEED", "0")) or int(time.time())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left running
    servers = start_own_servers()
    environment = servers.environment
    os.environ.update(environment)
    import django

    django.setup()
    print(f"{events:,} events of three shops, EVENTS_SEED={seed}", flush=True)
    run = ShopEvents(environment, events=events, kills=kills, chance=Random(seed))
    figures = run.run()
    worked = figures.states.total() / figures.seconds["shuffled"]
    print(f"events, deliveries, orders: {figures.events:,}, {figures.deliveries:,},"
          f" {figures.orders:,}")  # fmt: skip
    print(f"killed: {json.dumps(figures.kills)}; answers: {dict(figures.statuses)}")
    print(f"seconds: {figures.seconds}; stored and worked on a second: {worked:.0f}")
    print(f"stored events: {dict(figures.states)}")
    print(f"differences: {figures.differences or 'none'}; reconcile: {figures.reconciled}")
    return int(not figures.is_well)


if __name__ == "__main__":
    sys.exit(main())
