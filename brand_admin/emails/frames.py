"""How much of a page the frame of a mail takes. Nothing in a frame without scripts can say so."""

from __future__ import annotations

from math import ceil

LINE, AROUND = 26, 170  # pixels: of a line, and of the brand's head and the mail's margins
LETTERS = 56  # of a line


def frame_height(text: str) -> int:
    """Return the height in pixels of a frame that shows a mail with this plain text, about."""
    return AROUND + ceil(LINE * sum(map(_lines, text.splitlines())))


def _lines(line: str) -> float:
    """Return how many lines of the mail a line of its text is. An address stands behind a link."""
    if not line.strip():
        return 0.5
    return 1 if "://" in line else ceil(len(line) / LETTERS)
