"""`make run`: the whole product on this machine, under one supervisor, until Ctrl-C."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import honcho.manager
from honcho.printer import Printer

from config.local.folders import CHECKOUT, Checkout, LocalServiceError, own_folder
from config.local.locks import HeldLock
from config.local.ports import HOST, kept_port, reserve_port
from config.local.processes import command_of
from config.local.services import ensure_services

# How long a process may finish what it is doing after SIGTERM. What is cut off is picked up by the
# next run, but a mail that was being handed over then counts as unknown.
PATIENCE_SECONDS = 15
# Local mode may be run by root, which Celery says is "absolutely not recommended".
AS_ROOT = "ignore:You're running the worker with superuser privileges"


class Output(Printer):
    """The processes' output, without the supervisor's own account of every signal it sends."""

    def write(self, message: Any) -> None:
        if message.name == honcho.manager.SYSTEM_PRINTER_NAME and "stopped" not in message.data:
            return
        with suppress(OSError):  # the terminal may be gone
            super().write(message)


def commands(*, port: int, environment: Mapping[str, str]) -> dict[str, list[str]]:
    """The processes of the product, by name."""
    python = [sys.executable, "-m"]
    celery = [sys.executable, "-W", AS_ROOT, "-m", "celery", "--quiet", "-A", "config"]
    schedule = str(CHECKOUT.state / "beat-schedule")
    processes = {
        "web": [*python, "config.web", "--host", HOST, "--port", str(port)],
        "worker": [*celery, "worker", "--loglevel", "WARNING", "--concurrency", "2",
                   "--without-gossip", "--without-mingle"],
        "beat": [*celery, "beat", "--loglevel", "WARNING", "--schedule", schedule, "--pidfile="],
    }  # fmt: skip
    if "LOCAL_INBOX" in environment:
        mail_port = str(urlsplit(environment["EMAIL_URL"]).port)
        processes["inbox"] = [*python, "config.local.smtp", mail_port, environment["LOCAL_INBOX"]]
    return processes


def wanted_port() -> int | None:
    """The port that PORT asks for, if it is set. Raises LocalServiceError for what is none."""
    wanted = os.environ.get("PORT", "")
    if wanted and not wanted.isdecimal():
        raise LocalServiceError(f"PORT is {wanted!r}: it is a number.")
    return int(wanted) if wanted else None


def end_leftovers(checkout: Checkout) -> None:
    """End the processes of a run that was killed before it could end them."""
    for record in own_folder(checkout.processes).iterdir():
        with suppress(ValueError, ProcessLookupError):
            pid = int(record.read_text())
            if sys.executable in command_of(pid) and os.getpgid(pid) == pid:
                end_group(pid)
        record.unlink()


def end_group(pid: int) -> None:
    """Ask a process and its children to end; make them, if they take too long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    os.killpg(pid, signal.SIGTERM)
    while command_of(pid):
        if time.monotonic() > deadline:
            os.killpg(pid, signal.SIGKILL)
            return
        time.sleep(0.05)


def supervise(environment: Mapping[str, str], *, port: int) -> int:
    """Run all processes until a signal comes (0) or one of them ends by itself (1)."""
    honcho.manager.KILL_WAIT = PATIENCE_SECONDS
    manager = honcho.manager.Manager(Output(sys.stdout))
    for name, command in commands(port=port, environment=environment).items():
        pid_file = shlex.quote(str(CHECKOUT.processes / name))
        line = f"echo $$ >{pid_file}; exec {shlex.join(command)}"
        manager.add_process(name, line, env=dict(environment), cwd=str(CHECKOUT.root))
    announcer = subprocess.Popen(
        [sys.executable, "-m", "config.local.announce", environment["BASE_URL"]],
        cwd=CHECKOUT.root,
        env=environment,
        start_new_session=True,
    )
    try:
        manager.loop()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(announcer.pid, signal.SIGTERM)
        announcer.wait()
    for record in CHECKOUT.processes.iterdir():
        record.unlink()
    signalled = {known["rc"] for known in honcho.manager.SIGNALS.values()}
    return 0 if manager.returncode in signalled else 1


def leave_quietly(number: int, frame: FrameType | None) -> None:
    """End the run on a signal that comes before the supervisor listens."""
    sys.exit(0)


def hang_up(number: int, frame: FrameType | None) -> None:
    """Treat a closed terminal as a request to stop."""
    os.kill(os.getpid(), signal.SIGTERM)


def start(checkout: Checkout) -> int:
    """Bring the services up, prepare the data and supervise. Raises LocalServiceError."""
    print("Starting PostgreSQL and Valkey ...", flush=True)
    end_leftovers(checkout)
    port = reserve_port(checkout.ports, "web", only=wanted_port())
    reserve_port(checkout.ports, "inbox")
    os.environ.setdefault("BASE_URL", f"http://{HOST}:{port}")
    environment = {**ensure_services(), **os.environ}
    print("Bringing the database up to date; the first time, loading a demo brand ...", flush=True)
    prepared = subprocess.run(
        [sys.executable, "-m", "config.local.prepare"],
        cwd=checkout.root,
        env=environment,
        check=False,
    )
    if prepared.returncode != 0:
        raise LocalServiceError("The database could not be prepared; see the lines above.")
    print("Starting web server, worker, beat and mail inbox ...", flush=True)
    return supervise(environment, port=port)


def main() -> int:
    """Run this checkout, unless a run of it is on already. Returns the exit code."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave_quietly)
    signal.signal(signal.SIGHUP, hang_up)
    os.environ["TRIBUTARY_MODE"] = "local"
    own_folder(CHECKOUT.state)
    only_run = HeldLock(CHECKOUT.running)
    if not only_run.take():
        port = kept_port(CHECKOUT.ports, "web")
        print(f"Tributary is already running in this folder: http://{HOST}:{port}")
        return 1
    try:
        return start(CHECKOUT)
    except LocalServiceError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
