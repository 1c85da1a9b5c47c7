"""The web process as production has it, in two workers, and clients that look at the clock."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

from config.heartbeats import STARTING_SECONDS
from config.local.ports import HOST
from tests.own_processes import MAX_WAIT_SECONDS, ROOT, children_of, states_of_threads, until
from tests.own_servers import OwnServers
from tests.ports import own_port

WORKERS = 2
SEED = "seed"  # an order that is always there
SLOWER = 3  # how many times as long a machine may need as a moment ago


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many seconds. Status 0: the connection broke.

    Names of headers are in lower case.
    """

    status: int
    seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


def room(*usual: float, least: float) -> float:
    """How many seconds more than promised something may take here, because the machine is busy.

    `usual` is how long the same has taken just before, while nothing was wrong. That says how busy
    the machine is; on one that is quiet, `least` is more.
    """
    return max(least, SLOWER * max(usual))


def slowest(answers: Iterable[Answer]) -> float:
    return max(answer.seconds for answer in answers)


def is_within(seconds: float, measured: Callable[[], float]) -> bool:
    """Whether one of three tries takes less.

    A pause of the machine spoils one of them, but what waits for something spoils all.
    """
    return any(measured() < seconds for _ in range(3))


class WebServer:
    """Start it once its servers are there. `environment` is added to theirs."""

    def __init__(self, servers: OwnServers, **environment: str) -> None:
        self.servers = servers
        self.port = own_port()
        self._environment = {
            **servers.environment,
            "WEB_WORKERS": str(WORKERS),
            # Twice what production gives: a worker on a busy machine is silent for long, and lives.
            "WEB_STUCK_SECONDS": str(max(20.0, MAX_WAIT_SECONDS / 5)),
            "LOG_LEVEL": "ERROR",
            **environment,
        }

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "config.web", "--port", str(self.port)],
            cwd=ROOT,
            env=self._environment,
        )
        try:
            self.wait_until_whole()
        except BaseException:
            self.stop()
            raise
        self.send_order(SEED)
        with ThreadPoolExecutor(16) as people:  # so that each worker has compiled its pages
            list(people.map(self.get, [self.servers.dashboard] * 16))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=MAX_WAIT_SECONDS)

    def workers(self) -> list[int]:
        """The pids of granian's workers."""
        return children_of(self.process.pid)

    def is_whole(self) -> bool:
        """Whether all workers have started and the product can do its work.

        A worker has one thread while it loads the product; its first heartbeat is another.
        """
        threads = [len(states_of_threads(pid)) for pid in self.workers()]
        is_started = len(threads) == WORKERS and all(number > 1 for number in threads)
        return is_started and self.get("/readyz").status == 200

    def wait_until_whole(self) -> None:
        """Wait for as long as a worker may take to start."""
        seconds = max(STARTING_SECONDS, MAX_WAIT_SECONDS)
        until(self.is_whole, "not both workers answer", seconds=seconds)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)

    def look(self) -> Answer:
        """Ask the API what came of an order: a small read."""
        return self.get(f"/api/v1/orders/{SEED}", **self._as_shop)

    def send_order(self, order_id: str, **changes: Any) -> Answer:
        """Send one of Mara's orders to the API."""
        body: dict[str, Any] = {
            "order_id": order_id,
            "ordered_at": "2026-11-20T11:00:00Z",
            "currency": "GBP",
            "promo_code": "MARA15",
            "lines": [{"sku": "G", "product": "Glow", "quantity": 1, "unit_price": "10.00"}],
        }
        headers = {**self._as_shop, "Content-Type": "application/json"}
        return self.ask("POST", "/api/v1/orders", json.dumps(body | changes), headers)

    @property
    def _as_shop(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.servers.key}"}

    def ask(
        self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request on a connection of its own."""
        begun = time.perf_counter()
        connection = HTTPConnection(HOST, self.port, timeout=MAX_WAIT_SECONDS)
        try:
            connection.request(method, path, body or None, dict(headers or {}))
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException):  # it broke before the answer, or in the middle of it
            return Answer(0, time.perf_counter() - begun)
        finally:
            connection.close()
        seconds = time.perf_counter() - begun
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, seconds, named, content)
