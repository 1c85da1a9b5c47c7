"""Keep processes and servers running until a signal comes; restart those that die.

No library fits: honcho ends everything when one process ends; supervisord and circus can't watch a
server that another process started, and never give up on the whole. honcho prints the output. Only
dead processes are noticed, not frozen ones.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import IO, Protocol

from honcho.colour import get_colours
from honcho.printer import Message, Printer

from config.local.folders import LocalServiceError
from config.local.processes import has_members

MAX_FAILURES = 5  # within FAILURE_WINDOW_SECONDS; after that the whole run ends
FAILURE_WINDOW_SECONDS = 60
RESTART_DELAY_SECONDS = 0.5  # before the second restart, twice that before the third, and so on
POLL_SECONDS = 0.2
CHILDREN_STOP_SECONDS = 2  # for the children of a process that was killed

# How long a process may take to end after SIGTERM. The next run continues interrupted work, but a
# mail that was being sent counts as unknown.
STOP_SECONDS = 15


class Supervised(Protocol):
    """A process or server that must run."""

    @property
    def name(self) -> str:
        """The name on the terminal."""

    def start(self) -> None:
        """Start or restart it. Raises LocalServiceError."""

    def cause_of_failure(self) -> str:
        """Return why it does not run, as the end of a sentence; "" while it runs."""


class Output:
    """Writes the lines of all processes to one stream, each with the time and a name."""

    def __init__(self, stream: IO[str], names: Sequence[str]) -> None:
        self._printer = Printer(stream, width=max(map(len, names)))
        self._colours = dict(zip(names, get_colours(), strict=False))
        self._lock = threading.Lock()

    def write(self, name: str, text: str | bytes) -> None:
        """Print the lines of `text` as those of `name`."""
        message = Message("line", text, datetime.now(), name, self._colours.get(name))  # noqa: DTZ005
        with self._lock, suppress(OSError, ValueError):  # the terminal may be gone
            self._printer.write(message)


class Child:
    """A child process in its own process group. A file holds its pid while it may live."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        pid_file: Path,
        output: Output,
    ) -> None:
        self.name, self.pid_file, self._output = name, pid_file, output
        self._environment, self._folder = dict(environment), folder
        # The process writes its own pid, so that the file exists even if the supervisor is killed.
        self._command = f"echo $$ >{shlex.quote(str(pid_file))}; exec {shlex.join(command)}"
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        """Start the process, with the same environment each time."""
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", self._command],
            env=self._environment,
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()

    def cause_of_failure(self) -> str:
        """Return how it ended, and end the children that it left."""
        code = self._process.poll() if self._process else None
        if code is None:
            return ""
        self._end_group_members()
        if code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def terminate(self) -> None:
        """Send SIGTERM."""
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process is not None and self._process.poll() is None

    def finish(self) -> None:
        """Kill it and its children now, and print the rest of its output."""
        if self._process is None:
            return
        if self.is_running():
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._end_group_members()
        if self._reader:
            self._reader.join(timeout=CHILDREN_STOP_SECONDS)
        self.pid_file.unlink(missing_ok=True)

    def _end_group_members(self) -> None:
        """End the rest of the group: the workers of a killed web server still use the port."""
        assert self._process is not None  # noqa: S101
        deadline = time.monotonic() + CHILDREN_STOP_SECONDS
        number = signal.SIGTERM
        with suppress(ProcessLookupError):
            while has_members(self._process.pid):
                os.killpg(self._process.pid, number)
                time.sleep(0.02)
                if time.monotonic() > deadline:
                    number = signal.SIGKILL

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None  # noqa: S101
        with process.stdout as lines:
            for line in lines:
                self._output.write(self.name, line)


class ForegroundChild(Child):
    """A process in the foreground of the terminal, so that its debugger can read input."""

    def start(self) -> None:
        """Start it in our own process group, so that Ctrl-C reaches it as well."""
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", self._command], env=self._environment, cwd=self._folder
        )

    def finish(self) -> None:
        """Kill it now. It has no process group of its own."""
        if self._process is not None and self.is_running():
            self._process.kill()
            self._process.wait()
        self.pid_file.unlink(missing_ok=True)

    def _end_group_members(self) -> None:
        """Do nothing: it ends its children itself."""


@dataclass
class _RestartState:
    """How often one process or server failed lately, and when it is started again."""

    process: Supervised
    failures: list[float] = field(default_factory=list)
    restart_at: float | None = None


class Supervisor:
    """Starts the children, restarts dead children and servers, and ends the children.

    `prepare` is called after the first children were started, and the children whose names are in
    `needs_data` are started when it is done; then `when_started` is called.
    """

    def __init__(
        self,
        *,
        servers: Sequence[Supervised],
        children: Sequence[Child],
        output: Output,
        prepare: Callable[[], None] = lambda: None,
        needs_data: Collection[str] = (),
        when_started: Callable[[], None] = lambda: None,
    ) -> None:
        self._children, self._prepare, self._needs_data = children, prepare, needs_data
        self._when_started = when_started
        supervised: list[Supervised] = [*servers, *children]
        # Servers first: a process that died because of its server restarts after it.
        self._states = [_RestartState(one) for one in supervised]
        self._output = output
        # Plain values: a signal that comes inside a lock of threading would wait for itself.
        self._is_asked_to_end = self._is_preparing = False

    def run(self) -> int:
        """Supervise until a signal comes (0) or something dies too often (1)."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        try:
            self._start(needs_data=False)
            self._prepare_data()
            if not self._is_asked_to_end:
                self._start(needs_data=True)
                self._when_started()
            return self._watch()
        finally:
            self._end_children()

    def _prepare_data(self) -> None:
        self._is_preparing = True
        try:
            if not self._is_asked_to_end:  # a signal that comes after this ends the preparation
                self._prepare()
        finally:
            self._is_preparing = False

    def _start(self, *, needs_data: bool) -> None:
        for child in self._children:
            if (child.name in self._needs_data) is needs_data:
                child.start()

    def _watch(self) -> int:
        while not self._is_asked_to_end:
            for state in self._states:
                reason = self._restart_if_stopped(state)
                if reason:
                    print(reason, file=sys.stderr, flush=True)
                    return 1
            time.sleep(POLL_SECONDS)
        return 0

    def _restart_if_stopped(self, state: _RestartState) -> str:
        """Restart it if it is dead and its pause is over. Return why the run must end, or ""."""
        now = time.monotonic()
        if state.restart_at is None:
            cause = state.process.cause_of_failure()
            return self._record_failure(state, cause, now=now) if cause else ""
        if now < state.restart_at:
            return ""
        state.restart_at = None
        try:
            state.process.start()
        except LocalServiceError as error:
            return self._record_failure(state, f"does not start: {error}", now=time.monotonic())
        return ""

    def _record_failure(self, state: _RestartState, cause: str, *, now: float) -> str:
        name = state.process.name
        if self._is_asked_to_end:
            return ""
        state.failures = [*(at for at in state.failures if now - at < FAILURE_WINDOW_SECONDS), now]
        if len(state.failures) >= MAX_FAILURES:
            return (
                f"{name} died {len(state.failures)} times in a minute, so everything is stopped."
                f" The last time it {cause}. See the lines of {name} above."
            )
        state.restart_at = now + RESTART_DELAY_SECONDS * (len(state.failures) - 1)
        self._output.write(name, f"{name} {cause}; it is started again.")
        return ""

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._is_asked_to_end = True
        if self._is_preparing:
            sys.exit(0)

    def _end_children(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        for child in self._children:
            child.terminate()
        while any(child.is_running() for child in self._children):
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        for child in self._children:
            child.finish()
