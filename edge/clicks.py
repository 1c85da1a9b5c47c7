"""The clicks in memory, between the redirects and the thread that writes them."""

from __future__ import annotations

MAX_LINES = 50_000  # the writer takes them every 10 ms


class Clicks:
    """Redirects append lines at the end; the writer removes them from the beginning.

    Each is one operation on a list, so neither waits for a lock.
    """

    __slots__ = ("lines", "lost")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.lost = 0  # as there were too many lines: the disk does not take them

    def keep(self, line: str) -> None:
        if len(self.lines) < MAX_LINES:
            self.lines.append(line)
        else:
            self.lost += 1

    def take(self, most: int) -> list[str]:
        """Remove and return the oldest lines, up to `most`."""
        taken = self.lines[:most]
        del self.lines[: len(taken)]
        return taken
