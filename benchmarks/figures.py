"""Take times and print them beside their baseline."""

from __future__ import annotations

import time
from collections.abc import Callable


def timed(action: Callable[[], object]) -> float:
    """Seconds that `action` takes, by the clock on the wall."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def show(what: str, figure: str) -> None:
    print(f"  {what:<52} {figure}", flush=True)
