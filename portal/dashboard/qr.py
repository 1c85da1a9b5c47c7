"""A tracking link as a QR code, drawn here so that no other host learns of it."""

from __future__ import annotations

from io import BytesIO

import segno

QUIET_ZONE = 4  # modules, as ISO/IEC 18004 asks for
PNG_SCALE = 24  # pixels per module: sharp in print


def draw(url: str, kind: str) -> bytes:
    """The QR code of `url`, dark on light, as "svg" or "png"."""
    code = segno.make(url, error="m", micro=False)
    drawn = BytesIO()
    if kind == "svg":
        code.save(drawn, kind="svg", border=QUIET_ZONE, dark="#000", light="#fff", omitsize=True)
    else:
        code.save(drawn, kind="png", border=QUIET_ZONE, scale=PNG_SCALE, dark="#000", light="#fff")
    return drawn.getvalue()
