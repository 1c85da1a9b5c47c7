"""Workers of the web process are killed and frozen, and more is asked of it than it can do."""

from __future__ import annotations

import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from config.local.ports import HOST
from tests.faults.test_postgresql import ANSWERED, BUSY_MACHINE, HEALTH
from tests.faults.web_server import Answer, WebServer, is_within, room, slowest
from tests.own_processes import send, until

IDLE_CONNECTIONS = 1_100


def ask_for(web: WebServer, *, seconds: float) -> list[Answer]:
    """Ask for something small again and again."""
    over_at, answers = time.monotonic() + seconds, []
    while time.monotonic() < over_at:
        answers.append(web.look())
    return answers


def test_a_killed_worker_is_replaced_and_the_other_goes_on_serving(web: WebServer) -> None:
    before = web.workers()
    send(signal.SIGKILL, before[0])
    answers = ask_for(web, seconds=2)
    until(lambda: len(set(web.workers()) - {before[0]}) == 2, "not replaced")

    assert answers[0].status == 200
    assert {answer.status for answer in answers} == {200}
    until(web.is_whole, "not whole again")


def test_workers_that_are_killed_as_soon_as_they_are_back_are_replaced(web: WebServer) -> None:
    """granian alone ends when a worker dies within 5.5 s of its start."""
    for _ in range(3):
        before = set(web.workers())
        send(signal.SIGKILL, *before)
        until(lambda before=before: len(set(web.workers()) - before) == 2, "not replaced")  # type: ignore[misc]
    until(web.is_whole, "not whole again")


def test_a_frozen_worker_takes_no_connection_and_is_replaced(web: WebServer) -> None:
    before, usual = web.workers(), slowest(web.look() for _ in range(10))
    send(signal.SIGSTOP, before[1])
    answers = ask_for(web, seconds=2)
    until(lambda: before[1] not in web.workers(), "not killed")
    until(web.is_whole, "not replaced")

    assert {answer.status for answer in answers} == {200}
    assert slowest(answers) < ANSWERED + room(usual, least=BUSY_MACHINE)


def crowd(web: WebServer) -> tuple[list[Answer], list[Answer]]:
    """Ask for many more pages at a time than may wait, and meanwhile whether it is alive."""
    with ThreadPoolExecutor(120) as people:
        pages = [people.submit(web.get, web.servers.dashboard) for _ in range(120)]
        alive = [web.get("/healthz") for _ in range(10)]
        return alive, [one.result() for one in pages]


def test_with_all_threads_busy_health_is_told_and_the_rest_is_refused(web: WebServer) -> None:
    """Every page waits for a lock, and many more are asked for than may wait."""
    alive_before, answers_before = crowd(web)
    answered = ANSWERED + room(slowest(answers_before), least=BUSY_MACHINE)

    def health_while_locked() -> float:
        with web.servers.connect() as ours, ours.transaction():
            ours.execute("LOCK TABLE offers_enrollment IN ACCESS EXCLUSIVE MODE")
            alive, answers = crowd(web)
        assert {answer.status for answer in alive} == {200}
        assert {answer.status for answer in answers} == {503}
        assert {answer.headers["retry-after"] for answer in answers} == {"2"}
        assert slowest(answers) < answered
        return slowest(alive)

    assert is_within(
        HEALTH + room(slowest(alive_before), least=BUSY_MACHINE / 2), health_while_locked
    )
    assert web.get(web.servers.dashboard).status == 200


def test_connections_that_ask_nothing_keep_nobody_out(web: WebServer) -> None:
    """More of them than granian's own limit lets in at a time."""
    usual = web.get("/healthz")
    with ExitStack() as idle:
        for _ in range(IDLE_CONNECTIONS):
            idle.enter_context(socket.create_connection((HOST, web.port)))
        in_time = HEALTH + room(usual.seconds, least=BUSY_MACHINE / 2)
        assert is_within(in_time, lambda: web.get("/healthz").seconds)
        alive, order = web.get("/healthz"), web.look()

    assert (alive.status, order.status) == (200, 200)


def test_headers_without_end_are_refused(web: WebServer) -> None:
    """granian itself would take 400 kB of them."""
    kept, refused = (web.get("/healthz", **{"X-Long": "x" * size}) for size in (30_000, 200_000))

    assert (kept.status, refused.status) == (200, 431)


def test_a_request_to_the_api_is_noted_within_seconds(web: WebServer) -> None:
    count = (
        "SELECT count(*) FROM accounts_apirequest WHERE path = '/api/v1/orders' AND status = 201"
    )

    assert web.send_order("noted-1").status == 201

    until(lambda: web.servers.value(count) >= 1, "not noted")
