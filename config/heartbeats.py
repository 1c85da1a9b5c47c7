"""Every web worker sends a heartbeat each second; a worker without heartbeats is killed.

The server notices a dead worker, but not a frozen one or one with deadlocked threads. The server
replaces the worker that is killed here.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import select
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

PIPE = "WEB_HEARTBEAT_FD"  # the environment variable that leads a worker to the pipe
BEAT_SECONDS = 1.0
STARTING_SECONDS = 180.0  # for a worker to load the product, also on a machine that is busy
logger = logging.getLogger("_granian")


class Heartbeats:
    """The time of each worker's last heartbeat. All workers write their pid into one pipe."""

    def __init__(self, *, stuck_seconds: float, starting_seconds: float = STARTING_SECONDS) -> None:
        self._stuck_seconds, self._starting_seconds = stuck_seconds, starting_seconds
        self._reading, writing = os.pipe()
        os.set_blocking(writing, False)
        os.environ[PIPE] = str(writing)
        self._heard: dict[int, float] = {}
        self._is_over = threading.Event()

    def watch(self) -> None:
        """Read heartbeats in a thread, until `stop`."""
        if multiprocessing.get_start_method() != "fork":  # the workers have no end of the pipe
            del os.environ[PIPE]
            return
        threading.Thread(target=self._listen, name="heartbeats", daemon=True).start()

    def stop(self) -> None:
        """Stop reading heartbeats, without killing workers."""
        self._is_over.set()

    def _listen(self) -> None:
        checked_at = time.monotonic()
        while not self._is_over.is_set():
            if select.select([self._reading], [], [], BEAT_SECONDS)[0]:
                for line in os.read(self._reading, 4096).split():
                    with suppress(ValueError):
                        self._heard[int(line)] = time.monotonic()
            now = time.monotonic()
            if now - checked_at > 3 * BEAT_SECONDS:  # it is we who stood still, or the machine
                self._heard = {pid: max(heard, now) for pid, heard in self._heard.items()}
            checked_at = now
            self._end_silent_workers(now)

    def _end_silent_workers(self, now: float) -> None:
        alive = {child.pid for child in multiprocessing.active_children() if child.pid}
        for pid in alive:
            self._heard.setdefault(pid, now + self._starting_seconds)
        for pid, heard_at in list(self._heard.items()):
            if pid not in alive:
                del self._heard[pid]
            elif now - heard_at > self._stuck_seconds:
                logger.error(f"Worker {pid} does not say that it is well")
                del self._heard[pid]
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def beat(is_well: Callable[[], bool]) -> None:
    """Send a heartbeat every second while `is_well()` is true. For a worker."""
    if PIPE not in os.environ:
        return
    pipe, word = int(os.environ[PIPE]), f"{os.getpid()}\n".encode()

    def go_on() -> None:
        with suppress(OSError):
            while True:
                if is_well():
                    with suppress(BlockingIOError):
                        os.write(pipe, word)
                time.sleep(BEAT_SECONDS)

    threading.Thread(target=go_on, name="heartbeat", daemon=True).start()
