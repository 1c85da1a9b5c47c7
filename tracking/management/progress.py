"""One line of progress for long commands."""

from __future__ import annotations

import time
from typing import TextIO


class Progress:
    """One line that keeps counting on a terminal; elsewhere only its last state."""

    def __init__(self, out: TextIO, noun: str) -> None:
        self.out, self.noun, self.count = out, noun, 0
        self.started = self.shown = time.monotonic()

    def add(self, number: int) -> None:
        """Count `number` more; the line is redrawn five times a second at most."""
        self.count += number
        now = time.monotonic()
        if self.out.isatty() and now - self.shown > 0.2:
            self.shown = now
            self.out.write(f"\r{self._line(now)}")
            self.out.flush()

    def end(self) -> None:
        start = "\r" if self.out.isatty() else ""
        self.out.write(f"{start}{self._line(time.monotonic())}\n")

    def _line(self, now: float) -> str:
        seconds = max(now - self.started, 0.001)
        return f"{self.count:,} {self.noun} in {seconds:.1f} s ({self.count / seconds:,.0f}/s)"
