"""`make run`, as a newcomer types it: in a fresh copy, with no environment left over."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from config.local.announce import answers
from config.local.folders import CHECKOUT, Checkout
from config.local.keys import kept_secrets
from config.local.services import LocalServices
from tests.local.output import read_until
from tests.own_processes import MAX_WAIT_SECONDS, is_alive, send, until

NAMES = ("web", "worker", "beat", "store-clicks", "inbox")  # of all that a run starts
NOT_COPIED = shutil.ignore_patterns(".*", "staticfiles", "media", "tests")


class Product:
    """`make run` in a copy of the code. A run goes on until a test ends it: it takes a while."""

    def __init__(self, copy: Checkout) -> None:
        self.copy = copy
        self.shown: list[str] = []  # the addresses that the last start printed
        self.process: subprocess.Popen[str] | None = None

    @property
    def run(self) -> subprocess.Popen[str]:
        assert self.process is not None
        return self.process

    def run_it(self) -> None:
        """Start it, unless it runs; it has printed its addresses then."""
        if self.process is None or self.process.poll() is not None:
            self.process = start(self.copy)
            self.shown = addresses("".join(read_until(self.process, "Stop with Ctrl-C")))

    def stop(self, number: signal.Signals) -> None:
        self.run.send_signal(number)
        rest, _ = self.run.communicate(timeout=MAX_WAIT_SECONDS)
        assert self.run.returncode == 0, rest


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A copy of the code, at first without any state; its database is removed at the end."""
    place = Checkout(tmp_path_factory.mktemp("run") / "copy")
    shutil.copytree(CHECKOUT.root, place.root, ignore=NOT_COPIED)
    product = Product(place)
    yield product
    if product.process is not None and product.process.poll() is None:
        product.stop(signal.SIGTERM)
    if place.secrets.exists():
        postgres = LocalServices(place).postgres(kept_secrets(place.secrets))
        shutil.rmtree(postgres.home, ignore_errors=True)


def start(copy: Checkout) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "config.local.run"],
        cwd=copy.root,
        env={"PATH": os.environ["PATH"], "HOME": str(copy.root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def addresses(output: str) -> list[str]:
    return [word for word in output.split() if word.startswith("http://localhost:")]


def pid_in(record: Path) -> int:
    """The pid on record; 0 while it is being written."""
    try:
        return int(record.read_text().split()[0])
    except (FileNotFoundError, IndexError):
        return 0


def pids_in(copy: Checkout) -> list[int]:
    """The pids of all processes of the run that have written theirs."""
    return [pid for record in copy.processes.iterdir() if (pid := pid_in(record))]


def kill(record: Path) -> None:
    """End a process as a power cut would, and wait until another has taken its place."""
    killed = pid_in(record)
    send(signal.SIGKILL, killed)
    until(
        lambda: pid_in(record) not in {0, killed} and is_alive(pid_in(record)),
        record.name,
    )


def test_a_run_serves_stops_without_a_trace_and_comes_back_as_it_was(product: Product) -> None:
    copy = product.copy
    product.run_it()
    shown = product.shown
    until(lambda: len(pids_in(copy)) == len(NAMES), "not all of it was started")
    pids = pids_in(copy)
    answered = [answers(address, seconds=MAX_WAIT_SECONDS) for address in shown]
    beside = start(copy)
    refusal, _ = beside.communicate(timeout=MAX_WAIT_SECONDS)
    product.stop(signal.SIGTERM)

    assert answered == [True] * 4
    assert (beside.returncode, len(refusal.splitlines())) == (1, 1)
    assert [pid for pid in pids if is_alive(pid)] == []
    services = LocalServices(copy)
    secrets = kept_secrets(copy.secrets)
    assert services.postgres(secrets).is_running() is False
    assert services.valkey(secrets).is_running() is False

    product.run_it()

    assert product.shown[1:] == shown[1:]  # the first logs in once, so it is a new one


def test_a_killed_supervisor_leaves_nothing_in_the_way_of_the_next(product: Product) -> None:
    """It ends the run that the test before it left, if that is there."""
    product.run_it()
    left = pids_in(product.copy)
    product.run.kill()
    product.run.communicate()

    product.run_it()

    assert [pid for pid in left if is_alive(pid)] == []
    assert answers(product.shown[0], seconds=MAX_WAIT_SECONDS) is True


def test_whatever_is_killed_in_a_run_is_started_again(product: Product) -> None:
    """It goes on with the run that the test before it left, if that is there."""
    copy = product.copy
    product.run_it()
    base = product.shown[0].rpartition("/once/")[0]
    secrets = kept_secrets(copy.secrets)
    services = LocalServices(copy)
    postgres, valkey = services.postgres(secrets), services.valkey(secrets)
    before = environment_of(copy.processes / "worker")

    for name in NAMES:
        kill(copy.processes / name)
    kill(postgres.data / "postmaster.pid")
    kill(copy.valkey / "valkey.pid")

    until(lambda: answers(f"{base}/readyz"), "it never was ready again")
    until(lambda: answers(f"{base}/inbox/"), "the page of mails")
    with Celery(broker=valkey.url, set_as_current=False) as app:
        until(lambda: bool(app.control.ping(timeout=1)), "no worker answers")
    assert environment_of(copy.processes / "worker") == before
    product.stop(signal.SIGINT)
    assert (postgres.is_running(), valkey.is_running()) == (False, False)


def environment_of(record: Path) -> set[bytes]:
    return set(Path(f"/proc/{pid_in(record)}/environ").read_bytes().split(b"\0"))
