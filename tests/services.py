"""A PostgreSQL and a Valkey for one test run, there before Django reads its settings.

A pytest plugin, named in pyproject.toml. The process that was started by hand owns the services;
pytest-xdist's workers inherit their addresses. Nothing of the checkout's own data is touched.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from config.local.folders import SHARED_PLACE, LocalServiceError, own_folder
from config.local.keys import fresh_secrets, kept_secrets
from config.local.locks import HeldLock, locked
from config.local.ports import keep_port, kept_port
from config.local.postgres import Postgres
from config.local.services import SETTINGS as SETTINGS_KEYS
from config.local.valkey import Valkey
from tests.ports import own_port
from tests.template import kept_secrets_file, start_from_template

PREFIX = "tributary-test-"
# Nobody mourns this data: a crash may lose it, so nothing waits for the disk.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
}
DISK = SHARED_PLACE if os.geteuid() == 0 else Path(tempfile.gettempdir())
MEMORY = Path("/dev/shm")  # noqa: S108 - Linux keeps its files in memory
MIN_FREE_MEMORY = 6 * 2**30  # bytes; a run of all tests writes a part of that
pytest_plugins = ["tests.browser", "tests.forked", "tests.mailbox", "tests.own_servers"]


def place_for_tests() -> Path:
    """Where a test run has its files: in memory if there is plenty, as disks take longer."""
    if (
        MEMORY.is_dir()
        and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC  # root's PostgreSQL runs from there
        and shutil.disk_usage(MEMORY).free > MIN_FREE_MEMORY
    ):
        return MEMORY
    return DISK


@dataclass(frozen=True)
class RunServices:
    """The services of one test run, all in one folder that goes with them."""

    home: Path
    settings: Mapping[str, str] = field(default_factory=lambda: SETTINGS)

    @property
    def secrets(self) -> dict[str, str]:
        return kept_secrets(self.home / "secrets.env")

    @property
    def postgres(self) -> Postgres:
        home = self.home / "postgres"
        password = self.secrets["POSTGRES_PASSWORD"]
        return Postgres(
            home=home, sockets=self.home / "s", password=password, settings=self.settings
        )

    @property
    def valkey(self) -> Valkey:
        port = kept_port(self.home / "ports.json", "valkey")
        return Valkey(self.home / "valkey", port, self.secrets["VALKEY_PASSWORD"])

    def environment(self) -> dict[str, str]:
        """The environment of the tests, with keys that are in use nowhere else."""
        return {
            **{name: fresh_secrets()[name] for name in SETTINGS_KEYS},
            "TRIBUTARY_MODE": "local",
            "BASE_URL": "http://testserver",
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.valkey.url,
            "EMAIL_URL": "smtp://127.0.0.1:1",  # nobody: tests that send take a mailbox
            "LOCAL_INBOX": str(self.home / "inbox"),
            "CLICKS_FOLDER": str(self.home / "clicks"),
        }

    def stop(self) -> None:
        """Stop the servers and delete everything they wrote."""
        if self.home.exists():
            self.postgres.stop()
            self.valkey.stop()
            shutil.rmtree(self.home, ignore_errors=True)


def start_services(
    settings: Mapping[str, str] = SETTINGS, *, place: Path | None = None
) -> RunServices:
    """Start servers in a new folder; they end with this process, whatever ends it but SIGKILL."""
    with locked(DISK / f"tributary-{os.geteuid()}-tests.lock"):
        sweep_killed_runs()
        home = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place or place_for_tests()))
        HeldLock(home / "lock").share()
    own_folder(home, mode=0o711)
    services = RunServices(home, settings)
    atexit.register(services.stop)
    kept = kept_secrets_file()
    if kept is not None:
        shutil.copy2(kept, home / "secrets.env")
    start_from_template(services.postgres, home / "secrets.env", services.environment())
    keep_port(home / "ports.json", "valkey", own_port())
    if not services.valkey.start():
        raise LocalServiceError("The port of the tests' Valkey was taken.")
    return services


def sweep_killed_runs() -> None:
    """Stop and delete what runs left behind that were killed before they could."""
    for home in (*DISK.glob(f"{PREFIX}*"), *MEMORY.glob(f"{PREFIX}*")):
        with suppress(FileNotFoundError):  # of a run that ends just now
            if home.stat().st_uid == os.geteuid() and HeldLock(home / "lock").take():
                RunServices(home).stop()


def worker_environment(environment: Mapping[str, str], worker: str) -> dict[str, str]:
    """What differs for one xdist worker: a Valkey database of its own."""
    address = environment["REDIS_URL"].rpartition("/")[0]
    return {"REDIS_URL": f"{address}/{int(worker.removeprefix('gw')) + 1}"}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Have the services up before pytest-django, which comes next, reads the settings."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        os.environ.update(worker_environment(os.environ, worker))
    elif not early_config.known_args_namespace.help:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        os.environ.update(start_services().environment())
    return (yield)
