"""What is done to the servers and processes of a soak, at random moments."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

from tests.faults.web_server import WebServer
from tests.own_processes import MAX_WAIT_SECONDS, Process, children_of, frozen, send, until
from tests.own_servers import OwnServers

WEB_WORKER_REST_SECONDS = 6.0  # granian takes two deaths of one worker within 5.5 s for a defect
FROZEN_SECONDS = 8.0  # at most
DEAD_SECONDS = 4.0
SAID_CHARACTERS = 2_000  # of the log of a process that ended by itself
SLOW = max(120.0, MAX_WAIT_SECONDS)  # for a worker to be replaced
logger = logging.getLogger(__name__)


class RandomFaults:
    """Each ends with everything running again, or being started; `others` are done too."""

    def __init__(
        self,
        servers: OwnServers,
        web: WebServer,
        worker: Process,
        beat: Process,
        chance: Random,
        others: Sequence[tuple[str, Callable[[], object]]] = (),
    ) -> None:
        self.servers, self.web, self.worker, self.beat = servers, web, worker, beat
        self.chance = chance
        self.done: Counter[str] = Counter()
        self._web_worker_hurt_at = 0.0
        self._known: list[tuple[str, Callable[[], object]]] = [
            ("PostgreSQL killed", self._kill_postgres),
            ("PostgreSQL frozen", self._freeze_postgres),
            ("connections cut", servers.cut_connections),
            ("Valkey killed", self._kill_valkey),
            ("Valkey frozen", self._freeze_valkey),
            ("web worker killed", lambda: self._hurt_web_worker(signal.SIGKILL)),
            ("web worker frozen", lambda: self._hurt_web_worker(signal.SIGSTOP)),
            ("Celery worker killed", lambda: self._kill(worker)),
            ("Celery worker frozen", lambda: self._freeze(worker)),
            ("its child killed", self._kill_child),
            ("beat killed", lambda: self._kill(beat)),
            ("beat frozen", lambda: self._freeze(beat)),
            *others,
        ]
        self._to_come: list[tuple[str, Callable[[], object]]] = []

    def do_one(self) -> None:
        """All of them in random order, before any comes a second time."""
        for process in (self.worker, self.beat):
            self._start_again(process)
        if not self._to_come:
            self._to_come = self.chance.sample(self._known, len(self._known))
        name, act = self._to_come.pop()
        act()
        self.done[name] += 1

    def _start_again(self, process: Process) -> None:
        """Start it if it has ended by itself, as its supervisor does; that is counted and told."""
        if not process.is_running():
            self.done[f"ended by itself: {' '.join(process.command[:4])}"] += 1
            logger.warning("It said last: %s", process.said()[-SAID_CHARACTERS:])
            process.start()

    def wait(self, most: float) -> None:
        threading.Event().wait(self.chance.uniform(0, most))

    def _kill_postgres(self) -> None:
        self.servers.kill_postgres()
        self.wait(DEAD_SECONDS)
        self.servers.revive()

    def _freeze_postgres(self) -> None:
        with self.servers.frozen_postgres():
            self.wait(FROZEN_SECONDS)

    def _kill_valkey(self) -> None:
        self.servers.kill_valkey()
        self.wait(DEAD_SECONDS)
        self.servers.revive()

    def _freeze_valkey(self) -> None:
        with self.servers.frozen_valkey():
            self.wait(FROZEN_SECONDS)

    def _hurt_web_worker(self, number: signal.Signals) -> None:
        rests_until = self._web_worker_hurt_at + WEB_WORKER_REST_SECONDS
        threading.Event().wait(max(0.0, rests_until - time.monotonic()))
        # With both gone nobody answers; on a busy machine one takes long to load the product.
        self.web.wait_until_whole()
        one = self.chance.choice(self.web.workers())
        send(number, one)
        until(lambda: one not in self.web.workers(), "the web worker is not replaced", seconds=SLOW)
        self._web_worker_hurt_at = time.monotonic()

    def _kill(self, process: Process) -> None:
        process.kill()
        self.wait(DEAD_SECONDS)
        process.start()

    def _freeze(self, process: Process) -> None:
        with frozen(process.pid, *children_of(process.pid)):
            self.wait(FROZEN_SECONDS)

    def _kill_child(self) -> None:
        until(lambda: bool(children_of(self.worker.pid)), "the Celery worker has no child")
        send(signal.SIGKILL, *children_of(self.worker.pid))
