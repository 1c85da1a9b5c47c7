"""The page script, /t.js, as it is served: without its comments and indentation.

It needs no Django, so that it can be served before Django. `static/t.js` is its source.
"""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "static" / "t.js"
MAX_AGE_SECONDS = 3_600  # for which browsers keep it; a shop has a new one within this time


def shortened(source: str) -> bytes:
    """Return the script without comments and indentation. A comment fills a whole line."""
    lines = (line.strip() for line in source.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")).encode()


BODY = shortened(SOURCE.read_text())
PACKED = gzip.compress(BODY, mtime=0)
ETAG = f'"{hashlib.sha256(BODY).hexdigest()[:20]}"'
HEADERS = {
    "Content-Type": "text/javascript; charset=utf-8",
    "Cache-Control": f"public, max-age={MAX_AGE_SECONDS}, stale-while-revalidate=86400",
    "ETag": ETAG,
    "Vary": "Accept-Encoding",
    # Pages of any shop run it, also those that ask for CORS (crossorigin, integrity) or COEP.
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}


def answer(*, if_none_match: str, accept_encoding: str) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body for a GET with these headers, "" where one is not there."""
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    if ETAG in known or "*" in known:
        return 304, dict(HEADERS), b""
    if "gzip" in accept_encoding.lower():
        return 200, HEADERS | {"Content-Encoding": "gzip"}, PACKED
    return 200, dict(HEADERS), BODY
