"""Draw QR codes of tracking links on this server, so that no other host sees the links."""

from __future__ import annotations

from io import BytesIO

import segno

QUIET_ZONE = 4  # modules, as ISO/IEC 18004 asks for
PNG_SCALE = 24  # pixels per module: sharp in print


def draw(url: str, kind: str) -> bytes:
    """Return the QR code of `url` as "svg" or "png", dark on light."""
    code = segno.make(url, error="m", micro=False)
    drawn = BytesIO()
    if kind == "svg":
        code.save(drawn, kind="svg", border=QUIET_ZONE, dark="#000", light="#fff", omitsize=True)
    else:
        code.save(drawn, kind="png", border=QUIET_ZONE, scale=PNG_SCALE, dark="#000", light="#fff")
    return drawn.getvalue()
