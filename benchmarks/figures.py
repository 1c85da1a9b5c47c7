"""Take times and print them beside their baseline."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable


def timed(action: Callable[[], object]) -> float:
    """Seconds that `action` takes, by the clock on the wall."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def show(what: str, figure: str) -> None:
    print(f"  {what:<52} {figure}", flush=True)


class Memory:
    """How much this process grew since it was made, at its highest."""

    def __init__(self) -> None:
        self.before = _highest()

    @property
    def grown(self) -> str:
        return f"memory grew by {(_highest() - self.before) / 1024:.0f} MB"


def _highest() -> int:
    """Kilobytes; Linux says them as such."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
