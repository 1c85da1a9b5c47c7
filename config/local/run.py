"""`make run`: the whole product on this machine, under one supervisor, until Ctrl-C.

`make dev` is the same with `--dev`: web and worker start again when the code changes.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Thread
from types import FrameType
from urllib.parse import urlsplit

from config.local.announce import announce
from config.local.folders import CHECKOUT, Checkout, LocalServiceError, own_folder
from config.local.locks import HeldLock
from config.local.ports import HOST, SITE_HOST, kept_port, reserve_port
from config.local.processes import command_of
from config.local.services import LocalServices, Server, ensure_services
from config.local.supervisor import (
    STOP_SECONDS,
    Child,
    ForegroundChild,
    Output,
    Supervisor,
)

# Local mode may be run by root; Celery warns about that.
AS_ROOT = "ignore:You're running the worker with superuser privileges"


def commands(*, port: int, environment: Mapping[str, str], reloads: bool) -> dict[str, list[str]]:
    """The processes of the product, by name."""
    python = [sys.executable, "-m"]
    celery = [sys.executable, "-W", AS_ROOT, "-m", "celery", "--quiet", "-A", "config"]
    schedule = str(CHECKOUT.state / "beat-schedule")
    processes = {
        "web": [*python, "config.web", "--host", HOST, "--port", str(port)],
        "worker": [*celery, "worker", "--loglevel", "WARNING", "--concurrency", "2",
                   "--without-gossip", "--without-mingle"],
        "beat": [*celery, "beat", "--loglevel", "WARNING", "--schedule", schedule, "--pidfile="],
        "store-clicks": [sys.executable, "manage.py", "store_clicks"],
    }  # fmt: skip
    if "LOCAL_INBOX" in environment:
        mail_port = str(urlsplit(environment["EMAIL_URL"]).port)
        processes["inbox"] = [*python, "config.local.smtp", mail_port, environment["LOCAL_INBOX"]]
    if reloads:
        processes["web"] = [*python, "config.local.reloading", str(port)]
        packages = sorted({path.parent.name for path in CHECKOUT.root.glob("*/__init__.py")})
        watching = ["watchfiles", "--filter=python", "--verbosity=warning", "--sigint-timeout=15"]
        for name in ("worker", "store-clicks"):
            processes[name] = [*python, *watching, shlex.join(processes[name]), *packages]
    return processes


def wanted_port() -> int | None:
    """Return the port in PORT, if it is set. Raises LocalServiceError if it is no port."""
    wanted = os.environ.get("PORT", "")
    if wanted and not wanted.isdecimal():
        raise LocalServiceError(f"PORT is {wanted!r}: it must be a number.")
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
    """Send SIGTERM to a process and its children, and SIGKILL if they take too long."""
    deadline = time.monotonic() + STOP_SECONDS
    os.killpg(pid, signal.SIGTERM)
    while command_of(pid):
        if time.monotonic() > deadline:
            os.killpg(pid, signal.SIGKILL)
            return
        time.sleep(0.05)


def supervise(
    environment: Mapping[str, str], *, port: int, servers: Sequence[Server], reloads: bool
) -> int:
    """Prepare the data and run all processes until a signal comes (0) or one can't be kept (1).

    The web server loads while the data is prepared; the others need the tables.
    Raises LocalServiceError.
    """
    wanted = commands(port=port, environment=environment, reloads=reloads)
    output = Output(sys.stdout, [*wanted, *(server.name for server in servers)])
    children = [
        (ForegroundChild if reloads and name == "web" else Child)(
            name,
            command,
            environment=environment,
            folder=CHECKOUT.root,
            pid_file=CHECKOUT.processes / name,
            output=output,
        )
        for name, command in wanted.items()
    ]

    addresses: list[str] = []

    def announce_them() -> None:
        Thread(target=announce, args=(environment["BASE_URL"], *addresses), daemon=True).start()

    return Supervisor(
        servers=servers,
        children=children,
        output=output,
        prepare=lambda: addresses.append(prepare(environment)),
        needs_data=("worker", "beat", "store-clicks"),
        when_started=announce_them,
    ).run()


def prepare(environment: Mapping[str, str]) -> str:
    """Bring the database up to date and load the demo; return the addresses to open.

    Raises LocalServiceError.
    """
    prepared = subprocess.run(
        [sys.executable, "-m", "config.local.prepare", "--addresses"],
        cwd=CHECKOUT.root,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if prepared.returncode != 0:
        raise LocalServiceError("The database could not be prepared; see the lines above.")
    return prepared.stdout


def leave_quietly(number: int, frame: FrameType | None) -> None:
    """End the run on a signal that comes before the supervisor listens."""
    sys.exit(0)


def hang_up(number: int, frame: FrameType | None) -> None:
    """Treat a closed terminal as a request to stop."""
    os.kill(os.getpid(), signal.SIGTERM)


def start(checkout: Checkout, *, reloads: bool) -> int:
    """Start the services, then supervise. Raises LocalServiceError."""
    print("Starting PostgreSQL and Valkey ...", flush=True)
    end_leftovers(checkout)
    port = reserve_port(checkout.ports, "web", only=wanted_port())
    reserve_port(checkout.ports, "inbox")
    os.environ.setdefault("BASE_URL", f"http://{SITE_HOST}:{port}")
    found = ensure_services()
    # Celery would have worker and beat load every view for Django's checks; `make check` runs them.
    environment = {**found, "CELERY_SKIP_CHECKS": "1", **os.environ}
    print("Bringing the database up to date; the first time, loading a demo brand ...", flush=True)
    servers = LocalServices(checkout).servers(found)
    return supervise(environment, port=port, servers=servers, reloads=reloads)


def main() -> int:
    """Run this checkout unless it is running already. Return the exit code."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave_quietly)
    signal.signal(signal.SIGHUP, hang_up)
    os.environ["TRIBUTARY_MODE"] = "local"
    own_folder(CHECKOUT.state)
    only_run = HeldLock(CHECKOUT.run_lock)
    if not only_run.take():
        port = kept_port(CHECKOUT.ports, "web")
        print(f"Tributary is already running in this folder: http://{SITE_HOST}:{port}")
        return 1
    try:
        return start(CHECKOUT, reloads="--dev" in sys.argv[1:])
    except LocalServiceError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
