"""The web process: granian with heartbeats. `python -m config.web --host 0.0.0.0 --port 8000`.

granian's own command restarts a dead worker, but not a frozen one. On Linux it gives each worker
its own socket, so connections queue at a worker that is frozen or dead. Here the workers share one
socket, and each sends a heartbeat every second. A worker without heartbeats is killed, and granian
starts another.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import resource
import socket
import sys
import threading
import time
from collections import Counter
from typing import Any

from granian._granian import ListenerSpec
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from config.heartbeats import Heartbeats

OTHER_FILES = 500  # files a worker opens besides: bodies, PostgreSQL, Valkey, modules
SIGNAL_SECONDS = 0.1  # until a signal is seen
# A worker that ends so often in a row, each time so soon, can't be helped: the server ends.
MAX_SOON, SOON_SECONDS = 10, 15.0


class Respawns(dict[int, float]):
    """When granian started each worker anew, by the clock of time.monotonic.

    granian ends the server, and the workers that serve, if a worker ends within seconds of that. A
    worker may be killed twice within seconds, which is no defect: granian hears of it only after
    MAX_SOON such ends of one worker in a row.
    """

    def __init__(self) -> None:
        super().__init__()
        self.soon: Counter[int] = Counter()

    def clear(self) -> None:
        """Nothing: granian forgets all times when it starts a worker, and they are needed here."""

    def __setitem__(self, worker: int, at: float) -> None:
        self.soon[worker] = self.soon[worker] + 1 if self.is_soon(worker, at) else 0
        super().__setitem__(worker, at)

    def is_soon(self, worker: int, at: float) -> bool:
        return at - super().get(worker, -math.inf) <= SOON_SECONDS

    def get(self, worker: int, default: Any = None) -> Any:
        """A time that granian takes for a moment ago, once it may end the server."""
        is_broken = self.soon[worker] >= MAX_SOON and self.is_soon(worker, time.monotonic())
        return math.inf if is_broken else default


class Server(MPServer):
    """granian's server, with one socket for all workers, and one that stops when it is asked to.

    granian sets an event in its signal handler. The main thread, which runs the handler, may hold
    the lock of this event just then, because a worker died: it would wait for itself for ever. Or
    it clears the event right afterwards. So the handler only takes note, and a thread sets the
    event until the server has ended.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.respawned_wrks = Respawns()

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        self.interrupt_signal = True

    def watch_signals(self) -> None:
        """Begin to look for the signal that ends the server, in a thread."""
        threading.Thread(target=self._see_signals, name="signals", daemon=True).start()

    def _see_signals(self) -> None:
        while True:
            time.sleep(SIGNAL_SECONDS)
            if self.interrupt_signal:
                self.main_loop_interrupt.set()

    def _init_shared_socket(self) -> None:
        holder = ListenerSpec(self.bind_addr, self.bind_port, self.backlog).build()
        self._shd = holder  # type: ignore[assignment]
        self._sfd = holder.get_fd()
        self._sso = socket.socket(fileno=self._sfd)
        self._sso.set_inheritable(True)


def allow_open_files(number: int) -> None:
    """Raise the limit of open files per worker to `number`, as far as the machine allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m config.web", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    asked = parser.parse_args()
    os.environ["TRIBUTARY_PROCESS"] = "web"
    from config import limits, settings

    if limits.PROCESS != "web":
        raise RuntimeError(f"TRIBUTARY_PROCESS is {limits.PROCESS!r}; here it is 'web' or unset")
    allow_open_files(limits.WEB_CONNECTIONS + OTHER_FILES)
    if sys.platform == "linux":  # the workers inherit the socket and the pipe
        multiprocessing.set_start_method("fork", force=True)
    heartbeats = Heartbeats(stuck_seconds=limits.WEB_STUCK_SECONDS)
    server = Server(
        "config.asgi:application",
        address=asked.host,
        port=asked.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(max_buffer_size=limits.WEB_MAX_HEAD_BYTES),
        websockets=False,
        workers=limits.WEB_WORKERS,
        blocking_threads=1,  # in which redirects are made: config.granian_thread
        backpressure=limits.WEB_CONNECTIONS,
        respawn_failed_workers=True,
        workers_kill_timeout=limits.WEB_STOP_SECONDS,
        log_level=LogLevels.warning,
        log_dictconfig=settings.LOGGING,
    )
    heartbeats.watch()
    server.watch_signals()
    server.serve()


if __name__ == "__main__":
    main()
