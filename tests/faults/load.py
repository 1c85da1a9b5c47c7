"""A shop that sends orders all the time, and repeats each until it was taken."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from tests.faults.web_server import WebServer

PAUSE_SECONDS = 0.1  # before an order is sent again


class Load:
    """`senders` threads; `name` is the beginning of every order's number."""

    def __init__(self, web: WebServer, *, name: str, senders: int) -> None:
        self.statuses: Counter[int] = Counter()
        self.slowest = 0.0
        self._web, self._name, self._senders = web, name, senders
        self._numbers = count()
        self._taken: list[str] = []
        self._over = threading.Event()
        self._lock = threading.Lock()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Send for the length of the block; what was begun is sent until it is taken."""
        threads = [threading.Thread(target=self._send) for _ in range(self._senders)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    @property
    def accepted(self) -> int:
        return len(self._taken)

    def lost(self) -> int:
        """Orders that the shop was told were taken, and that are not there."""
        return len(set(self._taken) - set(self._found()))

    def doubled(self) -> int:
        """Orders that are there more than once, as orders or as money."""
        with self._web.servers.connect() as ours:
            entries = ours.execute(
                "SELECT count(*) - count(DISTINCT conversion_id) FROM tracking_conversion"
                " JOIN tracking_order ON tracking_order.id = order_id"
                " JOIN payouts_ledgerentry ON conversion_id = tracking_conversion.id"
                " WHERE external_id LIKE %s",
                [f"{self._name}-%"],
            ).fetchone()
        assert entries is not None
        found = self._found()
        return len(found) - len(set(found)) + int(str(entries[0]))

    def _found(self) -> list[str]:
        with self._web.servers.connect() as ours:
            rows = ours.execute(
                "SELECT external_id FROM tracking_order WHERE external_id LIKE %s",
                [f"{self._name}-%"],
            ).fetchall()
        return [str(row[0]) for row in rows]

    def _send(self) -> None:
        while not self._over.is_set():
            with self._lock:
                order_id = f"{self._name}-{next(self._numbers)}"
            while True:
                answer = self._web.send_order(order_id)
                with self._lock:
                    self.statuses[answer.status] += 1
                    if answer.status:  # else it was cut off with the worker that had it
                        self.slowest = max(self.slowest, answer.seconds)
                if answer.status in {200, 201}:
                    self._taken.append(order_id)
                    break
                threading.Event().wait(PAUSE_SECONDS)
