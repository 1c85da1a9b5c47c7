"""How much of a page the frame of a mail takes. Nothing in a frame without scripts can say so."""

from __future__ import annotations

from math import ceil

LINE, AROUND = 26, 200  # pixels: of a line, and of the brand's head and foot
LETTERS = 56  # of a line


def frame_height(text: str) -> int:
    """Return the height in pixels of a frame that shows a mail with this plain text, about."""
    lines = (max(1, ceil(len(line) / LETTERS)) for line in text.splitlines())
    return AROUND + LINE * sum(lines)
