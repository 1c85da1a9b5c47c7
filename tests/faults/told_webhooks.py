"""Webhooks under a soak: orders change, and a receiver fails in every way while it is told.

What happens is that of Saltmarsh, whose endpoint has nothing else to receive. In the end each event
must have been received, signed, and what happened to one thing in sequence.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from random import Random
from socket import create_connection
from typing import Any

from tests.architecture.tls import HOST, TlsProxy, make_certificate
from tests.faults.web_server import WebServer
from tests.own_processes import MAX_WAIT_SECONDS, until
from tests.own_servers import OwnServers
from tests.programs import run_forked
from tests.webhooks.failing import FailingReceiver

SHARE = 0.3  # of the requests fail
PAUSE_SECONDS = 4.0  # between two orders: at a receiver that fails, one call at a time is made
REPEAT_SECONDS = 0.2  # before a request that was not taken is sent again
CERTIFICATE_SECONDS = 5.0, 10.0  # of a bad certificate at a time
LEFT_OVER_SECONDS = max(
    600.0, MAX_WAIT_SECONDS
)  # for anything to arrive, once nothing is hurt any more
# Adds the endpoint; prints Saltmarsh's API key, the secret, the endpoint's number, and that of the
# last entry of which it is not told.
FURNISH = """
import os
import django
django.setup()
from django.utils import timezone
from accounts.models import Brand, OutboxEntry
from core.tenancy import acting_for
from tests.api.shop import key_for
from tests.cast import SYSTEM
from webhooks.endpoints import add_endpoint
brand, now = Brand.objects.get(slug="saltmarsh"), timezone.now()
with acting_for(brand):
    last = OutboxEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    made = add_endpoint(
        address=os.environ["RECEIVER"], events=[], description="", by=SYSTEM, now=now
    )
print(key_for(brand), made.secret, made.endpoint.pk, last)
"""
# Retries come after up to a day. At the end all are made at once, as if that day had passed.
HURRY = """
UPDATE webhooks_delivery SET next_attempt_at = now()
WHERE endpoint_id = %s AND next_attempt_at > now() AND lease_token IS NULL
"""
WAITING = """
SELECT (SELECT count(*) FROM webhooks_waitingentry)
  + (SELECT count(*) FROM webhooks_delivery
     WHERE endpoint_id = %s AND state IN ('pending', 'failed'))
"""
UNTOLD = """
SELECT count(*) FROM accounts_outboxentry AS entry
WHERE entry.id > %s AND entry.brand_id = (SELECT brand_id FROM webhooks_endpoint WHERE id = %s)
  AND NOT EXISTS (
    SELECT FROM webhooks_delivery AS delivery
    WHERE delivery.endpoint_id = %s AND delivery.entry = entry.id AND state = 'delivered'
  )
"""


class ToldWebhooks:
    """`others` are what RandomFaults may do to it beside what its receiver does by itself."""

    def __init__(self, servers: OwnServers, web: WebServer, folder: Path, chance: Random) -> None:
        self.servers, self.web, self.chance = servers, web, chance
        self.receiver = FailingReceiver(chance, share=SHARE)
        self.others: Sequence[tuple[str, Callable[[], object]]] = (
            ("certificate of the webhooks' receiver bad", self._bad_certificate),
        )
        self.orders = 0
        self.refused: Counter[int] = Counter()  # by status: a mistake of this file, or of the API
        self._certificate = make_certificate(folder, "stranger")
        self._over = threading.Event()
        self._broken = ""
        self._thread = threading.Thread(target=self._go_on)
        self._running = self.receiver.running()

    def start(self) -> None:
        self._running.__enter__()
        made = run_forked(
            FURNISH, environment={**self.servers.environment, "RECEIVER": self.receiver.address}
        )
        assert made.returncode == 0, made.stderr
        key, self.receiver.secret, endpoint, last = made.stdout.split()
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self.endpoint, self.last = int(endpoint), int(last)
        stranger = TlsProxy(
            *self._certificate, lambda: create_connection((HOST, self.receiver.port))
        )
        self.addresses = self.receiver.address, f"https://{HOST}:{stranger.port}/hook"
        self._thread.start()

    def finish(self) -> None:
        """Let everything arrive, at a receiver that fails no more."""
        self._over.set()
        self._thread.join()
        assert not self._broken, self._broken
        self.receiver.share = 0.0
        until(
            self._is_all_settled,
            "webhooks wait for ever",
            seconds=LEFT_OVER_SECONDS,
            every=1.0,
            progress=lambda: len(self.receiver.received),
        )

    def stop(self) -> None:
        self._over.set()
        self._running.__exit__(None, None, None)

    def report(self) -> bool:
        """Print it; returns whether all is well."""
        receiver = self.receiver
        with self.servers.connect() as asking:
            rows = asking.execute(
                "SELECT event_id, state, attempts FROM webhooks_delivery WHERE endpoint_id = %s",
                [self.endpoint],
            ).fetchall()
        untold = self.servers.value(UNTOLD, self.last, self.endpoint, self.endpoint)
        arrived = Counter(one.message_id for one in receiver.received)
        lost = [event for event, _, _ in rows if not arrived[f"msg_{event.hex}"]]
        astray = receiver.out_of_sequence()
        print(
            f"webhooks: {self.orders} orders, {len(rows)} events"
            f" {dict(Counter(str(state) for _, state, _ in rows))},"
            f" {sum(int(str(one)) for _, _, one in rows)} attempts that were recorded,"
            f" {len(receiver.requests)} requests, failed: {dict(sorted(receiver.failed.items()))}"
        )
        print(
            f"webhooks that arrived: {len(arrived)}, more than once:"
            f" {sum(number > 1 for number in arrived.values())}, lost: {len(lost) + untold},"
            f" things out of sequence: {astray or 0} of {len(receiver.of_targets())},"
            f" wrong signatures: {len(receiver.unsigned)}"
        )
        if self.refused:
            print(f"requests that the API refused: {dict(self.refused)}")
        wrong = lost or untold or astray or receiver.unsigned or self.refused
        return bool(rows) and not wrong

    def _is_all_settled(self) -> bool:
        with self.servers.connect() as ours:
            ours.execute(
                "UPDATE webhooks_endpoint SET paused_until = NULL WHERE id = %s", [self.endpoint]
            )
            ours.execute(HURRY, [self.endpoint])
        return not self.servers.value(WAITING, self.endpoint)

    def _bad_certificate(self) -> None:
        good, bad = self.addresses
        self._lead_to(bad)
        try:
            threading.Event().wait(self.chance.uniform(*CERTIFICATE_SECONDS))
        finally:
            self._lead_to(good)

    def _lead_to(self, address: str) -> None:
        with self.servers.connect() as ours:
            ours.execute(
                "UPDATE webhooks_endpoint SET address = %s WHERE id = %s", [address, self.endpoint]
            )

    def _go_on(self) -> None:
        try:
            for number in count():
                if self._over.wait(PAUSE_SECONDS if number else 0.0):
                    return
                self._tell(f"told-{number}")
                self.orders += 1
        except Exception as error:
            self._broken = repr(error)

    def _tell(self, order_id: str) -> None:
        """An order that is stated anew, refunded, and not refunded after all."""
        order: dict[str, Any] = {
            "order_id": order_id,
            "ordered_at": "2026-11-20T11:00:00Z",
            "currency": "USD",
            "promo_code": "JUNETIDE",
        }
        line = {"sku": "T", "product": "Tide", "quantity": 1}
        at_first = {**order, "lines": [{**line, "unit_price": "10.00"}]}
        self._until_taken("POST", "orders", at_first)
        for minute in (1, 2):
            changed = {
                **order,
                "lines": [{**line, "unit_price": f"{10 + minute}.00"}],
                "updated_at": f"2026-11-20T11:0{minute}:00Z",
            }
            self._until_taken("PUT", "orders", changed)
        refund = {
            "refund_id": f"back-{order_id}",
            "order_id": order_id,
            "refunded_at": "2026-11-20T12:00:00Z",
            "currency": "USD",
            "amount": "3.00",
        }
        self._until_taken("POST", "refunds", refund)
        self._until_taken("DELETE", f"refunds/api/back-{order_id}", None)

    def _until_taken(self, method: str, path: str, body: Any) -> None:
        while True:
            text = "" if body is None else json.dumps(body)
            answer = self.web.ask(method, f"/api/v1/{path}", text, self._headers)
            if 200 <= answer.status < 300:
                return
            if 400 <= answer.status < 500:
                self.refused[answer.status] += 1
                raise AssertionError(f"{method} {path}: {answer.status} {answer.body!r}")
            threading.Event().wait(REPEAT_SECONDS)
