"""A WSGI application that does nothing: what granian itself can do."""

from __future__ import annotations

from typing import Any

BODY = b"hello\n"


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))])
    return [BODY]
