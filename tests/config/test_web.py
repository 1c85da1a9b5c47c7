"""The web server's main process."""

from __future__ import annotations

import threading
import time

import pytest
from granian.constants import Interfaces

from config.web import MAX_SOON, SOON_SECONDS, Respawns, Server
from tests.own_processes import until


@pytest.fixture
def server() -> Server:
    one = Server("config.asgi:application", interface=Interfaces.ASGI)
    one.watch_signals()
    return one


def test_a_signal_while_the_lock_of_the_event_is_held_stops_nothing_but_the_server(
    server: Server,
) -> None:
    """The handler runs in the thread that may hold the lock, as when a worker died just then."""
    lock = server.main_loop_interrupt._cond  # type: ignore[attr-defined]

    def interrupted() -> None:
        with lock:
            server.signal_handler_interrupt()

    main = threading.Thread(target=interrupted, daemon=True)
    main.start()
    main.join(10)

    assert not main.is_alive()
    assert server.main_loop_interrupt.wait(10)


def test_a_signal_is_not_lost_when_the_event_is_cleared_after_it(server: Server) -> None:
    server.signal_handler_interrupt()
    until(server.main_loop_interrupt.is_set, "the signal was not seen")
    server.main_loop_interrupt.clear()

    assert server.main_loop_interrupt.wait(10)


def ended(times: Respawns, *workers: int) -> bool:
    """Whether granian ends the server when these workers end, as it finds out."""
    return any(time.monotonic() - times.get(worker, 0) <= 5.5 for worker in workers)


def started(times: Respawns, worker: int, *, ago: float = 0.0) -> None:
    times.clear()  # as granian does each time
    times[worker] = time.monotonic() - ago


def test_workers_that_end_in_turn_again_and_again_end_the_server() -> None:
    times = Respawns()
    for _ in range(MAX_SOON):
        for worker in (0, 1):
            started(times, worker)
            assert not ended(times, worker)
    started(times, 0)

    assert ended(times, 0)
    assert not ended(times, 1)


def test_a_worker_that_served_for_a_while_may_end_again() -> None:
    times = Respawns()
    for _ in range(MAX_SOON + 1):
        started(times, 0, ago=SOON_SECONDS + 1)
    assert not ended(times, 0)
    started(times, 0)
    assert not ended(times, 0)
