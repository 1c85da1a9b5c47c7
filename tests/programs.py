"""Python programs of tests that start with their libraries loaded already.

To load Django, Celery and what they need takes twice as long as to load the product, and ten times
as long as to read the settings. tests.fork_server loads them once for each test process, and none
of the product's own modules; each program runs in a fork of it, with a separate environment.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import IO, Any

from config.local.folders import CHECKOUT
from config.local.keys import fresh_secrets
from config.local.throwaway import ADDRESSES
from tests.fork_server import HEADER_BYTES

# An environment with which the settings load.
COMPLETE = {**fresh_secrets(), **ADDRESSES}
# Prints the modules that a worker and beat load: without those of the product, and without those
# that read the settings or the environment, or register something, while they are loaded.
LIBRARIES = """
import json, sys
from pathlib import Path
import django
django.setup()
import celery.apps.beat, celery.apps.worker, celery.bin.celery, kombu.transport.redis
import celery.concurrency.prefork, celery.concurrency.solo
from config.celery import app
app.loader.import_default_modules()
ours = {path.parent.name for path in Path().glob("*/__init__.py")} | {"__main__", "__mp_main__"}
left_out = (*ours, "allauth", "django.contrib", "ninja", "pgtrigger", "prometheus_client")
prefixes = tuple(f"{name}." for name in left_out)
print(json.dumps([
    name for name, module in sys.modules.items()
    if getattr(module, "__spec__", None) and not f"{name}.".startswith(prefixes)
]))
"""


class ForkServer:
    """Starts programs; they do not end with it."""

    def __init__(self) -> None:
        known = {"PATH": os.environ["PATH"], **COMPLETE}
        libraries = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", LIBRARIES], cwd=CHECKOUT.root,
            env={**known, "DJANGO_SETTINGS_MODULE": "config.settings"},
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fork_server", str(theirs.fileno())],
                cwd=CHECKOUT.root, env={"PATH": known["PATH"]}, stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()], start_new_session=True,
            )  # fmt: skip
        self._control.sendall(self._header(libraries.encode()) + libraries.encode())

    def start(self, program: Mapping[str, object], descriptors: list[int]) -> None:
        """Ask for a program; the last of the descriptors is told its pid and how it ended."""
        body = json.dumps(program).encode()
        with self._lock:
            socket.send_fds(self._control, [self._header(body)], descriptors)
            self._control.sendall(body)

    def stop(self) -> None:
        self._control.close()
        self._process.wait()

    @staticmethod
    def _header(body: bytes) -> bytes:
        return len(body).to_bytes(HEADER_BYTES, "big")


@cache
def fork_server() -> ForkServer:
    """The one of this process, started when the first program is."""
    server = ForkServer()
    atexit.register(server.stop)
    return server


class Program:
    """`python -m …`, or `python -c …` with `is_code`, used like a subprocess.Popen in text mode.

    It has a new session, and `environment` is all that it knows. Its streams are ours unless
    a file or subprocess.PIPE is given.
    """

    def __init__(
        self,
        *command: str,
        environment: Mapping[str, str],
        is_code: bool = False,
        ignores_warnings: bool = False,
        stdin: IO[Any] | int | None = None,
        stdout: IO[Any] | int | None = None,
        stderr: IO[Any] | int | None = None,
    ) -> None:
        self.returncode: int | None = None
        self._lock = threading.Lock()
        theirs: list[int] = []
        self.stdin = self._stream(stdin, 0, theirs)
        self.stdout = self._stream(stdout, 1, theirs)
        self.stderr = self._stream(stderr, 2, theirs)
        self._told, told = os.pipe()
        program = {
            "command": command, "environment": dict(environment), "is_code": is_code,
            "ignores_warnings": ignores_warnings,
        }  # fmt: skip
        theirs.append(told)
        fork_server().start(program, theirs)
        for descriptor in theirs:
            os.close(descriptor)
        self.pid = self._read_number()

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        with self._lock:
            return self._ended_within(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended. Raises subprocess.TimeoutExpired."""
        with self._lock:
            code = self._ended_within(timeout)
        if code is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired("a forked program", timeout)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it wrote into its pipes until its end; "" of a stream that is none."""
        with ThreadPoolExecutor(2) as readers:
            written = [readers.submit(_rest_of, stream) for stream in (self.stdout, self.stderr)]
            try:
                self.wait(timeout)
            except BaseException:
                self.kill()
                raise
            out, complaint = (one.result() for one in written)
        return out, complaint

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    @staticmethod
    def _stream(given: IO[Any] | int | None, number: int, theirs: list[int]) -> IO[str] | None:
        """Our end of a pipe, if one is asked for; the program's end is added to `theirs`."""
        if given == subprocess.PIPE:
            ends = os.pipe()
            theirs.append(ends[0 if number == 0 else 1])
            return os.fdopen(ends[1], "w") if number == 0 else os.fdopen(ends[0])
        source = number if given is None else given if isinstance(given, int) else given.fileno()
        theirs.append(os.dup(source))
        return None

    def _ended_within(self, seconds: float | None) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], seconds)[0]:
            self.returncode = self._read_number()
            os.close(self._told)
        return self.returncode

    def _read_number(self) -> int:
        line = b""
        while not line.endswith(b"\n"):
            read = os.read(self._told, 1)
            assert read, "the fork server or the program's keeper was killed"
            line += read
        return int(line)


def _rest_of(stream: IO[str] | None) -> str:
    if stream is None:
        return ""
    with stream:
        return stream.read()


def run_forked(
    code: str, *arguments: str, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run the code in a process that has `environment` and nothing else, to its end."""
    with tempfile.TemporaryFile() as nothing:
        program = Program(
            code, *arguments, environment=environment, is_code=True, stdin=nothing,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
    said, complaint = program.communicate()
    assert program.returncode is not None
    return subprocess.CompletedProcess(
        [sys.executable, "-c", code], program.returncode, said, complaint
    )
