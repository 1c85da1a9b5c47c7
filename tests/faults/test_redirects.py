"""PostgreSQL, Valkey, both, and web processes are killed and frozen under shoppers.

There are two web processes and two consumers. Every known link redirects, and each click is stored
once when everything is back.
"""

from __future__ import annotations

import re
import signal
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from threading import Event

import pytest

from tests.faults.web_server import WebServer, room
from tests.own_processes import Process, send, until
from tests.own_servers import OwnServers

REDIRECTED_SECONDS = 0.05  # that are promised, whatever is down
CHANGED_SECONDS = 1.0
UNWRITTEN_SECONDS = 0.01  # whose clicks a killed process may lose
BUSY_MACHINE = 2.0
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
CLICK_ID = re.compile(r"[?&]trb=([\w-]{48})")
CREDITED_BY = """
SELECT evidence FROM tracking_conversion WHERE order_id =
  (SELECT id FROM tracking_order WHERE external_id = %s)
"""
numbers = count()


@dataclass(frozen=True)
class Followed:
    """An answer to a shopper: when it had arrived, and after how many seconds."""

    status: int
    click_id: str
    at: float
    seconds: float
    location: str


class Shoppers:
    """They follow Mara's link. A sub-id tells their clicks from others'."""

    def __init__(self, web: WebServer) -> None:
        self.web, self.mark = web, uuid.uuid4().hex
        self.slug = web.servers.value("SELECT slug FROM tracking_linkslug ORDER BY id LIMIT 1")

    def follow(self) -> Followed:
        path = f"/r/{self.slug}?sub={self.mark}&n={next(numbers)}"
        answer = self.web.get(path, **{"User-Agent": BROWSER})
        location = answer.headers.get("location", "")
        found = CLICK_ID.search(location)
        click_id = found[1] if found else ""
        return Followed(answer.status, click_id, time.monotonic(), answer.seconds, location)

    def follow_many(self, number: int) -> list[Followed]:
        with ThreadPoolExecutor(4) as people:
            return [one.result() for one in [people.submit(self.follow) for _ in range(number)]]

    @contextmanager
    def following(self, found: list[Followed]) -> Iterator[None]:
        """Four of them follow the link all the time during the block."""
        is_over = Event()

        def go_on() -> None:
            while not is_over.is_set():
                found.append(self.follow())

        with ThreadPoolExecutor(4) as people:
            for _ in range(4):
                people.submit(go_on)
            try:
                yield
            finally:
                is_over.set()

    def stored(self) -> list[str]:
        with self.web.servers.connect() as ours:
            rows = ours.execute("SELECT click_id FROM tracking_click WHERE sub1 = %s", [self.mark])
            return [click_id for (click_id,) in rows]


@pytest.fixture(scope="module")
def consumers(started_servers: OwnServers) -> Iterator[list[Process]]:
    both = [
        started_servers.process("django", "store_clicks", CLICKS_LEASE="1", LOG_LEVEL="ERROR")
        for _ in range(2)
    ]
    for one in both:
        one.start()
    yield both
    for one in both:
        one.stop()


@pytest.fixture
def shoppers(web: WebServer, consumers: list[Process]) -> Shoppers:
    """Shoppers whose link both web processes know."""
    found = Shoppers(web)
    until(lambda: {one.status for one in found.follow_many(20)} == {302}, "no redirects")
    return found


def all_stored(shoppers: Shoppers, followed: list[Followed]) -> None:
    """Each of the clicks is in PostgreSQL once."""
    wanted = {one.click_id for one in followed if one.status == 302}
    until(lambda: wanted <= set(shoppers.stored()), "clicks are missing", progress=shoppers.stored)
    stored = shoppers.stored()
    assert len(stored) == len(set(stored))


def beside_health(shoppers: Shoppers, number: int) -> tuple[list[Followed], list[float]]:
    """Redirects, and how long /healthz took in between, which tells how busy the machine is."""
    followed, health = [], []
    for _ in range(number):
        followed.append(shoppers.follow())
        health.append(shoppers.web.get("/healthz").seconds)
    return followed, health


@pytest.mark.parametrize("outage", ["frozen", "killed"])
@pytest.mark.parametrize("servers", ["postgres", "valkey", "postgres valkey"])
def test_everybody_arrives_whatever_is_away(shoppers: Shoppers, servers: str, outage: str) -> None:
    ours = shoppers.web.servers
    freeze = {"postgres": ours.frozen_postgres, "valkey": ours.frozen_valkey}
    kill = {"postgres": ours.kill_postgres, "valkey": ours.kill_valkey}
    before = shoppers.follow_many(50)
    with ExitStack() as away:
        for name in servers.split():
            if outage == "frozen":
                away.enter_context(freeze[name]())
            else:
                kill[name]()
        first, health = beside_health(shoppers, 50)
        time.sleep(1.5)  # until the writers and the loaders have noticed
        second, health_later = beside_health(shoppers, 50)
    ours.revive()

    during = [*first, *second]
    assert {one.status for one in during} == {302}
    slowest = max(one.seconds for one in during)
    assert slowest < REDIRECTED_SECONDS + room(*health, *health_later, least=BUSY_MACHINE / 10)
    all_stored(shoppers, [*before, *during])


def test_a_change_is_live_in_both_processes_within_a_second(shoppers: Shoppers) -> None:
    usual = max(one.seconds for one in shoppers.follow_many(30))
    servers = shoppers.web.servers
    was = servers.value("SELECT destination_url FROM offers_offer ORDER BY id LIMIT 1")
    for page in ("spring", "summer"):
        with servers.connect() as ours:
            ours.execute(
                "UPDATE offers_offer SET destination_url = %s WHERE destination_url LIKE %s",
                [f"https://www.juniper.example/{page}", "https://www.juniper.example/%"],
            )
        changed_at = time.monotonic()
        until(
            lambda page=page: all(f"/{page}?" in one.location for one in shoppers.follow_many(16)),  # type: ignore[misc]
            "the change is not live",
        )
        taken = time.monotonic() - changed_at
        assert taken < CHANGED_SECONDS + 16 * room(usual, least=BUSY_MACHINE / 20)
    with servers.connect() as ours:
        ours.execute("UPDATE offers_offer SET destination_url = %s", [was])


def test_a_killed_process_loses_only_what_it_had_not_written(shoppers: Shoppers) -> None:
    followed: list[Followed] = []
    with shoppers.following(followed):
        until(lambda: len(followed) > 100, "nobody arrives")
        killed_at = time.monotonic()
        send(signal.SIGKILL, *shoppers.web.workers())
        shoppers.web.wait_until_whole()
        now = len(followed)
        until(lambda: len(followed) > now + 50, "nobody arrives any more")

    kept = [one for one in followed if one.status == 302]
    usual = sorted(one.seconds for one in kept)[len(kept) // 2]
    in_time = UNWRITTEN_SECONDS + room(usual, least=BUSY_MACHINE / 10)
    late = [one for one in kept if killed_at - in_time < one.at < killed_at + in_time]
    all_stored(shoppers, [one for one in kept if one not in late])

    last = max((one for one in late if one.at < killed_at), key=lambda one: one.at, default=kept[0])
    order = uuid.uuid4().hex  # of a shopper whose click may be among the lost ones
    taken = shoppers.web.send_order(
        order, promo_code=None, click_id=last.click_id, ordered_at=datetime.now(UTC).isoformat()
    )
    assert taken.json()["outcome"] == "recorded"
    assert shoppers.web.servers.value(CREDITED_BY, order) == "click"


def test_a_process_that_starts_while_postgresql_is_away_knows_the_links(
    shoppers: Shoppers,
) -> None:
    folder = shoppers.web.servers.services.home / "clicks"
    until((folder / "links.json").exists, "no snapshot")
    before = set(shoppers.web.workers())
    with shoppers.web.servers.frozen_postgres():
        send(signal.SIGKILL, *before)
        until(lambda: len(set(shoppers.web.workers()) - before) == len(before), "none is started")
        until(lambda: shoppers.follow().status == 302, "no redirects")
        during = shoppers.follow_many(30)
        unknown = shoppers.web.get("/r/no-such-link")

    assert {one.status for one in during} == {302}
    assert (unknown.status, unknown.headers["retry-after"]) == (503, "2")
    all_stored(shoppers, during)
