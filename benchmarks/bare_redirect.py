"""An ASGI application that answers every request with the same redirect: what granian can do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

START: dict[str, Any] = {
    "type": "http.response.start",
    "status": 302,
    "headers": [(b"location", b"https://shop.example/winter"), (b"content-length", b"0")],
}
END: dict[str, Any] = {"type": "http.response.body", "body": b""}


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    if scope["type"] == "http":
        await send(START)
        await send(END)
