"""Draw the app's icons into static/icons: the drawing of static/favicon.svg, as PNG.

Run it after a change of the drawing: `python -m config.local.icons`. The files are committed, so
that nothing has to be built.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from config.local.folders import CHECKOUT

Point = tuple[float, float]
# In the units of the drawing, which is 32 wide.
WIDTH = 32
CORNER, STROKE = 9, 2.6
GROUND, INK = "#007782", "#ffffff"
CURVES: tuple[tuple[Point, Point, Point, Point], ...] = (
    ((8, 9), (13, 9), (12, 16), (16, 16)),
    ((16, 16), (20, 16), (19, 9), (24, 9)),
    ((16, 16), (16, 18), (16, 22), (16, 24)),
)
STEPS = 400  # dots along a curve
FINER = 4  # times as large as the file while it is drawn, for smooth edges


@dataclass(frozen=True, slots=True)
class Icon:
    """A file: its size in pixels, and the share of its width that the drawing takes.

    A phone cuts its own shape out of an icon that `is_full`, so its corners are filled.
    """

    name: str
    size: int
    share: float = 1
    is_full: bool = False


ICONS = (
    Icon("app-192", 192),
    Icon("app-512", 512),
    # Larger than the file, as the drawing has an edge. What a phone may cut off, a tenth
    # at each side, stays empty (W3C, Web Application Manifest, "maskable").
    Icon("app-maskable-512", 512, share=1.2, is_full=True),
    Icon("apple-touch-icon", 180, share=1.2, is_full=True),
)


def main() -> None:
    folder = CHECKOUT.root / "static" / "icons"
    folder.mkdir(exist_ok=True)
    for icon in ICONS:
        _draw(icon, folder / f"{icon.name}.png")


def _draw(icon: Icon, path: Path) -> None:
    size = icon.size * FINER
    image = Image.new("RGBA", (size, size), GROUND if icon.is_full else (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    if not icon.is_full:
        draw.rounded_rectangle((0, 0, size, size), CORNER * size / WIDTH, fill=GROUND)
    unit, margin = size * icon.share / WIDTH, size * (1 - icon.share) / 2
    radius = STROKE / 2 * unit
    for curve in CURVES:
        for step in range(STEPS + 1):
            x, y = (margin + one * unit for one in _at(curve, step / STEPS))
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=INK)
    small = image.resize((icon.size, icon.size), Image.Resampling.LANCZOS)
    (small.convert("RGB") if icon.is_full else small).quantize(64).save(path, optimize=True)


def _at(curve: tuple[Point, Point, Point, Point], part: float) -> Point:
    """The point of a cubic Bézier curve after this part of it."""
    rest = 1 - part
    weights = (rest**3, 3 * rest**2 * part, 3 * rest * part**2, part**3)
    weighted = [(weight * x, weight * y) for weight, (x, y) in zip(weights, curve, strict=True)]
    return sum(x for x, _ in weighted), sum(y for _, y in weighted)


if __name__ == "__main__":
    main()
