"""The progress line of long commands."""

from __future__ import annotations

import time

from django.core.management.base import OutputWrapper


class ProgressLine:
    """A line that is updated on a terminal; elsewhere only the last state is written."""

    def __init__(self, out: OutputWrapper, noun: str) -> None:
        self.out, self.noun, self.count = out, noun, 0
        self.started = self.shown = time.monotonic()

    def add(self, number: int) -> None:
        """Add `number` to the count; redraw the line at most five times a second."""
        self.count += number
        now = time.monotonic()
        if self.out.isatty() and now - self.shown > 0.2:
            self.shown = now
            self._write(f"\r{self._line(now)}")

    def end(self) -> None:
        start = "\r" if self.out.isatty() else ""
        self._write(f"{start}{self._line(time.monotonic())}\n")

    def _write(self, text: str) -> None:
        self.out.write(text, style_func=str, ending="")
        self.out.flush()

    def _line(self, now: float) -> str:
        seconds = max(now - self.started, 0.001)
        return f"{self.count:,} {self.noun} in {seconds:.1f} s ({self.count / seconds:,.0f}/s)"
