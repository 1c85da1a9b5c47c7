"""Two consumers of clicks whose servers, or who themselves, are killed or frozen.

They go on by themselves when everything is back. Each click is stored and counted once, although
batches are sent twice, as the web process does after Valkey was lost.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from redis import Redis

from tests.amounts import amount
from tests.own_processes import Process, frozen, until
from tests.own_servers import OwnServers
from tracking.links.click_lines import line_of
from tracking.links.click_stream import STREAM
from tracking.models import MAX_SOURCES_A_DAY

BATCHES, LINES = amount(20, soak=60), 50
Fault = Callable[[OwnServers, list[Process]], None]
COUNTS = {
    "clicks": "SELECT count(*) FROM tracking_click WHERE sub1 = %s",
    "counted": "SELECT coalesce(sum(clicks), 0) FROM tracking_sourcetotal WHERE value = %s",
    "visitors": "SELECT coalesce(sum(visitors), 0) FROM tracking_sourcetotal WHERE value = %s",
    "of offers": "SELECT coalesce(sum(clicks), 0) FROM tracking_offersource WHERE value = %s",
}
# Of all tests: clicks whose second sub-id is in no total, and days with more of them than are kept.
UNCOUNTED = """
SELECT sum(clicks * CASE dimension WHEN 'sub1' THEN 1 WHEN 'sub2' THEN -1 ELSE 0 END)
FROM tracking_sourcetotal
"""
CROWDED = """
SELECT count(*) FROM (
  SELECT FROM tracking_sourcetotal WHERE dimension = 'sub2'
  GROUP BY enrollment_id, day HAVING count(*) > %s
) AS days
"""


@pytest.fixture(scope="module")
def consumers(started_servers: OwnServers) -> Iterator[list[Process]]:
    both = [
        started_servers.process("django", "store_clicks", CLICKS_LEASE="1", LOG_LEVEL="WARNING")
        for _ in range(2)
    ]
    for one in both:
        one.start()
    yield both
    for one in both:
        one.stop()


class Shoppers:
    """Clicks on a link, in batches; all carry a sub-id by which they are told from others'.

    Their second sub-id is a new one for each.
    """

    def __init__(self, servers: OwnServers) -> None:
        self.servers = servers
        self.mark = uuid.uuid4().hex
        self.link = servers.value("SELECT min(id) FROM tracking_trackinglink")
        self.batches = {uuid.uuid4(): self._lines(number) for number in range(BATCHES)}

    def _lines(self, number: int) -> str:
        return "".join(
            line_of(
                link_id=self.link,
                click_id=f"{self.mark}-{number}-{place}",
                clicked_at=datetime.now(UTC),
                kind="visit",
                visitor=place,  # the same shoppers in each batch
                sub_ids=(self.mark, f"{self.mark}{number}-{place}"),
                device="phone",
            )
            for place in range(LINES)
        )

    def send(self, *, pause: float = 0.0) -> None:
        with Redis.from_url(self.servers.services.valkey.url, socket_timeout=5) as valkey:
            for batch_id, lines in self.batches.items():
                valkey.xadd(STREAM, {"id": str(batch_id), "lines": lines.encode()})
                time.sleep(pause)

    def waiting(self) -> int:
        with Redis.from_url(self.servers.services.valkey.url, socket_timeout=5) as valkey:
            return int(valkey.xlen(STREAM))

    def found(self) -> dict[str, int]:
        return {name: int(self.servers.value(query, self.mark)) for name, query in COUNTS.items()}


def nothing(servers: OwnServers, consumers: list[Process]) -> None:
    """Two consumers, and every batch twice."""


def kill_one(servers: OwnServers, consumers: list[Process]) -> None:
    """What it had read is taken over by the other."""
    consumers[0].kill()


def kill_both(servers: OwnServers, consumers: list[Process]) -> None:
    for one in consumers:
        one.kill()


def freeze_one(servers: OwnServers, consumers: list[Process]) -> None:
    """For longer than its lease: the other one stores what it has in its hands."""
    with frozen(consumers[0].pid):
        stand_still(3)


def kill_postgres(servers: OwnServers, consumers: list[Process]) -> None:
    servers.kill_postgres()
    stand_still(1)
    servers.revive()


def freeze_postgres(servers: OwnServers, consumers: list[Process]) -> None:
    with servers.frozen_postgres():
        stand_still(3)


def kill_valkey(servers: OwnServers, consumers: list[Process]) -> None:
    """It forgets what it had, with the group of the readers."""
    servers.kill_valkey()
    stand_still(1)
    servers.revive()


def empty_valkey(servers: OwnServers, consumers: list[Process]) -> None:
    with Redis.from_url(servers.services.valkey.url, socket_timeout=5) as valkey:
        valkey.flushall()


def freeze_valkey(servers: OwnServers, consumers: list[Process]) -> None:
    with servers.frozen_valkey():
        stand_still(3)


def cut_connections(servers: OwnServers, consumers: list[Process]) -> None:
    for _ in range(5):
        servers.cut_connections()
        stand_still(0.05)


def stand_still(seconds: float) -> None:
    threading.Event().wait(seconds)


@pytest.mark.parametrize(
    "fault",
    [
        nothing, kill_one, kill_both, freeze_one, kill_postgres, freeze_postgres, kill_valkey,
        empty_valkey, freeze_valkey, cut_connections,
    ],
)  # fmt: skip
def test_each_click_is_stored_and_counted_once(
    fault: Fault, own_servers: OwnServers, consumers: list[Process]
) -> None:
    shoppers = Shoppers(own_servers)
    shoppers.send()
    fault(own_servers, consumers)
    for one in consumers:
        if not one.is_running():
            one.start()
    shoppers.send(pause=0.002)

    all_of_them = BATCHES * LINES
    until(
        lambda: shoppers.waiting() == 0 and shoppers.found()["clicks"] >= all_of_them,
        lambda_text(shoppers, consumers),
        progress=shoppers.waiting,
    )
    assert shoppers.found() == {
        "clicks": all_of_them,
        "counted": all_of_them,
        "visitors": LINES,
        "of offers": all_of_them,
    }
    assert own_servers.value(UNCOUNTED) == 0
    assert own_servers.value(CROWDED, MAX_SOURCES_A_DAY + 1) == 0


def lambda_text(shoppers: Shoppers, consumers: list[Process]) -> str:
    return f"{shoppers.found()}, {shoppers.waiting()} wait; {[one.said() for one in consumers]}"
