"""What a supervisor, a load balancer and Prometheus ask."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from api import health
from api.metrics import METHODS, REQUESTS
from tests.api.shop import REFUNDS, Shop
from tests.cast import raw_refund
from tests.own_processes import until
from tests.programs import run_forked


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every value of an exposition by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def read(client: Client) -> dict[Any, float]:
    answer = client.get("/metrics", headers={"Authorization": "Bearer scrape"})
    assert answer.status_code == 200
    return samples(answer.content.decode())


@pytest.fixture(autouse=True)
def token(settings: Any) -> None:
    settings.METRICS_TOKEN = "scrape"
    REQUESTS.clear()  # what other tests asked for takes a second to tell and to read


def test_healthz_needs_nothing(client: Client) -> None:
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_readyz_asks_both_servers(client: Client) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"postgresql": "ready", "valkey": "ready"}


@pytest.mark.django_db
def test_readyz_names_the_server_that_does_not_answer(client: Client, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {"postgresql": "ready", "valkey": "not ready"}


@pytest.mark.django_db
def test_readyz_without_postgresql(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OperationalError("connection refused")

    with monkeypatch.context() as patched:  # what ends the test asks the database as well
        patched.setattr(connection, "cursor", refuse)
        answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {"postgresql": "not ready", "valkey": "ready"}


def test_who_asks_at_the_same_time_waits_for_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is away costs its timeout once, not once for each who asks."""
    asked, waiting = list[str](), set[int]()

    def note_who_asks() -> float:
        waiting.add(threading.get_ident())
        return time.monotonic()

    def answers_late() -> bool:
        asked.append("postgresql")
        until(lambda: len(waiting) == 8, "not all ask at the same time")
        return False

    monkeypatch.setattr(health, "monotonic", note_who_asks)
    monkeypatch.setattr(health, "_postgresql_answers", answers_late)
    monkeypatch.setattr(health, "_valkey_answers", lambda: True)
    readiness = health._Readiness()
    with ThreadPoolExecutor(8) as people:
        found = [one.result() for one in [people.submit(readiness.now) for _ in range(8)]]

    assert found == [{"postgresql": False, "valkey": True}] * 8
    assert asked == ["postgresql"]


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer wrong", "scrape", "Basic scrape"])
def test_metrics_are_not_there_for_others(client: Client, header: str) -> None:
    nothing = client.get("/no-such-page")

    answer = client.get("/metrics", headers={"Authorization": header})

    assert (answer.status_code, answer.content) == (404, nothing.content)


@pytest.mark.django_db
def test_metrics_are_not_there_without_a_token(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = ""

    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_metrics_tell_what_waits(shop: Shop, client: Client) -> None:
    shop.send(REFUNDS, raw_refund())

    found = read(client)

    assert found["tributary_refunds_parked", ()] == 1
    assert found["tributary_messages_waiting", (("state", "pending"),)] == 0
    assert found["tributary_messages_oldest_waiting_seconds", ()] == 0


@pytest.mark.django_db
def test_requests_are_counted_by_route_and_never_by_address(client: Client) -> None:
    name = "tributary_request_seconds_count"
    labels = (("method", "GET"), ("route", "api/problems/<slug:code>"), ("status", "404"))
    before = read(client).get((name, labels), 0)

    client.get("/api/problems/one-slug")
    client.get("/api/problems/another-slug")
    client.generic("SPLINES", "/api/problems/one-slug")

    after = read(client)
    assert after[name, labels] == before + 2
    assert not any("one-slug" in str(key) for key in after)
    assert {dict(key[1])["method"] for key in after if key[0] == name} <= METHODS | {"other"}


SERVE_ONCE = """
import django
django.setup()
from api.metrics import REQUESTS, served
from prometheus_client import generate_latest
REQUESTS.labels(method="GET", route="healthz", status="200").observe(0.1)
print(generate_latest(served()).decode())
"""


def test_the_processes_of_one_server_add_up(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
    }

    outputs = [run_forked(SERVE_ONCE, environment=environment).stdout for _ in range(2)]

    labels = (("method", "GET"), ("route", "healthz"), ("status", "200"))
    counts = [samples(text)["tributary_request_seconds_count", labels] for text in outputs]
    assert counts == [1, 2]
