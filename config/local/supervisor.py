"""Keep processes and servers running until a signal comes, and start again what dies.

Ours because no library fits: honcho ends everything when one process ends, supervisord and circus
know neither a server that somebody else started before nor when to give up on the whole. honcho
prints the output. What is frozen is not noticed, only what is dead.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import IO, Protocol

from honcho.colour import get_colours
from honcho.printer import Message, Printer

from config.local.folders import LocalServiceError

MAX_DEATHS = 5  # within DEATH_SECONDS: then restarting does not help
DEATH_SECONDS = 60
PAUSE_SECONDS = 0.5  # before the second restart, twice that before the third, and so on
LOOK_SECONDS = 0.2
REMAINS_SECONDS = 2  # for the children of a process that was killed

# How long a process may finish what it is doing after SIGTERM. What is cut off is picked up by the
# next run, but a mail that was being handed over then counts as unknown.
PATIENCE_SECONDS = 15


class Watched(Protocol):
    """Something that is to run."""

    @property
    def name(self) -> str:
        """What it is called on the terminal."""

    def start(self) -> None:
        """Start it, or again. Raises LocalServiceError."""

    def cause_of_death(self) -> str:
        """Why it does not run, as the end of a sentence; empty while it does."""


class Output:
    """Lines of all processes on one stream, each with the time and a name."""

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
    """A process of ours in a group of its own, whose pid is on record while it may live."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        record: Path,
        output: Output,
    ) -> None:
        self.name, self.record, self._output = name, record, output
        self._environment, self._folder = dict(environment), folder
        # The process itself writes its pid: a supervisor that is killed now still left the record.
        self._line = f"echo $$ >{shlex.quote(str(record))}; exec {shlex.join(command)}"
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        """Start the process, with the same environment each time."""
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", self._line],
            env=self._environment,
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()

    def cause_of_death(self) -> str:
        """How it ended. Its children, if it left any, are ended too."""
        code = self._process.poll() if self._process else None
        if code is None:
            return ""
        self._end_remains()
        if code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def terminate(self) -> None:
        """Ask it to end."""
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process is not None and self._process.poll() is None

    def finish(self) -> None:
        """Make it end now, with its children, and print the last of its output."""
        if self._process is None:
            return
        if self.is_running():
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._end_remains()
        if self._reader:
            self._reader.join(timeout=REMAINS_SECONDS)
        self.record.unlink(missing_ok=True)

    def _end_remains(self) -> None:
        """End what is left of the group: a killed web server leaves its workers on the port."""
        assert self._process is not None  # noqa: S101
        deadline = time.monotonic() + REMAINS_SECONDS
        number = signal.SIGTERM
        with suppress(ProcessLookupError):
            while True:
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
    """A process at the terminal itself, so that its debugger can be typed to."""

    def start(self) -> None:
        """Start it in our own group: Ctrl-C reaches it as well."""
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", self._line], env=self._environment, cwd=self._folder
        )

    def finish(self) -> None:
        """Make it end now. It has no group of its own to be ended with it."""
        if self._process is not None and self.is_running():
            self._process.kill()
            self._process.wait()
        self.record.unlink(missing_ok=True)

    def _end_remains(self) -> None:
        """Leave its children be: they end by themselves when it asks them to."""


@dataclass
class _Life:
    """What the supervisor knows of one watched thing."""

    watched: Watched
    deaths: list[float] = field(default_factory=list)
    restart_at: float | None = None


class Supervisor:
    """Starts the children, watches them and the servers, and ends the children."""

    def __init__(self, *, servers: Sequence[Watched], children: Sequence[Child], output: Output):
        self._children = children
        watched: list[Watched] = [*servers, *children]
        # Servers first: a process that dies with its server is started when that is back.
        self._lives = [_Life(one) for one in watched]
        self._output = output
        self._is_asked_to_end = threading.Event()

    def run(self) -> int:
        """Supervise until a signal comes (0) or something dies too often (1)."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        try:
            for child in self._children:
                child.start()
            return self._watch()
        finally:
            self._end_children()

    def _watch(self) -> int:
        while not self._is_asked_to_end.wait(LOOK_SECONDS):
            for life in self._lives:
                reason = self._look_at(life)
                if reason:
                    print(reason, file=sys.stderr, flush=True)
                    return 1
        return 0

    def _look_at(self, life: _Life) -> str:
        """Restart it if it is dead and it is time. Returns why the run must end, or nothing."""
        now = time.monotonic()
        if life.restart_at is None:
            cause = life.watched.cause_of_death()
            return self._note_death(life, cause, now=now) if cause else ""
        if now < life.restart_at:
            return ""
        life.restart_at = None
        try:
            life.watched.start()
        except LocalServiceError as error:
            return self._note_death(life, f"does not start: {error}", now=time.monotonic())
        return ""

    def _note_death(self, life: _Life, cause: str, *, now: float) -> str:
        name = life.watched.name
        if self._is_asked_to_end.is_set():
            return ""
        life.deaths = [*(at for at in life.deaths if now - at < DEATH_SECONDS), now]
        if len(life.deaths) >= MAX_DEATHS:
            return (
                f"{name} died {len(life.deaths)} times in a minute, so everything is stopped."
                f" The last time it {cause}. See the lines of {name} above."
            )
        life.restart_at = now + PAUSE_SECONDS * (len(life.deaths) - 1)
        self._output.write(name, f"{name} {cause}; it is started again.")
        return ""

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._is_asked_to_end.set()

    def _end_children(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        for child in self._children:
            child.terminate()
        while any(child.is_running() for child in self._children):
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        for child in self._children:
            child.finish()
