"""The web server's main process."""

from __future__ import annotations

import threading

import pytest
from granian.constants import Interfaces

from config.web import MAX_SOON, Respawns, Server
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


def test_granian_hears_of_a_worker_that_ends_again_and_again_and_of_no_other() -> None:
    times = Respawns()
    for number in range(MAX_SOON):
        times[0] = float(number)
        assert times.get(0, 0) == 0
        times.clear()  # as granian does each time
    times[0] = times[1] = float(MAX_SOON)

    assert (times.get(0, 0), times.get(1, 0)) == (MAX_SOON, 0)
    times[0] = 1_000.0
    assert times.get(0, 0) == 0
