"""Processes that tests start, kill and freeze, and the one way in which they wait for something."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.programs import Program

ROOT = Path(__file__).resolve().parents[1]
# That anything is waited for. A quiet machine needs a tenth of it, one full of other work more.
MAX_WAIT_SECONDS = float(os.environ.get("TESTS_WAIT_SECONDS", "90"))
TICK_SECONDS = 0.02


def until(
    condition: Callable[[], bool],
    what: str,
    *,
    seconds: float = MAX_WAIT_SECONDS,
    every: float = TICK_SECONDS,
    progress: Callable[[], object] = lambda: None,
) -> float:
    """Ask `every` so many seconds; returns how long it took. Fails with `what` after `seconds`.

    They begin anew whenever `progress` returns something else: work that is far from its end on a
    slow machine goes on for as long as it gets anywhere.
    """
    begun = moved_at = time.monotonic()
    reached, tick = progress(), threading.Event()
    while not condition():
        now, before, reached = time.monotonic(), reached, progress()
        if reached != before:
            moved_at = now
        elif now - moved_at > seconds:
            raise AssertionError(f"after {seconds:g} s: {what}")
        tick.wait(every)
    return time.monotonic() - begun


def send(number: signal.Signals, *pids: int) -> None:
    """Send a signal to each of `pids` that still lives.

    A process that is to stand still, or to die, does so when this returns: until its threads have
    seen the signal, which takes a while on a busy machine, they could still accept a connection.
    """
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    at_rest = {signal.SIGSTOP: "TZX", signal.SIGKILL: "ZX"}.get(number)
    if at_rest:
        until(
            lambda: all(state in at_rest for pid in pids for state in states_of_threads(pid)),
            f"{pids} live on after {number.name}",
            every=0.001,
        )


def is_alive(pid: int) -> bool:
    """Whether the process runs. One that has ended does not, even if nobody has reaped it yet."""
    return any(state not in "ZX" for state in states_of_threads(pid))


def children_of(parent: int) -> list[int]:
    """The pids of a process's children, the oldest first."""
    found = []
    for pid in (int(name) for name in os.listdir("/proc") if name.isdecimal()):  # noqa: PTH208
        with suppress(OSError):  # it may have ended meanwhile
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent and fields[0] != "Z":
                found.append(pid)
    return sorted(found)


def states_of_threads(pid: int) -> list[str]:
    """The state of each thread of a process, as in proc(5): R runs, S sleeps, T stands still."""
    states = []
    with suppress(OSError):  # the process may be gone
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):  # and so may one of its threads
                states.append((thread / "stat").read_text().rpartition(")")[2].split()[0])
    return states


def with_children(pid: int) -> list[int]:
    """A process and its children. It stands still from here on, so that none is left out."""
    send(signal.SIGSTOP, pid)
    return [pid, *children_of(pid)]


@contextmanager
def frozen(*pids: int) -> Iterator[None]:
    """The processes stand still during the block, as on a machine that hangs."""
    send(signal.SIGSTOP, *pids)
    try:
        yield
    finally:
        send(signal.SIGCONT, *pids)


class Process:
    """`python -m …` in a new session; `environment` is all that it knows."""

    def __init__(self, folder: Path, environment: Mapping[str, str], *command: str) -> None:
        self.command = command
        self.environment = environment
        self.process: Program | None = None
        descriptor, name = tempfile.mkstemp(dir=folder, suffix=".log")
        os.close(descriptor)
        self.log = Path(name)  # what it writes, in all its lives; without its answers
        self._answers: queue.Queue[str] = queue.Queue()

    def start(self, *, talks: bool = False) -> None:
        """Start it; `talks`: it is told something on stdin, and answers on stdout."""
        pipe = subprocess.PIPE if talks else None
        with self.log.open("ab") as log:
            self.process = Program(
                *self.command, environment=self.environment, ignores_warnings=True,
                stdin=pipe, stdout=pipe or log, stderr=log,
            )  # fmt: skip
        if talks:
            threading.Thread(target=self._listen, args=[self.process], daemon=True).start()

    def has_said(self, text: str) -> bool:
        return text in self.said()

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def tell(self, line: str) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def answer(self, *, seconds: float = MAX_WAIT_SECONDS) -> str:
        """The next line that it prints. Fails with its log when none comes."""
        try:
            line = self._answers.get(timeout=seconds)
        except queue.Empty:
            line = ""
        assert line, f"no answer within {seconds:g} s: {self.said()}"
        return line.rstrip("\n")

    def kill(self) -> None:
        """End it as a power cut would, with its children."""
        assert self.process is not None
        os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()

    def stop(self) -> None:
        """For the end of a test, whatever state it is in."""
        if self.is_running():
            self.kill()

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def _listen(self, process: Program) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self._answers.put(line)
        self._answers.put("")
