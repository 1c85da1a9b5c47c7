"""Kill and freeze everything at random moments under load, for as long as is asked; `make soak`.

`python -m tests.faults.soak`; SOAK_MINUTES says how long (30), SOAK_SEED which moments. Meanwhile a
shop sends orders, members are imported, campaigns are mailed (SOAK_BESIDE=0: none of these), and a
receiver of webhooks fails in every way (tests.faults.told_webhooks). It prints what it counted, and
ends with 1 when anything was lost or doubled or an answer took too long. Then SOAK_EVENTS
deliveries of three shops (10,000; 0: none) are shuffled (tests.faults.shop_events), all migrations
run in two ways that must agree, SOAK_CHAINS chains of operations of the API are called (1,000; 0:
none), SOAK_FORGED click ids are forged (1,000,000; 0: none), tests that try little of
something in `make test` try much (SOAK_AMOUNTS=0: none), and the ledger's laws are tried with
SOAK_LAWS random acts (1,000,000: some hours; 0: not at all).
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import count
from pathlib import Path
from random import Random

from config.local.keys import fresh_secrets
from tests.faults.load import Load
from tests.faults.random_faults import RandomFaults
from tests.faults.told_webhooks import ToldWebhooks
from tests.faults.web_server import WebServer
from tests.mailbox import Mailbox, open_mailbox
from tests.own_processes import ROOT, Process
from tests.own_servers import OwnServers, start_own_servers

MINUTES = float(os.environ.get("SOAK_MINUTES", "30"))
SEED = int(os.environ.get("SOAK_SEED", "0")) or int(time.time())
IS_BESIDE = os.environ.get("SOAK_BESIDE", "1") != "0"
EVENTS = int(os.environ.get("SOAK_EVENTS", "10_000"))
CHAINS = int(os.environ.get("SOAK_CHAINS", "1_000"))
FORGED = int(os.environ.get("SOAK_FORGED", "1_000_000"))
LAWS = int(os.environ.get("SOAK_LAWS", "1_000_000"))
ARE_AMOUNTS_TRIED = os.environ.get("SOAK_AMOUNTS", "1") != "0"
TRY_MUCH = re.compile(r"^from tests\.(amounts|journeys\.devices) import", re.MULTILINE)
ANSWERED_SECONDS = 5.0  # three are promised; the rest is the machine, which does all of this
HEALTH_SECONDS = 1.0
CODE_MAIL_THREADS = 4
ROWS = 400  # of an import
MAILS = 100  # of a campaign
LEFT_OVER_SECONDS = 600  # for what was begun to end, once nothing is hurt any more
# A worker that died holds what it took for so long.
LEASES = {"WORK_LEASE": "5", "MESSAGE_LEASE": "10"}


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


class Repeated:
    """Has a process do one thing after another until it is over; keeps its answers."""

    def __init__(self, process: Process, *, task: str, lines: int = 1) -> None:
        self.answers: list[dict[str, object]] = []
        self._process, self._task, self._lines = process, task, lines
        self._is_over = threading.Event()
        self._broken = ""
        self._thread = threading.Thread(target=self._go_on)
        process.start(talks=True)
        self._thread.start()

    def finish(self) -> None:
        """Let it end what it has begun."""
        self._is_over.set()
        self._thread.join()
        self._process.stop()
        assert not self._broken, self._broken

    def _go_on(self) -> None:
        for number in count():
            if self._is_over.is_set():
                return
            self._process.tell(self._task.format(number=number))
            try:
                seconds = MINUTES * 60 + LEFT_OVER_SECONDS
                said = [self._process.answer(seconds=seconds) for _ in range(self._lines)]
            except AssertionError as error:
                self._broken = str(error)
                return
            self.answers.append(json.loads(said[-1]))


class Soak:
    """Everything that runs, and what is found in the end."""

    def __init__(self, servers: OwnServers, mailbox: Mailbox, folder: Path) -> None:
        mail = {"EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}", "LOG_LEVEL": "CRITICAL"}
        self.servers = servers
        self.web = WebServer(servers, LOG_LEVEL="CRITICAL")
        self.worker = servers.worker(**mail, **LEASES)
        self.beat = servers.beat(folder, **mail)
        self.webhooks = ToldWebhooks(servers, self.web, folder, Random(SEED))
        self.beside = Beside(servers, self.web, mailbox) if IS_BESIDE else None
        self.faults = RandomFaults(
            servers, self.web, self.worker, self.beat, Random(SEED), self.webhooks.others
        )

    def run(self) -> None:
        for process in (self.web, self.worker, self.beat):
            process.start()
        self.webhooks.start()
        with self.beside.running() if self.beside else nullcontext():
            over_at = time.monotonic() + MINUTES * 60
            while time.monotonic() < over_at:
                self.faults.do_one()
                self.faults.wait(5)
            self.web.wait_until_whole()
        self.webhooks.finish()

    def stop(self) -> None:
        self.webhooks.stop()
        self.web.stop()
        self.worker.stop()
        self.beat.stop()

    def report(self) -> bool:
        """Print it; returns whether all is well."""
        reconciled = subprocess.run(
            [sys.executable, "manage.py", "reconcile"],
            cwd=ROOT, env=self.servers.environment, check=False,
        )  # fmt: skip
        for name, number in sorted(self.faults.done.items()):
            print(f"{number:6}  {name}")
        is_well = [self.webhooks.report(), not reconciled.returncode]
        if self.beside:
            is_well.append(self.beside.report())
        return all(is_well)


class Beside:
    """Orders, imports and mails, while all that they need is hurt."""

    def __init__(self, servers: OwnServers, web: WebServer, mailbox: Mailbox) -> None:
        self.servers, self.web, self.mailbox = servers, web, mailbox
        self.load = Load(web, name="soak", senders=CODE_MAIL_THREADS)

    @contextmanager
    def running(self) -> Iterator[None]:
        """For the length of the block; what was begun is ended."""
        importer = self.servers.process("tests.faults.importer", LOG_LEVEL="CRITICAL")
        mailer = self.servers.process("tests.faults.mailer", LOG_LEVEL="CRITICAL")
        self.imports = Repeated(importer, task="crowd{number}", lines=2)
        self.campaigns = Repeated(mailer, task=f"person{{number}} {MAILS}")
        self.health = Health(self.web)
        try:
            with self.load.running():
                yield
        finally:
            self.health.stop()
        self.imports.finish()
        self.campaigns.finish()

    def report(self) -> bool:
        load, health = self.load, self.health
        lost, doubled = load.lost(), load.doubled()
        whole = {"state": "done", "done": ROWS, "counts": {"added": ROWS}, "problems": 0,
                 "members": ROWS, "codes": ROWS}  # fmt: skip
        broken = [one for one in self.imports.answers if one != whole]
        states = {
            address: str(state) for one in self.campaigns.answers for address, state in one.items()
        }
        arrived = Counter(str(mail["X-RcptTo"]) for mail in self.mailbox.mails)
        accepted = [who for who, state in states.items() if state == "accepted"]
        lost_mails = [who for who in accepted if not arrived[who]]
        doubled_mails = [who for who, number in arrived.items() if number > 1]
        print(f"answers to orders by status (0: cut off): {dict(sorted(load.statuses.items()))}")
        print(f"slowest answer to an order: {load.slowest:.2f} s")
        print(
            f"/healthz: {health.asked} asked, {health.failed} cut off,"
            f" slowest {health.slowest:.2f} s"
        )
        print(f"orders taken: {load.accepted}, lost: {lost}, doubled: {doubled}")
        print(f"imports of {ROWS} rows: {len(self.imports.answers)}, not whole: {broken or 0}")
        print(
            f"mails: {len(states)} {dict(Counter(states.values()))}, arrived: {arrived.total()},"
            f" lost: {len(lost_mails)}, doubled: {len(doubled_mails)}"
        )
        in_time = load.slowest < ANSWERED_SECONDS and health.slowest < HEALTH_SECONDS
        return in_time and not (lost or doubled or broken or lost_mails or doubled_mails)


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left running
    os.environ.update(fresh_secrets())
    print(f"Soaking for {MINUTES:g} minutes, SOAK_SEED={SEED}", flush=True)
    with open_mailbox() as mailbox, tempfile.TemporaryDirectory() as folder:
        soak = Soak(start_own_servers(), mailbox, Path(folder))
        try:
            soak.run()
            is_well = soak.report()
        finally:
            soak.stop()
    later = (events_hold, migrations_hold, api_holds, ids_hold, amounts_hold, laws_hold)
    return int(not (is_well and all(holds() for holds in later)))


def events_hold() -> bool:
    """Whether shuffled deliveries leave what they leave in order and once."""
    if not EVENTS:
        return True
    chosen = {"EVENTS": str(EVENTS), "EVENTS_SEED": str(SEED)}
    command = [sys.executable, "-m", "tests.faults.shop_events"]
    ran = subprocess.run(command, cwd=ROOT, env={**os.environ, **chosen}, check=False)
    return ran.returncode == 0


def migrations_hold() -> bool:
    """Whether all migrations make the same database in our quick way and in Django's."""
    print("Migrating two databases", flush=True)
    return _passes("tests/local/test_migrating.py", MIGRATED_APP="")


def api_holds() -> bool:
    """Whether many more chains of operations than the tests try are answered as described."""
    if not CHAINS:
        return True
    print(f"Calling {CHAINS:,} chains of operations of the API", flush=True)
    return _passes("tests/api/nouns/test_stateful.py", API_EXAMPLES=str(CHAINS))


def ids_hold() -> bool:
    """Whether no forged or altered click id is accepted, of many more than the tests try."""
    if not FORGED:
        return True
    print(f"Forging {FORGED:,} click ids", flush=True)
    return _passes("tests/edge/test_click_ids.py", FORGED_IDS=str(FORGED))


def amounts_hold() -> bool:
    """Whether the tests pass that try little in `make test`: many amounts, and every device."""
    if not ARE_AMOUNTS_TRIED:
        return True
    files = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if TRY_MUCH.search(path.read_text())
    ]
    print(f"Trying much in {len(files)} files of tests", flush=True)
    return _passes(*files, MUCH="1")


def laws_hold() -> bool:
    """Whether the laws of the ledger hold after many more acts than the tests try."""
    if not LAWS:
        return True
    print(f"Trying the laws of the ledger with {LAWS:,} acts", flush=True)
    return _passes("tests/tracking/commissions/test_ledger_laws.py", LAWS_STEPS=str(LAWS))


def _passes(*tests: str, **environment: str) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", *tests]
    ran = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False)
    return ran.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
