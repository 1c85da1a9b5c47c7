"""Make a brand's colour readable: change its lightness until WCAG 2.2 AA holds, keep its hue.

Colours are 24-bit sRGB, written as six hexadecimal digits. Lightness is OKLCH's, so that a colour
keeps its hue and, as far as sRGB allows, its strength. Sources: WCAG 2.2 "relative luminance" and
"contrast ratio"; Björn Ottosson, "A perceptual color space for image processing".
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

AA_TEXT = 4.5
MARGIN = 0.15  # above the limit, because rounding and a browser's blending cost some contrast
SOFT_LIGHT = (0.955, 0.03)  # lightness and highest chroma of the tint behind accent text
SOFT_DARK = (0.30, 0.05)
# The darkest light background and the lightest dark background of accent text, besides its tint.
LIGHT_GROUND = (245, 244, 241)
DARK_GROUND = (36, 43, 46)
LIGHT_INK = (255, 255, 255)
DARK_INK = (10, 18, 20)
HEX = re.compile(r"^[0-9a-f]{6}$")

Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Accent:
    """The colours of one accent in one scheme, as six hexadecimal digits each."""

    accent: str
    on_accent: str
    soft: str


def light_accent(colour: str) -> Accent:
    """Make `colour` dark enough to read on light pages. Raises ValueError if it is no colour."""
    return _accent(colour, soft=SOFT_LIGHT, ground=LIGHT_GROUND, darker=True)


def dark_accent(colour: str) -> Accent:
    """Make `colour` light enough to read on dark pages. Raises ValueError if it is no colour."""
    return _accent(colour, soft=SOFT_DARK, ground=DARK_GROUND, darker=False)


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the WCAG contrast ratio of two colours, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def parse(colour: str) -> Rgb:
    """Return red, green, blue of "1a2b3c" or "#1A2B3C". Raises ValueError for anything else."""
    plain = colour.removeprefix("#").lower()
    if not HEX.match(plain):
        raise ValueError(f"{colour!r} is not six hexadecimal digits")
    return int(plain[0:2], 16), int(plain[2:4], 16), int(plain[4:6], 16)


def _accent(colour: str, *, soft: tuple[float, float], ground: Rgb, darker: bool) -> Accent:
    lightness, chroma, hue = _to_oklch(parse(colour))
    tint = _from_oklch(soft[0], min(chroma, soft[1]), hue)
    step = -0.01 if darker else 0.01
    found = _from_oklch(lightness, chroma, hue)
    while min(contrast(found, tint), contrast(found, ground)) < AA_TEXT + MARGIN:
        lightness = min(1.0, max(0.0, lightness + step))
        found = _from_oklch(lightness, chroma, hue)
    ink = max((LIGHT_INK, DARK_INK), key=lambda shade: contrast(shade, found))
    return Accent(_hex(found), _hex(ink), _hex(tint))


def _hex(colour: Rgb) -> str:
    return "{:02x}{:02x}{:02x}".format(*colour)


def _linear(channel: int) -> float:
    part = channel / 255
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _gamma(part: float) -> float:
    return part * 12.92 if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055


def _luminance(colour: Rgb) -> float:
    red, green, blue = (_linear(channel) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _to_oklch(colour: Rgb) -> tuple[float, float, float]:
    red, green, blue = (_linear(channel) for channel in colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _from_oklch(lightness: float, chroma: float, hue: float) -> Rgb:
    """Return the colour of that lightness and hue, with chroma reduced until sRGB holds it."""
    parts = _linear_rgb(lightness, chroma, hue)
    while chroma > 0 and not all(-0.0005 <= part <= 1.0005 for part in parts):
        chroma = max(0.0, chroma - 0.004)
        parts = _linear_rgb(lightness, chroma, hue)
    red, green, blue = (round(255 * _gamma(min(1.0, max(0.0, part)))) for part in parts)
    return red, green, blue


def _linear_rgb(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
