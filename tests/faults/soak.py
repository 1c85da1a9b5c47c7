"""Kill and freeze everything at random moments under load, for as long as is asked; `make soak`.

`python -m tests.faults.soak`; SOAK_MINUTES says how long (30), SOAK_SEED which moments. It prints
what it counted, and ends with 1 when an order was lost or doubled or an answer took too long.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from random import Random

from config.local.keys import fresh_secrets
from tests.faults.load import Load
from tests.faults.victims import ROOT, Victims, eventually, send, start_victims
from tests.faults.web_server import WebServer

MINUTES = float(os.environ.get("SOAK_MINUTES", "30"))
SEED = int(os.environ.get("SOAK_SEED", "0")) or int(time.time())
ANSWERED_SECONDS = 5.0  # three are promised; the rest is the machine, which does all of this
HEALTH_SECONDS = 1.0
SENDERS = 6
WORKER_REST_SECONDS = 6.0  # granian takes two deaths of one worker within 5.5 s for a defect


class Health:
    """Asks /healthz all the time, and remembers the slowest answer."""

    def __init__(self, web: WebServer) -> None:
        self.asked = 0
        self.slowest = 0.0
        self.failed = 0
        self._web = web
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._over.wait(0.2):
            answer = self._web.get("/healthz")
            self.asked += 1
            if answer.status == 200:
                self.slowest = max(self.slowest, answer.seconds)
            else:
                self.failed += 1


class Faults:
    """What is done to the servers, each ending with everything running again."""

    def __init__(self, web: WebServer, victims: Victims, chance: Random) -> None:
        self.web, self.victims, self.chance = web, victims, chance
        self.done: Counter[str] = Counter()
        self._worker_hurt_at = 0.0
        self._known: list[tuple[str, Callable[[], None]]] = [
            ("PostgreSQL killed", self._kill_postgres),
            ("PostgreSQL frozen", self._freeze_postgres),
            ("connections cut", self._cut_connections),
            ("Valkey killed", self._kill_valkey),
            ("Valkey frozen", self._freeze_valkey),
            ("web worker killed", lambda: self._hurt_worker(signal.SIGKILL)),
            ("web worker frozen", lambda: self._hurt_worker(signal.SIGSTOP)),
        ]

    def do_one(self) -> None:
        name, act = self.chance.choice(self._known)
        act()
        self.done[name] += 1

    def _wait(self, most: float) -> None:
        time.sleep(self.chance.uniform(0, most))

    def _kill_postgres(self) -> None:
        self.victims.kill_postgres()
        self._wait(4)
        self.victims.revive()

    def _freeze_postgres(self) -> None:
        with self.victims.frozen_postgres():
            self._wait(8)

    def _cut_connections(self) -> None:
        with self.victims.connect() as ours:
            ours.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )

    def _kill_valkey(self) -> None:
        send(signal.SIGKILL, self.victims.valkey_pid())
        self._wait(4)
        eventually(lambda: not self.victims.services.valkey.is_running(), seconds=20, what="dead")
        self.victims.revive()

    def _freeze_valkey(self) -> None:
        with self.victims.frozen_valkey():
            self._wait(8)

    def _hurt_worker(self, number: signal.Signals) -> None:
        time.sleep(max(0.0, self._worker_hurt_at + WORKER_REST_SECONDS - time.monotonic()))
        workers = self.web.workers()
        if not workers:
            return
        one = self.chance.choice(workers)
        send(number, one)
        eventually(lambda: one not in self.web.workers(), seconds=120, what="worker replaced")
        self._worker_hurt_at = time.monotonic()


def main() -> int:
    os.environ.update(fresh_secrets())
    print(f"Soaking for {MINUTES:g} minutes, SOAK_SEED={SEED}", flush=True)
    victims = start_victims()
    web = WebServer(victims, LOG_LEVEL="CRITICAL")
    web.start()
    faults = Faults(web, victims, Random(SEED))
    load, health = Load(web, name="soak", senders=SENDERS), Health(web)
    try:
        with load.running():
            until = time.monotonic() + MINUTES * 60
            while time.monotonic() < until:
                faults.do_one()
                time.sleep(faults.chance.uniform(0, 5))
            eventually(web.is_whole, seconds=60, what="the web process is whole")
    except BaseException:
        web.stop()
        raise
    finally:
        health.stop()
    lost, doubled = load.lost(), load.doubled()
    reconciled = subprocess.run(
        [sys.executable, "manage.py", "reconcile"],
        cwd=ROOT,
        env={**os.environ, **victims.environment},
        check=False,
    )
    print(", ".join(f"{name}: {number}" for name, number in sorted(faults.done.items())))
    print(f"answers to orders by status (0: cut off): {dict(sorted(load.statuses.items()))}")
    print(f"slowest answer to an order: {load.slowest:.2f} s")
    print(
        f"/healthz: {health.asked} asked, {health.failed} cut off, slowest {health.slowest:.2f} s"
    )
    print(f"orders taken: {load.accepted}, lost: {lost}, doubled: {doubled}")
    web.stop()
    in_time = load.slowest < ANSWERED_SECONDS and health.slowest < HEALTH_SECONDS
    return int(bool(lost or doubled or reconciled.returncode or not in_time))


if __name__ == "__main__":
    sys.exit(main())
