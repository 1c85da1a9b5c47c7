"""An ASGI application for granian whose event loop stands still from /freeze until /thaw."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import Any

from config.granian_thread import answer_first

MAX_SECONDS = 60.0
frozen, thawed = threading.Event(), threading.Event()


def answer(scope: dict[str, Any], send: Callable[[dict[str, Any]], object]) -> bool:
    """Answer /now and /thaw with whether the loop stands still; raise an error for /fail."""
    if scope["path"] == "/fail":
        raise RuntimeError("it fails")
    if scope["path"] not in {"/now", "/thaw"}:
        return False
    send(
        {
            "type": "http.response.start",
            "status": 302,
            "headers": [(b"location", b"/frozen" if frozen.is_set() else b"/moving")],
        }
    )
    send({"type": "http.response.body", "body": b""})
    if scope["path"] == "/thaw":
        thawed.set()
    return True


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    if scope["type"] == "lifespan":
        await receive()
        answer_first(answer)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["path"] == "/freeze":
        frozen.set()
        thawed.wait(MAX_SECONDS)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"from the loop"})
